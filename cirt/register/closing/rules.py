"""What may still stand open when an incident is closed: a list of checks over facts. Pure.

What makes closing impossible stands in ``workflow.missing_facts``; what is listed here is asked about. A room that
brings something that can be left undone adds a check to CHECKS and what it looks at to :class:`Standing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cirt.kernel.text import mark
from cirt.register.models import CloseReason

# Closed for these, nothing happened that could be scored or learned from.
NOTHING_HAPPENED = frozenset(
    {
        CloseReason.FALSE_POSITIVE,
        CloseReason.DUPLICATE,
        CloseReason.NOT_IN_CONSTITUENCY,
        CloseReason.TEST,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an incident stands. ``counted`` are the figures of other rooms, by name."""

    close_reason: CloseReason | None = None  # None: not chosen yet
    open_parts: tuple[str, ...] = ()  # references, those that the asker may see
    open_tasks: int = 0
    unread_answers: int = 0
    offered: int = 0
    has_score: bool = False
    has_lesson: bool = False
    counted: Mapping[str, int] = field(default_factory=dict)

    @property
    def may_have_happened(self) -> bool:
        return self.close_reason not in NOTHING_HAPPENED


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """One thing that stands open; ``sentence`` is marked and may have ``{count}``."""

    code: str
    sentence: str
    count: int = 1
    incidents: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Another one as soon as there is more of it than what somebody saw."""
        return ":".join((self.code, str(self.count), *self.incidents))


def _parts(standing: Standing) -> OpenEnd | None:
    sentence = mark("Parts of it that are still open: {count}.")
    return _if(len(standing.open_parts), "parts", sentence, standing.open_parts)


def _tasks(standing: Standing) -> OpenEnd | None:
    return _if(standing.open_tasks, "tasks", mark("Tasks that are still open: {count}."))


def _answers(standing: Standing) -> OpenEnd | None:
    sentence = mark("Answers of reporters that nobody has read: {count}.")
    return _if(standing.unread_answers, "answers", sentence)


def _observables(standing: Standing) -> OpenEnd | None:
    sentence = mark("Observables that were found and not checked: {count}.")
    return _if(standing.offered, "observables", sentence)


def _releases(standing: Standing) -> OpenEnd | None:
    sentence = mark("Releases that were asked for and are not decided: {count}.")
    return _if(standing.counted.get("releases", 0), "releases", sentence)


def _score(standing: Standing) -> OpenEnd | None:
    missing = standing.may_have_happened and not standing.has_score
    return _if(int(missing), "score", mark("Its severity was never scored."))


def _lesson(standing: Standing) -> OpenEnd | None:
    missing = standing.may_have_happened and not standing.has_lesson
    return _if(int(missing), "lesson", mark("No lesson is written down."))


CHECKS: list[Callable[[Standing], OpenEnd | None]] = [
    _parts,
    _tasks,
    _answers,
    _observables,
    _releases,
    _score,
    _lesson,
]


def open_ends(standing: Standing) -> list[OpenEnd]:
    """Everything that stands open, in the order of the checks."""
    return [found for check in CHECKS if (found := check(standing)) is not None]


def _if(count: int, code: str, sentence: str, incidents: tuple[str, ...] = ()) -> OpenEnd | None:
    return OpenEnd(code, sentence, count, incidents) if count else None
