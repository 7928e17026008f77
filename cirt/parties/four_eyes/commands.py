"""What may be asked of a request that waits."""

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """``digest`` is that of the page on which the decision was taken.

    ``seen`` is what that page's preview rested on, where it had one that does.
    """

    id: int
    ruling: Ruling
    comment: str
    digest: str
    seen: str = ""
