"""What may be asked of saved views."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SaveView:
    """``query`` is the queue's query string; of it only what narrows and sorts the list is kept."""

    name: str
    query: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class DropView:
    view_id: int
