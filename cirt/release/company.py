"""What goes along with objects: our identity and the TLP definitions that they name (rulings 4).

A reader is offered these only with an object that names them: a definition that came along with what is withheld would
tell that something so marked stands there.
"""

from collections.abc import Collection as Some
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.peers import ourselves
from cirt.sharing.standing import Loaded


def companions(session: Session, version_ids: Some[int]) -> list[int]:
    """Versions of our identity and of the definitions that these objects of ours name."""
    identity = ourselves(session).identity_id
    query = (
        sa.select(ObjectFacts.written_tlp)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .where(
            among(ObjectVersion.id, version_ids),
            ObjectFacts.origin_id.is_(None),
            ObjectFacts.creator == identity,
        )
        .distinct()
    )
    return _of_levels(session, identity, set(session.scalars(query)))


def companions_among(session: Session, loaded: Loaded, version_ids: AbstractSet[int]) -> list[int]:
    """As ``companions``, of what was loaded already."""
    identity = ourselves(session).identity_id
    levels = {
        one.facts.written_tlp
        for one in loaded.alike
        if one.facts.origin_id is None
        and one.facts.creator == identity
        and not version_ids.isdisjoint(one.version_ids)
    }
    return _of_levels(session, identity, levels)


def all_companions(session: Session) -> frozenset[int]:
    """Of every level."""
    return frozenset(_newest(session, [ourselves(session).identity_id, *TLP2_REFS.values()]))


def _of_levels(session: Session, identity: str, levels: AbstractSet[Tlp | None]) -> list[int]:
    if not levels:
        return []
    return _newest(session, [identity, *(TLP2_REFS[each] for each in levels if each is not None)])


def _newest(session: Session, stix_ids: Sequence[str]) -> list[int]:
    query = sa.select(StixObject.newest_id).where(StixObject.stix_id.in_(stix_ids))
    return [each for each in session.scalars(query.order_by(StixObject.id)) if each is not None]
