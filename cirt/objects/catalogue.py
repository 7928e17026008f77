"""The list of indicators, filtered and page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.tlp import Tlp
from cirt.objects.index import (
    Condition,
    Listed,
    count_of,
    live,
    names_any,
    observables_by_object,
    page_of,
)
from cirt.objects.models import ObjectFacts, ObjectObservable, ObjectVersion, StixObject

PAGE = 25
_TYPES = ("indicator",)


class Life(StrEnum):
    """Where an indicator stands in time."""

    ACTIVE = "active"
    PAST = "past"  # its ``valid_until`` has come
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class CatalogueFilter:
    """``keys`` of observables that were typed; ``words`` of the name. ``source`` 0: ourselves, else a peer's id."""

    keys: tuple[int, ...] = ()
    words: str = ""
    life: Life | None = None
    source: int | None = None
    tlp: Tlp | None = None


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """``name`` is that of an earlier version where the newest, a bare revocation, has none."""

    listed: Listed
    life: Life
    name: str
    observables: Sequence[ObjectObservable]


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """``newer`` and ``older`` are cursors, None where there is nothing more."""

    rows: list[CatalogueRow]
    total: int
    newer: str | None
    older: str | None


def life_of(listed: Listed, now_us: int) -> Life:
    if listed.revoked:
        return Life.REVOKED
    is_past = listed.valid_until_us is not None and listed.valid_until_us <= now_us
    return Life.PAST if is_past else Life.ACTIVE


def catalogue(
    session: Session, wanted: CatalogueFilter, shown: Condition, now_us: int, cursor: str = ""
) -> CataloguePage:
    """Four queries at most; ``shown`` as for :mod:`cirt.objects.index`."""
    where = _condition(wanted, now_us)
    before, after = _place(cursor, "before"), _place(cursor, "after")
    found = page_of(session, _TYPES, shown, where=where, after=after, before=before, limit=PAGE + 1)
    has_more = len(found) > PAGE
    listed = found[-PAGE:] if before else found[:PAGE]
    observables = observables_by_object(session, [each.object_id for each in listed])
    names = last_names(session, [each.object_id for each in listed if each.name is None])
    rows = [
        CatalogueRow(
            each,
            life_of(each, now_us),
            each.name or names.get(each.object_id) or each.stix_id,
            observables.get(each.object_id, []),
        )
        for each in listed
    ]
    has_newer, has_older = (has_more, True) if before else (after is not None, has_more)
    return CataloguePage(
        rows,
        count_of(session, _TYPES, shown, where=where),
        _cursor("before", listed[0]) if listed and has_newer else None,
        _cursor("after", listed[-1]) if listed and has_older else None,
    )


def newest_versions(
    session: Session, wanted: CatalogueFilter, shown: Condition, now_us: int
) -> list[int]:
    """The newest version of each that the filter admits, in the order of the list: ids alone, however many."""
    query = (
        sa.select(StixObject.newest_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(shown, StixObject.type.in_(_TYPES), _condition(wanted, now_us))
        .order_by(StixObject.newest_us.desc(), StixObject.id.desc())
    )
    return [each for each in session.scalars(query) if each is not None]


def last_names(session: Session, object_ids: Sequence[int]) -> dict[int, str]:
    """The name that each bore last."""
    if not object_ids:
        return {}
    query = sa.select(ObjectVersion.object_id, ObjectVersion.name).where(
        ObjectVersion.object_id.in_(object_ids), ObjectVersion.name.is_not(None)
    )
    rows = session.execute(query.order_by(ObjectVersion.version_us))
    return {row[0]: row[1] for row in rows if row[1] is not None}


def _condition(wanted: CatalogueFilter, now_us: int) -> Condition:
    conditions: list[Condition] = [sa.true()]
    if wanted.keys:
        conditions.append(names_any(wanted.keys))
    elif wanted.words:
        named = StixObject.name.icontains(wanted.words, autoescape=True)
        conditions.append(sa.or_(named, StixObject.stix_id == wanted.words))
    if wanted.life is not None:
        conditions.append(_lives(wanted.life, now_us))
    if wanted.source is not None:
        conditions.append(StixObject.brought_by_id.is_not_distinct_from(wanted.source or None))
    if wanted.tlp is not None:
        conditions.append(ObjectFacts.tlp == wanted.tlp)
    return sa.and_(*conditions)


def _lives(life: Life, now_us: int) -> Condition:
    if life is Life.ACTIVE:
        return live(now_us)
    if life is Life.REVOKED:
        return StixObject.revoked.is_(True)
    return sa.and_(StixObject.revoked.is_(False), StixObject.valid_until_us <= now_us)


def _cursor(direction: str, listed: Listed) -> str:
    newest_us, object_id = listed.place
    return f"{direction}.{newest_us}.{object_id}"


def _place(cursor: str, direction: str) -> tuple[int, int] | None:
    """What a cursor says; one that is not ours says nothing."""
    kind, _, rest = cursor.partition(".")
    newest_us, _, object_id = rest.partition(".")
    numbers = (newest_us.removeprefix("-"), object_id)
    if kind != direction or not all(each.isascii() and each.isdigit() for each in numbers):
        return None
    if any(len(each) > len("9" * 18) for each in numbers):
        return None
    return int(newest_us), int(object_id)
