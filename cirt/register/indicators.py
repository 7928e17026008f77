"""From a confirmed observable to an indicator, and back: what becomes of an indicator shows on its incidents."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import build, store
from cirt.objects.codec import StixObject
from cirt.objects.definitions import pap_refs
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.observables.kinds import Kind, Observable
from cirt.objects.patterns.lexer import quote
from cirt.objects.persons import concerns_persons
from cirt.parties.peers import ourselves
from cirt.register.commands import Promote
from cirt.register.errors import (
    AlreadyIndicator,
    LowerMarkingNeedsReason,
    NotConfirmed,
    NothingChosen,
    NotIndicable,
    ObservablesUnknown,
    RedNeverTravels,
    ValidityWrong,
)
from cirt.register.facts.carrying import carried_from
from cirt.register.findings import chosen
from cirt.register.incidents import note_entry
from cirt.register.models import EntryKind, Incident, IncidentObservable, ObservableState
from cirt.register.sight import for_trail, get_incident, hand_on_names

_USER_AGENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"
_PATHS: Mapping[Kind, str] = {
    Kind.DOMAIN: "domain-name:value",
    Kind.URL: "url:value",
    Kind.EMAIL: "email-addr:value",
    Kind.MD5: "file:hashes.MD5",
    Kind.SHA1: "file:hashes.'SHA-1'",
    Kind.SHA256: "file:hashes.'SHA-256'",
    Kind.SHA512: "file:hashes.'SHA-512'",
    Kind.SSDEEP: "file:hashes.SSDEEP",
    Kind.TLSH: "file:hashes.TLSH",
    Kind.SERIAL: "x509-certificate:serial_number",
    Kind.FILE_NAME: "file:name",
    Kind.MAC: "mac-addr:value",
    Kind.MUTEX: "mutex:name",
    Kind.REGISTRY_KEY: "windows-registry-key:key",
    Kind.USER_AGENT: _USER_AGENT,
}


def _address(observable: Observable) -> str:
    operator = "ISSUBSET" if "/" in observable.value else "="
    return f"[{observable.kind}:value {operator} {quote(observable.value)}]"


def _file_path(observable: Observable) -> str:
    slash = "\\" if "\\" in observable.value else "/"
    folder, _, name = observable.value.rpartition(slash)
    folder = folder if folder.strip("\\/") and not folder.endswith(":") else folder + slash
    return f"[file:name = {quote(name)} AND file:parent_directory_ref.path = {quote(folder)}]"


_BUILT: Mapping[Kind, Callable[[Observable], str]] = {
    Kind.IPV4: _address,
    Kind.IPV6: _address,
    Kind.ASN: lambda found: (
        f"[autonomous-system:number = {found.value.upper().removeprefix('AS')}]"
    ),
    Kind.FILE_PATH: _file_path,
}


def pattern_of(observable: Observable) -> str | None:
    """The STIX pattern that looks for it; None for what STIX 2.1 has no object for.

    These are CVE numbers and techniques, of which attacks are made; crypto-currency addresses and telephone numbers, and
    JA3 and JA4 fingerprints, for network traffic has no property of that name.
    """
    build_it = _BUILT.get(observable.kind)
    if build_it is not None:
        return build_it(observable)
    path = _PATHS.get(observable.kind)
    return f"[{path} = {quote(observable.value)}]" if path else None


def promote(work: Work, cmd: Promote) -> list[StixObject]:
    """Make an indicator of each chosen observable; they stay in the house until they are released.

    What may be done with the incident's data (PAP) goes with them.

    Raises:
        LowerMarkingNeedsReason: the marking is below the incident's and no reason is given (rulings 3).
        RedNeverTravels, ValidityWrong, NothingChosen, ObservablesUnknown, NotConfirmed, NotIndicable,
        AlreadyIndicator, NoSuchIncident, NotAllowed.
    """
    work.require("indicator:write")
    incident = get_incident(work, cmd.incident, lock=True)
    _check_marking(incident, cmd)
    valid_from = cmd.valid_from or work.now
    valid_until = _end(cmd, valid_from)
    rows = _promotable(work, incident, cmd.observable_ids)
    creator = ourselves(work.session).identity_id
    refs = pap_refs(work, carried_from(incident, cmd.tlp))
    made = [_indicator(row, cmd, creator, work.now, valid_from, valid_until, refs) for row in rows]
    kept = store.put_many(work, made, origin_id=None, personal=_personal(cmd, made))
    for row, stored in zip(rows, kept, strict=True):
        row.object_id = stored.object_id
        if (
            cmd.tlp is Tlp.RED
        ):  # for those named on the incident, and through them for named persons
            hand_on_names(work, incident.reference, stored.stix_id)
    _tell(work, incident, cmd, made)
    return made


def note_on_object(work: Work, object_id: int, kind: EntryKind, **values: Any) -> int:
    """Write a line on every incident of which this object came: how many there are.

    ``value`` in the line is the observable's.
    """
    query = sa.select(IncidentObservable.incident_id, IncidentObservable.value).where(
        IncidentObservable.object_id == object_id
    )
    found = work.session.execute(query).all()
    for incident_id, value in found:
        note_entry(work, incident_id, kind, **{"value": value, **values})
    return len(found)


def note_sighting(
    work: Work,
    object_id: int,
    peer_name: str,
    count: int,
    first: datetime | None,
    last: datetime | None,
) -> int:
    """A peer saw what our indicator looks for: a line on its incidents."""
    return note_on_object(
        work,
        object_id,
        EntryKind.PEER_SIGHTING,
        peer=peer_name,
        count=count,
        first=first.isoformat() if first else None,
        last=last.isoformat() if last else None,
    )


def _personal(cmd: Promote, made: Sequence[StixObject]) -> bool | None:
    """Where some name mail addresses or telephone numbers, yes means those and not the hosts beside them."""
    return None if cmd.personal and any(map(concerns_persons, made)) else cmd.personal


def _check_marking(incident: Incident, cmd: Promote) -> None:
    if cmd.tlp is Tlp.RED and incident.tlp is not Tlp.RED:
        raise RedNeverTravels
    if cmd.tlp < incident.tlp and not cmd.reason.strip():
        raise LowerMarkingNeedsReason(incident=incident.tlp.label, chosen=cmd.tlp.label)


def _end(cmd: Promote, valid_from: datetime) -> datetime | None:
    days = cmd.valid_days
    end = valid_from + timedelta(days=days) if days is not None else cmd.valid_until
    if end is not None and end <= valid_from:
        raise ValidityWrong
    return end


def _promotable(work: Work, incident: Incident, ids: Sequence[int]) -> list[IncidentObservable]:
    if not ids:
        raise NothingChosen
    rows = chosen(work, incident.id, ids)
    if len(rows) != len(set(ids)):
        raise ObservablesUnknown(count=len(set(ids)) - len(rows))
    for row in rows:
        found = Observable(row.kind, row.value)
        if row.state is not ObservableState.CONFIRMED:
            raise NotConfirmed(value=found.defanged)
        if pattern_of(found) is None:
            raise NotIndicable(value=found.defanged, kind=found.label)
    _refuse_second(work, rows)
    return rows


def _refuse_second(work: Work, rows: Sequence[IncidentObservable]) -> None:
    """A form sent twice makes no second indicator; after a revocation one may make another."""
    made = {row.object_id: row for row in rows if row.object_id is not None}
    query = sa.select(ObjectRow.id).where(ObjectRow.id.in_(made), ObjectRow.revoked.is_(False))
    live = work.session.scalars(query.limit(1)).first() if made else None
    if live is not None:
        row = made[live]
        raise AlreadyIndicator(value=Observable(row.kind, row.value).defanged)


def _indicator(
    row: IncidentObservable,
    cmd: Promote,
    creator: str,
    now: datetime,
    valid_from: datetime,
    valid_until: datetime | None,
    marking_refs: Sequence[str],
) -> StixObject:
    found = Observable(row.kind, row.value)
    return build.new_indicator(
        pattern=pattern_of(found) or "",
        creator=creator,
        at=now,
        valid_from=valid_from,
        valid_until=valid_until,
        tlp=cmd.tlp,
        name=cmd.name or found.defanged,
        description=cmd.description or None,
        indicator_types=(cmd.indicator_type,),
        confidence=cmd.confidence,
        marking_refs=marking_refs,
    )


def _tell(work: Work, incident: Incident, cmd: Promote, made: Sequence[StixObject]) -> None:
    lowered = {"below": incident.tlp, "reason": cmd.reason} if cmd.tlp < incident.tlp else {}
    note_entry(
        work,
        incident.id,
        EntryKind.INDICATOR,
        count=len(made),
        tlp=cmd.tlp.label,
        objects=[one.stix_id for one in made],
        **lowered,
    )
    why = {"reason": for_trail(incident.tlp, cmd.reason)} if lowered else {}
    for one in made:
        facts = {"incident": incident.reference, "tlp": cmd.tlp, **lowered, **why}
        work.audit("indicator.make", one.stix_id, **facts)
