"""What a TAXII request asks for: the match parameters, as data, as SQL and as plain tests (TAXII 2.1, section 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import sqlalchemy as sa

from cirt.kernel.among import among_given
from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.models import FeedRow

FIRST, LAST, ALL = "first", "last", "all"


class Shape(NamedTuple):
    """What a filter limits, without the values: filters of one shape share one statement."""

    ids: bool
    types: bool
    spec_versions: bool
    first: bool
    last: bool
    every: bool
    instants: bool

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """On FeedRow, joined with ObjectVersion, and StixObject for ``types``; without ``added_after``."""
        return [self._version_condition(), *self.narrowing()]

    def narrowing(self) -> list[sa.ColumnElement[bool]]:
        """All of them but which versions."""
        conditions: list[sa.ColumnElement[bool]] = []
        if self.ids:
            # By the object's own key, so that its few rows are looked up and the feed is not walked.
            named = sa.select(StixObject.id).where(among_given(StixObject.stix_id, "ids"))
            conditions.append(FeedRow.object_id.in_(named))
        if self.types:
            conditions.append(among_given(StixObject.type, "types"))
        if self.spec_versions:
            conditions.append(among_given(ObjectVersion.spec_version, "spec_versions"))
        return conditions

    def _version_condition(self) -> sa.ColumnElement[bool]:
        if self.every:
            return sa.true()
        ways: list[sa.ColumnElement[bool]] = []
        if self.first:
            ways.append(FeedRow.is_first.is_(True))
        if self.last:
            ways.append(FeedRow.is_last.is_(True))
        if self.instants:
            ways.append(among_given(ObjectVersion.version_us, "instants"))
        return sa.or_(*ways)


@dataclass(frozen=True, slots=True)
class Filter:
    """Empty means no limit.

    ``versions`` holds the words first, last, all, and instants in microseconds. Without ``spec_versions`` the
    newest spec version of each object would count; we hold one only, 2.1.
    """

    ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    versions: tuple[str | int, ...] = (LAST,)
    spec_versions: tuple[str, ...] = ()
    added_after_us: int | None = None

    @property
    def shape(self) -> Shape:
        return Shape(
            bool(self.ids),
            bool(self.types),
            bool(self.spec_versions),
            FIRST in self.versions,
            LAST in self.versions,
            ALL in self.versions,
            bool(self._instants),
        )

    @property
    def _instants(self) -> list[int]:
        return [each for each in self.versions if isinstance(each, int)]

    def values(self) -> Mapping[str, Any]:
        """For the statement of its shape."""
        given = {
            "ids": list(self.ids),
            "types": list(self.types),
            "spec_versions": list(self.spec_versions),
            "instants": [] if ALL in self.versions else self._instants,
        }
        return {name: values for name, values in given.items() if values}

    def admits_object(self, stix_id: str, kind: str) -> bool:
        return (not self.ids or stix_id in self.ids) and (not self.types or kind in self.types)

    def admits_version(
        self, version_us: int, spec_version: str, *, is_first: bool, is_last: bool
    ) -> bool:
        if self.spec_versions and spec_version not in self.spec_versions:
            return False
        wanted = self.versions
        return (
            ALL in wanted
            or (FIRST in wanted and is_first)
            or (LAST in wanted and is_last)
            or version_us in wanted
        )

    def as_data(self) -> dict[str, Any]:
        """Without ``added_after``, which the position says."""
        parts = {
            "ids": sorted(self.ids),
            "types": sorted(self.types),
            "versions": sorted(self.versions, key=str),
            "spec_versions": sorted(self.spec_versions),
        }
        return {name: values for name, values in parts.items() if values}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        return cls(
            ids=tuple(data.get("ids", ())),
            types=tuple(data.get("types", ())),
            versions=tuple(data["versions"]),
            spec_versions=tuple(data.get("spec_versions", ())),
        )
