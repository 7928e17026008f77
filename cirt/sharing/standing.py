"""Loads what the gate judges by, without content."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from cirt.kernel.among import among, among_given, gathered
from cirt.kernel.prepared import Prepared
from cirt.objects.factsets import COLUMNS, set_of
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.objects.observables.findings import ABOUT_OTHERS
from cirt.sharing.consent import load_consent
from cirt.sharing.facts import NO_CONSENT, Consent, Facts

JOINS = frozenset({"relationship", "sighting"})
NAMES_ENDS = JOINS | ABOUT_OTHERS


@dataclass(frozen=True, slots=True)
class Alike:
    """Versions of which everything is decided by the same facts, but for their ends."""

    facts: Facts
    bare: bool
    version_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class End:
    """An end that we hold, by the facts of its newest version."""

    stix_id: str
    facts: Facts
    brought_by_id: int | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is asked about, with the ends of each version that names any."""

    alike: Sequence[Alike]
    ends: Mapping[int, Sequence[End]]
    consent: Consent = NO_CONSENT
    creators: Mapping[str, End] = field(
        default_factory=dict
    )  # identities whose being known matters


# What a caller that has the rows at hand selects along with the ids, so that they are not looked up again.
BASIS = ObjectVersion.facts_id * 2 + sa.cast(ObjectVersion.bare, sa.Integer)


@dataclass(frozen=True, slots=True)
class Standing:
    """Versions as they stand in one collection: what the gate judges them by, read in the same transaction.

    ``bases`` holds the ``BASIS`` of each. ``posted`` and ``recalls`` are as in ``Question``.
    """

    version_ids: Sequence[int]
    bases: Sequence[int]
    posted: frozenset[int] = frozenset()
    recalls: frozenset[int] = frozenset()


def load(connection: sa.Connection, version_ids: Sequence[int]) -> Loaded:
    """Everything that decides about these versions; ids that do not exist are passed over."""
    query = (
        sa.select(ObjectVersion.facts_id, ObjectVersion.bare, gathered(ObjectVersion.id))
        .where(among(ObjectVersion.id, version_ids))
        .group_by(ObjectVersion.facts_id, ObjectVersion.bare)
    )
    rows = connection.execute(query)
    return _load(connection, [(facts_id, bare, ids) for facts_id, bare, ids in rows])


def load_standing(connection: sa.Connection, standing: Standing) -> Loaded:
    """The same for versions of which the caller has read the ``BASIS``."""
    groups = _by_basis(standing)
    return _load(connection, [(basis >> 1, bool(basis & 1), ids) for basis, ids in groups.items()])


def _by_basis(standing: Standing) -> Mapping[int, Sequence[int]]:
    different = set(standing.bases)
    if len(different) == 1:  # as in most pages
        return {different.pop(): standing.version_ids}
    groups: dict[int, list[int]] = defaultdict(list)
    for basis, version_id in zip(standing.bases, standing.version_ids, strict=True):
        groups[basis].append(version_id)
    return groups


def _load(connection: sa.Connection, groups: Sequence[tuple[int, bool, Collection[int]]]) -> Loaded:
    """Groups of versions by facts and bareness."""
    facts = _load_facts(connection, {facts_id for facts_id, _, _ in groups})
    alike = [Alike(facts[facts_id], bare, frozenset(ids)) for facts_id, bare, ids in groups]
    with_ends = [each for one in alike if one.facts.type in NAMES_ENDS for each in one.version_ids]
    ends = _load_ends(connection, with_ends) if with_ends else {}
    creators = _load_creators(connection, facts.values())
    return Loaded(alike, ends, _load_consent(connection, facts.values(), ends, creators), creators)


def _load_consent(
    connection: sa.Connection,
    facts: Iterable[Facts],
    ends: Mapping[int, Sequence[End]],
    creators: Mapping[str, End],
) -> Consent:
    """Only where something came from others, or a policy wants to be asked about."""
    named = (end.facts for several in (*ends.values(), creators.values()) for end in several)
    matters = any(not one.is_own or one.iep.actions for one in chain(facts, named))
    return load_consent(connection) if matters else NO_CONSENT


def _load_creators(connection: sa.Connection, facts: Iterable[Facts]) -> Mapping[str, End]:
    """Makers whose identity is here and does not go along with everything, as our own does."""
    named = {one.creator for one in facts if one.creator and not one.companion}
    if not named:
        return {}
    rows = _CREATORS.rows(connection, {"ids": sorted(named)})
    return {
        row.stix_id: End(row.stix_id, facts_of(row), row.brought_by_id)
        for row in rows
        if not row.companion
    }


def _load_ends(
    connection: sa.Connection, version_ids: Sequence[int]
) -> Mapping[int, Sequence[End]]:
    newest = aliased(ObjectVersion)
    query = (
        sa.select(
            ObjectEnd.version_id, StixObject.stix_id, newest.facts_id, StixObject.brought_by_id
        )
        .join(StixObject, StixObject.stix_id == ObjectEnd.stix_id)
        .join(newest, newest.id == StixObject.newest_id)
        .where(among(ObjectEnd.version_id, version_ids))
    )
    rows = connection.execute(query).all()
    facts = _load_facts(connection, {row.facts_id for row in rows})
    found: dict[int, list[End]] = defaultdict(list)
    for version_id, stix_id, facts_id, brought_by_id in rows:
        found[version_id].append(End(stix_id, facts[facts_id], brought_by_id))
    return found


def _load_facts(connection: sa.Connection, facts_ids: Collection[int]) -> dict[int, Facts]:
    rows = _FACTS_AMONG.rows(connection, {"ids": sorted(facts_ids)})
    return {row.id: facts_of(row) for row in rows}


FACTS = (ObjectFacts.id, *COLUMNS)
_FACTS_AMONG = Prepared(sa.select(*FACTS).where(among_given(ObjectFacts.id, "ids")))
_CREATORS = Prepared(
    sa.select(StixObject.stix_id, StixObject.brought_by_id, *FACTS)
    .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
    .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
    .where(among_given(StixObject.stix_id, "ids"))
)


def facts_of(row: sa.Row[*tuple[Any, ...]]) -> Facts:
    return Facts(**set_of(row)._asdict())
