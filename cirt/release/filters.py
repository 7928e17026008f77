"""What a TAXII request asks for: the match parameters, as data, as SQL and as plain tests (TAXII 2.1, section 3.4)."""

from dataclasses import dataclass
from typing import Any, Self

import sqlalchemy as sa

from cirt.objects.models import ObjectVersion, StixObject
from cirt.release.models import FeedRow

FIRST, LAST, ALL = "first", "last", "all"


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

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """On FeedRow, joined with ObjectVersion, and StixObject for ``types``; without ``added_after``."""
        conditions = [self._version_condition()]
        if self.ids:
            # By the object's own key, so that its few rows are looked up and the feed is not walked.
            named = sa.select(StixObject.id).where(StixObject.stix_id.in_(sorted(self.ids)))
            conditions.append(FeedRow.object_id.in_(named))
        if self.types:
            conditions.append(StixObject.type.in_(sorted(self.types)))
        if self.spec_versions:
            conditions.append(ObjectVersion.spec_version.in_(sorted(self.spec_versions)))
        return conditions

    def _version_condition(self) -> sa.ColumnElement[bool]:
        wanted = self.versions
        if ALL in wanted:
            return sa.true()
        ways: list[sa.ColumnElement[bool]] = []
        if FIRST in wanted:
            ways.append(FeedRow.is_first.is_(True))
        if LAST in wanted:
            ways.append(FeedRow.is_last.is_(True))
        instants = sorted(each for each in wanted if isinstance(each, int))
        if instants:
            ways.append(ObjectVersion.version_us.in_(instants))
        return sa.or_(*ways)

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
