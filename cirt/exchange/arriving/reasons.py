"""Why an arrival is not taken, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cirt.exchange.models import Outcome
from cirt.kernel.text import mark

RED = "red-arrival"  # the gate's rule, of which no bytes are kept (rulings 5)

MESSAGES: dict[str, str] = {
    "marking-unresolved": mark(
        "It refers to {marking}, of which there is no definition here. It is kept until that comes."
    ),
    "foreign-version": mark(
        "{id} was first brought by somebody else. Only they and its author send new versions."
    ),
    "foreign-revocation": mark(
        "{id} was first brought by somebody else. Only they and its author revoke it."
    ),
    "conflict": mark("Version {version} of {id} is here already, with other content."),
    "revoked": mark("{id} has been revoked. Nothing newer is taken."),
    "our-name": mark("It names us as its author, and we have never made it."),
    "their-name": mark(
        "It names {author} as its author, and the agreement with {peer} does not let it pass on what"
        " others made."
    ),
    "too-often": mark(
        "{count} versions of {id} came from this peer within an hour. Until a person has looked, no"
        " other one is taken from there."
    ),
    "far-future": mark("Its version, {version}, lies more than a day ahead of our clock."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an arrival was held or refused; ``message`` is marked, with {values}."""

    outcome: Outcome
    code: str
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.message.format(**self.values)


def held(code: str, **values: Any) -> Reason:
    return Reason(Outcome.HELD, code, MESSAGES[code], values)


def refused(code: str, **values: Any) -> Reason:
    return Reason(Outcome.REFUSED, code, MESSAGES[code], values)


# What another object of ours, which the peer may not see, is the cause of (rulings 22).
MAY_BE_HIDDEN = frozenset(
    {"conflict", "foreign-version", "foreign-revocation", "revoked", "our-name"}
)
# Whether another has brought a definition, or is a peer of ours, decides between this and taken; the peer may know
# nothing of either.
ALWAYS_HIDDEN = frozenset({"marking-unresolved", "their-name"})
