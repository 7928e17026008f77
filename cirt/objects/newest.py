"""What follows the newest version of an object: what its row says of it, and the observables by which it is found."""

from collections.abc import Sequence

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.inserting import insert_columns, insert_rows
from cirt.objects.held import Held, Version
from cirt.objects.models import (
    FormerObservable,
    Holder,
    ObjectObservable,
    ObjectVersion,
)
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.observables.kinds import Observable
from cirt.objects.widening import keep_wider


def follow_newest(connection: sa.Connection, held: Sequence[Held]) -> None:
    """Where a new version is the newest, the object's row and its observables follow it."""
    newest = [(o, o.versions[max(o.versions)]) for o in held]
    _keep_older(connection, newest)
    fresh = [(o, v) for o, v in newest if v.source is not None]
    changed = [v.id for o, v in fresh if not o.is_new]
    if changed:
        _mirror(connection, changed)
    _replace_observables(connection, fresh)


def _mirror(connection: sa.Connection, version_ids: Sequence[int]) -> None:
    version = ObjectVersion
    mirrored = (
        sa.update(ObjectRow)
        .where(ObjectRow.id == version.object_id, among(version.id, version_ids))
        .values(
            newest_id=version.id,
            newest_us=version.version_us,
            name=version.name,
            revoked=version.revoked,
            valid_until_us=version.valid_until_us,
        )
    )
    connection.execute(mirrored)


def _replace_observables(connection: sa.Connection, fresh: Sequence[tuple[Held, Version]]) -> None:
    earlier = [o.object_id for o, _ in fresh if len(o.versions) > 1]
    if earlier:
        _keep_former(connection, earlier)
        connection.execute(
            sa.delete(ObjectObservable).where(among(ObjectObservable.object_id, earlier))
        )
    found = [
        (key, object_.object_id, one.kind, one.value)
        for object_, version in fresh
        if not version.new_source.revoked
        for key, one in {one.key: one for one in version.new_source.observables}.items()
    ]
    if found:
        names = ("key", "object_id", "kind", "value")
        columns = dict(zip(names, map(list, zip(*found, strict=True)), strict=True))
        insert_columns(connection, ObjectObservable, columns)
        values = (Observable(kind, value) for _, _, kind, value in found)
        keep_wider(connection, Holder.OBJECT, values)


def _keep_older(connection: sa.Connection, newest: Sequence[tuple[Held, Version]]) -> None:
    """Of new versions that are not the newest: what they name is on record for the do-not-share list alone."""
    older = [
        {"key": one.key, "object_id": held.object_id, "kind": one.kind, "value": one.value}
        for held, last in newest
        if len(held.versions) > 1
        for version in held.versions.values()
        if version.source is not None and version is not last
        for one in version.source.observables
    ]
    insert_rows(connection, FormerObservable, older, unless=["key", "object_id"])


def _keep_former(connection: sa.Connection, object_ids: Sequence[int]) -> None:
    """What earlier versions name is forgotten by matching, not by the do-not-share list."""
    names = ("key", "object_id", "kind", "value")
    named = sa.select(*(getattr(ObjectObservable, name) for name in names))
    rows = connection.execute(named.where(among(ObjectObservable.object_id, object_ids)))
    former = [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public name
    insert_rows(connection, FormerObservable, former, unless=["key", "object_id"])
