"""Indicators of observables: what they look for, who may lower their marking, where they show."""

import orjson
import pytest
import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM
from cirt.objects.content import ObjectContent
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import DecideObservables, Promote
from cirt.register.errors import (
    AlreadyIndicator,
    LowerMarkingNeedsReason,
    NotConfirmed,
    NothingChosen,
    NothingFound,
    NotIndicable,
    ObservablesUnknown,
    RedNeverTravels,
    ValidityWrong,
)
from cirt.register.models import EntryKind
from tests.support.register import a_person, an_incident, with_observables

LURE = "hxxps://login-update[.]example[.]org/start and 192[.]0[.]2[.]44"


def test_confirmed_observables_become_indicators_of_ours(
    program: Program, clock: FakeClock
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    rows = with_observables(program, tomas, incident, LURE)

    with program.work(tomas) as work:
        cmd = Promote(
            incident.reference,
            tuple(row.id for row in rows),
            Tlp.AMBER,
            valid_days=30,
            confidence=70,
        )
        made = service.promote(work, cmd)

    with program.work(tomas, write=False) as work:
        bodies = [orjson.loads(b) for b in work.session.scalars(sa.select(ObjectContent.body))]
        us = ourselves(work.session).identity_id
        shown = queries.observables(work, incident.reference).rows
        entry = queries.timeline(work, incident.reference).rows[0]
        listed = queries.indicators_of(work, incident.reference)
    indicators = {body["id"]: body for body in bodies if body["type"] == "indicator"}
    assert len(indicators) == len(rows) == 2
    for one in indicators.values():
        assert one["created_by_ref"] == us
        assert one["object_marking_refs"] == [TLP2_REFS[Tlp.AMBER]]
        assert (one["valid_from"], one["valid_until"]) == (
            "2026-11-18T12:00:00.000Z",
            "2026-12-18T12:00:00.000Z",
        )
        assert one["confidence"] == 70
        assert incident.reference not in orjson.dumps(one).decode()
    assert {row.stix_id for row in shown} == set(indicators) == {one.stix_id for one in listed}
    assert (entry.kind, entry.values["count"]) == (EntryKind.INDICATOR, 2)
    assert entry.values["objects"] == [one.stix_id for one in made]


def test_a_lower_marking_than_the_incidents_needs_a_reason_and_is_audited(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, tlp=Tlp.AMBER_STRICT)
    (row, *_) = with_observables(program, tomas, incident, LURE)

    with pytest.raises(LowerMarkingNeedsReason, match="AMBER\\+STRICT"):
        _promote(program, tomas, Promote(incident.reference, (row.id,), Tlp.GREEN))
    reason = "Seen in public by now"
    _promote(program, tomas, Promote(incident.reference, (row.id,), Tlp.GREEN, reason=reason))

    with program.work(SYSTEM, write=False) as work:
        facts = work.session.scalars(
            sa.select(AuditEntry.facts).where(AuditEntry.act == "indicator.make")
        ).one()
        tlp = work.session.scalars(
            sa.select(ObjectFacts.tlp)
            .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
            .join(StixObject, StixObject.newest_id == ObjectVersion.id)
            .where(StixObject.type == "indicator")
        ).one()
    assert orjson.loads(facts)["below"] == "amber+strict"
    assert orjson.loads(facts)["reason"] == reason
    assert tlp is Tlp.GREEN


def test_what_no_indicator_can_be_made_of_is_refused_whole(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident, other = an_incident(program, tomas), an_incident(program, lin)
    cve, address = with_observables(program, tomas, incident, "CVE-2024-3094 at 192.0.2.44")
    (foreign, *_) = with_observables(program, lin, other, LURE)
    ref = incident.reference
    cases: list[tuple[Promote, type[CirtError]]] = [
        (Promote(ref, (address.id, cve.id), Tlp.AMBER), NotIndicable),
        (Promote(ref, (address.id, foreign.id), Tlp.AMBER), ObservablesUnknown),
        (Promote(ref, (), Tlp.AMBER), NothingChosen),
        (Promote(ref, (address.id,), Tlp.RED), RedNeverTravels),
        (
            Promote(ref, (address.id,), Tlp.AMBER, valid_until=incident.opened_at),
            ValidityWrong,
        ),
    ]

    for cmd, refusal in cases:
        with pytest.raises(refusal):
            _promote(program, tomas, cmd)

    with program.work(tomas) as work:
        service.decide_observables(work, DecideObservables(ref, dismiss=(address.id,)))
    with pytest.raises(NotConfirmed, match=r"192\[\.\]0"):
        _promote(program, tomas, Promote(ref, (address.id,), Tlp.AMBER))
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(sa.func.count()).where(StixObject.type == "indicator")
        assert work.session.scalar(query) == 0


def test_a_promotion_sent_twice_makes_one_indicator(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    (row, *_) = with_observables(program, tomas, incident, LURE)
    cmd = Promote(incident.reference, (row.id,), Tlp.AMBER)

    _promote(program, tomas, cmd)

    with pytest.raises(AlreadyIndicator):
        _promote(program, tomas, cmd)


def test_those_in_triage_make_no_indicators(program: Program) -> None:
    tomas, amina = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Amina", Role.TRIAGE)
    incident = an_incident(program, tomas)
    (row, *_) = with_observables(program, tomas, incident, LURE)

    with pytest.raises(NotAllowed):
        _promote(program, amina, Promote(incident.reference, (row.id,), Tlp.AMBER))


def test_a_sighting_by_a_peer_shows_on_the_incident_of_the_indicator(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident, other = an_incident(program, tomas), an_incident(program, tomas)
    (row, *_) = with_observables(program, tomas, incident, LURE)
    _promote(program, tomas, Promote(incident.reference, (row.id,), Tlp.AMBER))

    with program.work(SYSTEM) as work:
        (object_id, *_) = [one.object_id for one in queries.indicators_of(work, incident.reference)]
        told = service.note_sighting(work, object_id, "CERT Meridia", 3, work.now, None)

    with program.work(tomas, write=False) as work:
        entry = queries.timeline(work, incident.reference).rows[0]
        assert queries.timeline(work, other.reference).total == 1
        (hit,) = queries.incidents_of_object(work, object_id)
    assert told == 1
    assert entry.kind is EntryKind.PEER_SIGHTING
    assert (entry.values["peer"], entry.values["count"]) == ("CERT Meridia", 3)
    assert entry.values["value"] == row.value
    assert hit.reference == incident.reference


def test_a_paste_without_observables_says_so_and_a_second_paste_adds_nothing(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    first = with_observables(program, tomas, incident, LURE)
    second = with_observables(program, tomas, incident, f"again: {LURE}")

    assert [row.id for row in first] == [row.id for row in second]
    with pytest.raises(NothingFound):
        with_observables(program, tomas, incident, "nothing to see here")


def test_a_paste_of_ten_thousand_observables_is_taken(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    text = "\n".join(f"198.18.{n // 250}.{n % 250}" for n in range(10_000))

    rows = with_observables(program, tomas, incident, text)

    assert len(rows) == 10_000


def _promote(program: Program, actor: object, cmd: Promote) -> None:
    with program.work(actor) as work:  # type: ignore[arg-type]
        service.promote(work, cmd)
