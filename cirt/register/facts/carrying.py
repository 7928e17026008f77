"""Which PAP goes with what is made of incidents, and what went with another one."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.policies import Pap
from cirt.register.facts.rules import pap_of
from cirt.register.models import Incident, IncidentObservable
from cirt.register.sight import sees_incident
from cirt.sharing.uses import implied_pap


class Counted(NamedTuple):
    """What holds for one of the origins; ``is_stated``: a person or its bytes say so, not its TLP alone."""

    pap: Pap
    is_stated: bool


def counted_of(incident: Incident) -> Counted:
    return _counted(incident.pap, incident.tlp)


def carried(origins: Iterable[Counted], tlp: Tlp) -> Pap | None:
    """What something so marked says of itself: the strictest of its origins.

    None where nobody has stated one and its own marking lets no more be done anyway.
    """
    every = list(origins)
    strictest = max((each.pap for each in every), key=lambda pap: pap.rank, default=None)
    if strictest is None:
        return None
    is_said = any(each.is_stated for each in every)
    return strictest if is_said or strictest.rank > implied_pap(tlp).rank else None


def carried_from(incident: Incident, tlp: Tlp) -> Pap | None:
    """What an indicator made of this incident now says of itself."""
    return carried([counted_of(incident)], tlp)


def lets_more(incident: Incident, pap: Pap | None, tlp: Tlp) -> bool:
    """Whether what was made of it lets more be done than one that is made of it now, under the same marking."""
    now = carried_from(incident, tlp) or implied_pap(tlp)
    return (pap or implied_pap(tlp)).rank < now.rank


def counted_around(work: Work, object_ids: Collection[int]) -> dict[int, list[Counted]]:
    """By object, of the incidents of which it came, as far as the actor sees them."""
    query = (
        sa.select(IncidentObservable.object_id, Incident.pap, Incident.tlp)
        .join(Incident, Incident.id == IncidentObservable.incident_id)
        .where(IncidentObservable.object_id.in_(list(object_ids)), sees_incident(work.actor))
        .distinct()
    )
    found: dict[int, list[Counted]] = defaultdict(list)
    for object_id, pap, tlp in work.session.execute(query):
        if object_id is not None:
            found[object_id].append(_counted(pap, tlp))
    return found


def _counted(pap: str | None, tlp: Tlp) -> Counted:
    stated = None if pap is None else Pap(pap)
    return Counted(stated or Pap(pap_of(None, tlp)), stated is not None)
