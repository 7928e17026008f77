"""Facts that people state of objects: what their bytes do not say, and the gate decides by."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.factsets import FactSet
from cirt.objects.held import Version, find_locked, settle_facts
from cirt.objects.models import ObjectVersion, StixObject

_CHUNK = 5000  # objects in hand at once


def state_sector(work: Work, version_ids: Sequence[int], sector: str | None) -> None:
    """A release states for which sector these versions are; the gate decides by it from now on."""
    _state_versions(work, version_ids, sector=sector)


def state_disputed(work: Work, version_ids: Sequence[int], *, disputed: bool) -> None:
    """That these came with other bytes too, or that this is solved; ours are not for others to dispute."""
    _state_versions(work, version_ids, disputed=disputed)


def _state_versions(work: Work, version_ids: Sequence[int], **said: Any) -> None:
    query = sa.select(ObjectVersion.object_id).where(among(ObjectVersion.id, version_ids))
    chosen = set(version_ids)
    _state(
        work,
        set(work.session.scalars(query)),
        lambda version: version.facts._replace(**said) if version.id in chosen else version.facts,
    )


def state_facts(work: Work, object_ids: Iterable[int], **said: Any) -> None:
    """What is known of objects beside their bytes, by names of ``FactSet``; all their versions take it on."""
    _state(work, set(object_ids), lambda version: version.facts._replace(**said))


def _state(work: Work, object_ids: AbstractSet[int], said: Callable[[Version], FactSet]) -> None:
    work.session.flush()
    connection = work.session.connection()
    ids = sorted(object_ids)
    query = sa.select(StixObject.stix_id)
    for start in range(0, len(ids), _CHUNK):
        names = connection.execute(query.where(among(StixObject.id, ids[start : start + _CHUNK])))
        held = find_locked(connection, sorted(names.scalars()))
        for version in (v for o in held.values() for v in o.versions.values()):
            version.facts = said(version)
        settle_facts(work, held.values())
