"""What is added to an incident meets what came, in the transaction that adds it."""

from collections.abc import Collection

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.clock import to_us
from cirt.kernel.work import Work
from cirt.objects.index import is_address, live
from cirt.objects.models import ObjectObservable, StixObject
from cirt.objects.observables import networks
from cirt.objects.observables.families import host_of, wider
from cirt.objects.observables.kinds import Observable
from cirt.objects.warning import warned_among
from cirt.register.matches.telling import tell
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.queries import home_of
from cirt.register.models import Incident


def tell_of_added(work: Work, incident_id: int, added: Collection[Observable]) -> None:
    """Live objects of peers that name one of these, or what one lies within, count once each. Four queries at most."""
    keys = _keys(work, added)
    if not keys:
        return
    objects = (
        sa.select(sa.func.count(sa.distinct(StixObject.id)))
        .join(ObjectObservable, ObjectObservable.object_id == StixObject.id)
        .where(
            among(ObjectObservable.key, keys),
            StixObject.brought_by_id.is_not(None),
            live(to_us(work.now)),
        )
    )
    count = work.session.scalar(objects) or 0
    if count:
        home = sa.select(home_of(IncidentMerge, Incident.id)).where(Incident.id == incident_id)
        tell(work, {work.session.scalars(home).one(): count}, None)


def _keys(work: Work, added: Collection[Observable]) -> set[int]:
    """By which objects that name them, or what they lie within, are found; not what is on the warning list."""
    lying = {one: (one, *wider(one)) for one in added}
    warned = warned_among(work.connection, {each for some in lying.values() for each in some})
    keys: set[int] = set()
    for one, some in lying.items():
        if warned.holds(one):
            continue
        keys.update(each.key for each in some if not warned.holds(each))
        at = host_of(one) or one
        if is_address(at):
            keys.update(networks.keys_around(networks.network(at.value)))
    return keys
