"""Which words of an incident must not be told, as far as the actor sees them."""

from collections.abc import Collection, Iterable, Iterator

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.observables.kinds import Kind, Observable
from cirt.register.constituents.models import IncidentParty, PartyRole
from cirt.register.extract import find
from cirt.register.linking.whereabouts import reports_on
from cirt.register.models import Incident, IncidentObservable, Report, Side
from cirt.register.sight import sees_incident, sees_report
from cirt.release.parts.words import Word, WordKind, is_internal, worth

_NOT_TOLD = (PartyRole.VICTIM, PartyRole.INFORMED, PartyRole.INTERMEDIARY)
_MOST = 2000


def words_of(work: Work, object_ids: Collection[int], reference: str | None = None) -> list[Word]:
    """Of the incidents of which these objects came, and of the one named."""
    ids = _incidents(work, object_ids, reference)
    if not ids:
        return []
    return worth([*_names(work, ids), *_reporters(work, ids), *_addresses(work, ids)])


def strictest_around(work: Work, object_ids: Collection[int]) -> Tlp:
    """The strictest incident of which any of these came, seen or not: what is said of them is as restricted."""
    query = sa.select(Incident.tlp).join(
        IncidentObservable, IncidentObservable.incident_id == Incident.id
    )
    found = work.session.scalars(
        query.where(IncidentObservable.object_id.in_(list(object_ids))).distinct()
    )
    return max(found, default=Tlp.CLEAR)


def internal_in(texts: Iterable[str]) -> list[Word]:
    """Internal hosts and addresses that stand in free text."""
    found = (one.observable for text in texts for one in find(text, 200))
    return worth(Word(WordKind.INTERNAL, each.value) for each in found if is_internal(each))


def _incidents(work: Work, object_ids: Collection[int], reference: str | None) -> list[int]:
    of_objects = sa.select(IncidentObservable.incident_id).where(
        IncidentObservable.object_id.in_(list(object_ids))
    )
    wanted = sa.or_(Incident.id.in_(of_objects), Incident.reference == (reference or ""))
    return list(
        work.session.scalars(sa.select(Incident.id).where(wanted, sees_incident(work.actor)))
    )


def _names(work: Work, ids: list[int]) -> Iterator[Word]:
    """Also of those taken off: they were concerned once."""
    query = sa.select(IncidentParty.name).where(
        IncidentParty.incident_id.in_(ids), IncidentParty.role.in_(_NOT_TOLD)
    )
    for name in work.session.scalars(query.limit(_MOST)):
        yield Word(WordKind.VICTIM, name)


def _reporters(work: Work, ids: list[int]) -> Iterator[Word]:
    query = (
        sa.select(Report.organisation, Report.reporter, Report.contact, Report.on_behalf_of)
        .where(Report.id.in_(reports_on(ids)), sees_report(work.actor))
        .limit(_MOST)
    )
    for organisation, reporter, contact, on_behalf_of in work.session.execute(query):
        yield from (Word(WordKind.VICTIM, each) for each in (organisation, on_behalf_of) if each)
        yield from (Word(WordKind.REPORTER, each) for each in (reporter, contact) if each)
        if "@" in contact:
            yield Word(WordKind.REPORTER, contact.rpartition("@")[2])


def _addresses(work: Work, ids: list[int]) -> Iterator[Word]:
    query = sa.select(IncidentObservable.kind, IncidentObservable.value, IncidentObservable.side)
    rows = work.session.execute(query.where(IncidentObservable.incident_id.in_(ids)).limit(_MOST))
    for kind, value, side in rows:
        if side is Side.VICTIM:
            yield from (Word(WordKind.ADDRESS, each) for each in _spellings(kind, value))
        elif is_internal(Observable(kind, value)):
            yield Word(WordKind.INTERNAL, value)


def _spellings(kind: Kind, value: str) -> list[str]:
    """A name in letters of another script is also written in ASCII."""
    if kind is not Kind.DOMAIN or "xn--" not in value:
        return [value]
    try:
        return [value, value.encode("ascii").decode("idna")]
    except UnicodeError:
        return [value]
