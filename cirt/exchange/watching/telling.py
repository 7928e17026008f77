"""What the last run of a line came to, in one plain sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from cirt.exchange.watching.days import Counts
from cirt.kernel.text import mark


class Came(StrEnum):
    """What a run came to, where nothing was wrong with it."""

    NOTHING_YET = "nothing-yet"
    NOTHING_NEW = "nothing-new"
    NOTHING_TAKEN = "nothing-taken"  # although something was offered that was not known
    NO_PLACE = "no-place"  # a connector read something and could use none of it
    ALL_KNOWN = "all-known"
    SOME = "some"
    ALL = "all"
    SENT = "sent"
    CARRIED = "carried"
    NOTHING_TO_SEND = "nothing-to-send"
    NO_MEMBER = "no-member"  # so that nothing ever waits
    NOT_ALL_SENT = "not-all-sent"


CAME_WORDS: Mapping[Came, str] = {
    Came.NOTHING_YET: mark("Nothing was offered, and nothing has ever come."),
    Came.NOTHING_NEW: mark("Nothing new since {since}."),
    Came.NOTHING_TAKEN: mark(
        "Offered {offered}, taken none: {known} known, {held} held, {refused} refused."
    ),
    Came.NO_PLACE: mark("Of what it read last, nothing has a place here."),
    Came.ALL_KNOWN: mark("Everything offered is known here already: {offered}."),
    Came.SOME: mark("Taken {taken} of {offered}: {known} known, {held} held, {refused} refused."),
    Came.ALL: mark("Everything offered was taken: {offered}."),
    Came.SENT: mark("Everything that waited was sent: {offered}."),
    Came.CARRIED: mark(
        "Put into a file: {offered}. Whether it has arrived, the peer's next file says."
    ),
    Came.NOTHING_TO_SEND: mark("Nothing waited to be sent."),
    Came.NO_MEMBER: mark("Nothing waited to be sent, for the peer is no member of {collection}."),
    Came.NOT_ALL_SENT: mark("Sent {taken} of {offered}; the peer did not take {refused}."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """``values`` are numbers; ``since`` is a time or None, ``collection`` an alias of ours."""

    came: Came
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return CAME_WORDS[self.came]

    @property
    def sentence(self) -> str:
        said = {
            name: f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value
            for name, value in self.values.items()
        }
        return self.message.format(**said)


def tell_reading(counts: Counts, since: object) -> Told:
    """Of a run that reads; ``since`` is when data came last, None where it never did."""
    if not counts.offered:
        return Told(Came.NOTHING_NEW, {"since": since}) if since else Told(Came.NOTHING_YET)
    numbers = {
        "offered": counts.offered,
        "taken": counts.taken,
        "known": counts.known,
        "held": counts.held,
        "refused": counts.refused,
    }
    if counts.taken == counts.offered:
        return Told(Came.ALL, numbers)
    if counts.taken:
        return Told(Came.SOME, numbers)
    is_known = counts.known == counts.offered
    return Told(Came.ALL_KNOWN if is_known else Came.NOTHING_TAKEN, numbers)


def tell_sending(counts: Counts, *, by_file: bool = False, closed: str | None = None) -> Told:
    """Of a run that sends; ``closed`` is the collection that it sends from where the peer is no member of that."""
    if not counts.offered:
        return (
            Told(Came.NO_MEMBER, {"collection": closed}) if closed else Told(Came.NOTHING_TO_SEND)
        )
    if by_file:
        return Told(Came.CARRIED, {"offered": counts.offered})
    numbers = {"offered": counts.offered, "taken": counts.taken, "refused": counts.refused}
    return Told(Came.SENT if counts.taken == counts.offered else Came.NOT_ALL_SENT, numbers)
