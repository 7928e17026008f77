"""How long a report may wait for its first look: by where it came from, who reports, and how severe it seems.

The rules are data of the settings. Of those that fit a report the most exact counts, among equally exact ones the
shortest; where none fits, ``first_look_minutes`` holds. What the database is asked says the same as ``of``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain

import sqlalchemy as sa

from cirt.kernel.settings import Settings, SettingsWrong
from cirt.register.models import Lane, Report, ReportSource, Severity

_KINDS: tuple[type[StrEnum], ...] = (ReportSource, Lane, Severity)
_COLUMNS = (Report.source, Report.lane, Report.first_guess)
Facts = tuple[ReportSource, Lane | None, Severity | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """``wanted`` are source, lane and severity; None: whichever."""

    wanted: tuple[StrEnum | None, ...]
    minutes: int

    @property
    def parts(self) -> int:
        return sum(1 for one in self.wanted if one is not None)

    def fits(self, facts: Facts) -> bool:
        return all(one is None or one is fact for one, fact in zip(self.wanted, facts, strict=True))

    def condition(self) -> sa.ColumnElement[bool]:
        """Of a report in a query; true or false, never unknown."""
        pairs = zip(_COLUMNS, self.wanted, strict=True)
        asked = [sa.and_(column.is_not(None), column == one) for column, one in pairs if one]
        return sa.and_(sa.true(), *asked)


@dataclass(frozen=True, slots=True)
class Targets:
    """``rules`` in the order in which they are tried."""

    minutes: int = 60
    rules: tuple[Rule, ...] = ()

    def of(self, source: ReportSource, lane: Lane | None, guess: Severity | None) -> timedelta:
        facts = (source, lane, guess)
        fitting = (rule.minutes for rule in self.rules if rule.fits(facts))
        return timedelta(minutes=next(fitting, self.minutes))

    @property
    def lengths(self) -> list[timedelta]:
        """Every target that there is, the shortest first."""
        different = sorted({self.minutes, *(rule.minutes for rule in self.rules)})
        return [timedelta(minutes=each) for each in different]

    def is_of(self, length: timedelta) -> sa.ColumnElement[bool]:
        """On reports: this one is their target."""
        minutes = length // timedelta(minutes=1)
        if not self.rules:
            return sa.true() if minutes == self.minutes else sa.false()
        found = sa.case(
            *((rule.condition(), sa.literal(rule.minutes)) for rule in self.rules),
            else_=sa.literal(self.minutes),
        )
        return found == minutes


def targets_of(settings: Settings) -> Targets:
    """As set: ``first_look_minutes`` for all, ``first_look`` for some: ``operator+critical = 15``.

    Raises:
        SettingsWrong: there is no such source, lane or severity.
    """
    rules = [Rule(_wanted(name), minutes) for name, minutes in settings.first_look.items()]
    rules.sort(key=lambda rule: (-rule.parts, rule.minutes))
    return Targets(settings.first_look_minutes, tuple(rules))


def _wanted(name: str) -> tuple[StrEnum | None, ...]:
    found: dict[type[StrEnum], StrEnum] = {}
    for part in name.split("+"):
        one = _MEMBERS.get(part.strip())
        if one is None:
            known = ", ".join(_MEMBERS)
            raise _wrong(
                f"there is no source, lane or severity {part.strip()}. Known are: {known}."
            )
        if type(one) in found:
            raise _wrong(f"{name} names two of one kind; write each of them by itself.")
        found[type(one)] = one
    return tuple(found.get(kind) for kind in _KINDS)


def _wrong(reason: str) -> SettingsWrong:
    return SettingsWrong(name="first_look", place="the settings", reason=reason)


_MEMBERS: Mapping[str, StrEnum] = {str(one): one for one in chain(*_KINDS)}
assert len(_MEMBERS) == sum(map(len, _KINDS))  # noqa: S101 - a word must mean one thing
