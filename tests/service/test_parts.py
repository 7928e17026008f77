"""A part with a lower marking: previewed to the byte, made as it was shown, and asked for as any other."""

import re
from datetime import UTC, datetime

import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.objects.models import ObjectEnd, ObjectFacts, ObjectVersion, StixObject
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from cirt.register.models import Incident
from cirt.register.queries import indicators_of
from cirt.release.commands import SayPersonal
from cirt.release.personal import say_personal
from tests.support.browse import Visitor, signed_in
from tests.support.named import the_actor
from tests.support.register import an_incident, with_observables
from tests.support.release import a_collection, a_reader

VICTIM = "Harbour Water Utility"


def an_amber_wave(program: Program, handler: Actor, text: str = "203.0.113.9") -> Incident:
    """An AMBER incident of a named victim with indicators, and a peer that takes GREEN only."""
    incident = an_incident(program, handler)
    rows = with_observables(program, handler, incident, text)
    with program.work(handler) as work:
        service.add_party(work, AddParty(incident.reference, VICTIM, PartyRole.VICTIM))
        cmd = Promote(
            incident.reference,
            tuple(row.id for row in rows),
            Tlp.AMBER,
            name=f"Login page for {VICTIM}",
            description=f"Sent to harbour  water utility at 14:05, see {incident.reference}.",
        )
        service.promote(work, cmd)
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work, "narrow", ceiling=Tlp.GREEN))
    return incident


def the_handler(program: Program) -> tuple[Visitor, Actor]:
    visitor = signed_in(program, Role.HANDLER, name="Tomas")
    return visitor, the_actor(program, "tomas@example.org")


def shown(visitor: Visitor, incident: Incident, **typed: object) -> str:
    visitor.get(f"/release/part?incident={incident.reference}")
    visitor.send("/release/part", act="look", reason="Others need it", tlp="green", **typed)
    return visitor.text


def test_the_result_is_shown_to_the_byte_and_made_so(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler)

    text = shown(visitor, incident, keep_text="true")
    [raw] = re.findall(r'\{"type":"indicator".*?\]\}', text)
    visitor.send("/release/part", act="make")
    visitor.follow()

    assert "1 of 1 objects can be part of it" in text
    assert VICTIM.casefold() not in raw.casefold()
    assert "harbour" not in raw.casefold()
    assert incident.reference not in raw
    assert "14:05" not in raw
    assert "The new objects are in the house" in visitor.text
    with program.work(CONSOLE, write=False) as work:
        [stix_id] = re.findall(r"indicator--[0-9a-f-]{36}", raw)
        query = (
            sa.select(ObjectFacts.tlp, ObjectVersion.sha256)
            .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(StixObject.stix_id == stix_id)
        )
        assert work.session.execute(query).one().tlp is Tlp.GREEN
        assert work.session.scalars(sa.select(ObjectEnd)).all() == []
        made = sa.select(AuditEntry.facts).where(AuditEntry.act == "part.make")
        assert "Others need it" in work.session.scalars(made).one()
    visitor.send(
        "/release/new", title="A part", reason="Wider", collections=["indicators"], anyway="true"
    )
    visitor.follow()
    assert "1 of 1 peers can fetch 1 of 1 objects" in visitor.text


def test_what_tells_in_its_pattern_stays_and_says_why(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler, "203.0.113.9 and login.harbour-water.example")

    text = shown(visitor, incident, words="harbour-water")

    assert "1 of 2 objects can be part of it" in text
    assert "What it looks for tells: harbour-water" in text


def test_what_has_changed_since_it_was_shown_is_shown_anew_and_not_made(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler)
    shown(visitor, incident, keep_text="true")
    with program.work(handler) as work:
        service.add_party(work, AddParty(incident.reference, "Login page", PartyRole.VICTIM))

    answer = visitor.send("/release/part", act="make")

    assert answer.status_code == 409
    assert "What would be made is not what was shown" in visitor.text
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(sa.func.count()).where(StixObject.type == "indicator")
        assert work.session.scalar(query) == 1


def test_bad_choices_are_named_and_what_was_typed_stays(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler)
    path = f"/release/part?incident={incident.reference}"
    cases = (
        ({"tlp": "amber", "reason": "x"}, "Choose a marking below TLP:AMBER"),
        ({"tlp": "green", "reason": ""}, "Say why this may be known more widely"),
        ({"tlp": "red", "reason": "x"}, "never TLP:RED"),
        ({"tlp": "green", "reason": "x", "words": "ab"}, "“ab” is too short"),
        ({"tlp": "green", "reason": "x", "stix_ids": []}, "Tick at least one object"),
    )
    for typed, words in cases:
        visitor.get(path)
        answer = visitor.send("/release/part", act="look", **typed)

        assert answer.status_code == 422, typed
        assert words in visitor.text
    assert visitor.get("/release/part").status_code == 404
    assert visitor.get("/release/part?incident=INC-2026-0999").status_code == 404


def personal(program: Program) -> list[bool]:
    """Of each indicator, in the order in which they came."""
    query = (
        sa.select(ObjectFacts.personal)
        .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
        .join(StixObject, StixObject.newest_id == ObjectVersion.id)
        .where(StixObject.type == "indicator")
        .order_by(StixObject.id)
    )
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(query))


def test_a_part_of_what_concerns_a_person_concerns_that_person_too(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler)
    with program.work(handler) as work:
        [made] = indicators_of(work, incident.reference)
        say_personal(work, SayPersonal(made.stix_id, reason="Somebody's flat", personal=True))

    shown(visitor, incident)
    visitor.send("/release/part", act="make")
    visitor.follow()

    assert personal(program) == [True, True]


def test_a_part_of_what_is_valid_until_the_end_of_all_years_is_made(program: Program) -> None:
    visitor, handler = the_handler(program)
    incident = an_amber_wave(program, handler)
    row = with_observables(program, handler, incident, "203.0.113.77")[-1]
    with program.work(handler) as work:
        until = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
        service.promote(
            work,
            Promote(incident.reference, (row.id,), Tlp.AMBER, valid_days=None, valid_until=until),
        )

    text = shown(visitor, incident)

    assert "2 of 2 objects can be part of it" in text
    assert "9999-12-31T00:00:00" in text
