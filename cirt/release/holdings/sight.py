"""Who holds what, for somebody's eyes: what went to a person by mail as TLP:RED is for those of us who are named on it."""

from collections.abc import Collection as Some
from collections.abc import Iterable, Iterator
from dataclasses import replace

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.work import Work
from cirt.objects.models import StixObject
from cirt.release.holdings.holds import Hold
from cirt.release.holdings.queries import holds_of
from cirt.sharing.red import named_on


def holds_shown(work: Work, object_ids: Some[int]) -> dict[int, list[Hold]]:
    """As ``holds_of``; of the rest there is no trace in it."""
    holds = holds_of(work.session, object_ids)
    sealed = {each for each, mine in holds.items() if any(map(_is_sealed, mine))}
    hidden = sealed - objects_naming_actor(work, sealed) if sealed else sealed
    found = {
        object_id: list(_shown(mine, is_named=object_id not in hidden))
        for object_id, mine in holds.items()
    }
    return {object_id: mine for object_id, mine in found.items() if mine}


def objects_naming_actor(work: Work, object_ids: Some[int]) -> set[int]:
    """Of these objects the ones on which the actor is named."""
    query = sa.select(StixObject.id).where(
        among(StixObject.id, object_ids), named_on(work.actor.person_id)
    )
    return set(work.session.scalars(query))


def _is_sealed(hold: Hold) -> bool:
    return any(got.is_sealed for got in hold.got)


def _shown(holds: Iterable[Hold], *, is_named: bool) -> Iterator[Hold]:
    """Of a person of whom nothing but the mail on a revocation is left, that would tell of what went before."""
    for hold in holds:
        got = hold.got if is_named else [each for each in hold.got if not each.is_sealed]
        left = replace(hold, got=got)
        if hold.is_of_peer or left.had_it:
            yield left
