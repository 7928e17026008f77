"""What we and peers say of objects: notes, opinions, sightings, relationships, each an object of its own."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.loops.rates import MOST_AN_HOUR
from cirt.exchange.models import LinkDirection, Outgoing, Quarantined
from cirt.exchange.remarks.commands import JudgeObject, NoteObject, Opinion
from cirt.exchange.remarks.errors import (
    Itself,
    MarkingLower,
    NoSuchObject,
    OtherType,
    RedNotSaid,
    SeveralFit,
)
from cirt.exchange.remarks.queries import remarks_of
from cirt.exchange.remarks.relating import RelateObjects, Relation, relate_objects, relations_of
from cirt.exchange.remarks.service import judge_object, note_object
from cirt.exchange.sightings import KEPT, ReportSighting, report_sighting
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.index import find_object, versions_of
from cirt.objects.markings import PAP_IDS, TLP2_REFS
from cirt.objects.models import StixObject
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from cirt.sharing.gate import release, show
from cirt.sharing.queries import peer_reader
from tests.support.asked import asked_of
from tests.support.browse import signed_in
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, published
from tests.support.stix import an_object
from tests.support.store import indicator, numbered, put, taken

ONE = indicator(1).stix_id
PAGE = f"/indicators/{ONE}"
SCRIPT = "<script>alert(1)</script> \u202e hxxps://pay[.]example 198.51.100.77"


def theirs(program: Program, tlp: Tlp = Tlp.AMBER, **more: Any) -> None:
    with program.work(CONSOLE) as work:
        put(work, indicator(1, tlp=tlp, **more), origin=a_reader(work))


def said(work: Work, version_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(show(work, version_id).body)
    return found


def count_of(work: Work, kind: str) -> int:
    query = sa.select(sa.func.count()).where(StixObject.type == kind)
    return work.session.scalar(query) or 0


def test_a_note_is_ours_carries_the_markings_and_leaves_the_object_as_it_was(
    program: Program,
) -> None:
    pap = next(iter(PAP_IDS))
    theirs(program, object_marking_refs=[TLP2_REFS[Tlp.AMBER], pap])
    with program.work(CONSOLE) as work:
        stored = note_object(work, NoteObject(ONE, "Seen in three ministries.", Tlp.AMBER, "Wave"))

    with program.work(CONSOLE, write=False) as work:
        note = said(work, stored.version_id)
        assert note["type"] == "note"
        assert note["created_by_ref"] == ourselves(work.session).identity_id
        assert (note["abstract"], note["object_refs"]) == ("Wave", [ONE])
        assert note["object_marking_refs"] == [TLP2_REFS[Tlp.AMBER], pap]
        found = find_object(work.session, ONE)
        assert found is not None
        assert len(versions_of(work.session, found.id)) == 1
        assert work.session.scalars(sa.select(Outgoing)).all() == []


def test_what_is_said_is_marked_at_least_as_strictly_as_what_it_is_about(program: Program) -> None:
    theirs(program, Tlp.AMBER)
    with program.work(CONSOLE) as work:
        with pytest.raises(MarkingLower) as refusal:
            note_object(work, NoteObject(ONE, "Laxer", Tlp.GREEN))
        with pytest.raises(MarkingLower):
            judge_object(work, JudgeObject(ONE, Opinion.AGREE, "Laxer", Tlp.CLEAR))
        with pytest.raises(MarkingLower):
            report_sighting(work, ReportSighting(ONE, work.now, work.now, tlp=Tlp.GREEN))
        with pytest.raises(RedNotSaid):
            note_object(work, NoteObject(ONE, "Red", Tlp.RED))
        stricter = note_object(work, NoteObject(ONE, "Stricter", Tlp.AMBER_STRICT))
        assert said(work, stricter.version_id)["object_marking_refs"] == [
            TLP2_REFS[Tlp.AMBER_STRICT]
        ]

    assert "TLP:AMBER" in refusal.value.message.format(**refusal.value.values)


def test_a_marking_of_a_part_binds_what_is_said_as_well(program: Program) -> None:
    granular = [{"marking_ref": TLP2_REFS[Tlp.AMBER], "selectors": ["name"]}]
    theirs(program, Tlp.GREEN, granular_markings=granular)
    with program.work(CONSOLE) as work, pytest.raises(MarkingLower):
        note_object(work, NoteObject(ONE, "Laxer", Tlp.GREEN))
    with program.work(CONSOLE) as work:
        sighting = report_sighting(work, ReportSighting(ONE, work.now, work.now))
        assert said(work, sighting.version_id)["object_marking_refs"] == [TLP2_REFS[Tlp.AMBER]]


def test_the_house_has_one_opinion_and_a_later_one_is_its_next_version(
    program: Program, clock: FakeClock
) -> None:
    theirs(program)
    opinions = []
    for opinion in Opinion:
        clock.forward(minutes=1)
        with program.work(CONSOLE) as work:
            opinions.append(
                judge_object(work, JudgeObject(ONE, opinion, f"We {opinion}", Tlp.AMBER))
            )

    assert len({each.stix_id for each in opinions}) == 1
    with program.work(CONSOLE, write=False) as work:
        [line] = remarks_of(work, ONE).lines
        assert (line.opinion, line.text, line.peer) == (
            Opinion.STRONGLY_AGREE,
            "We strongly-agree",
            None,
        )
        assert count_of(work, "opinion") == 1


def test_what_is_said_of_an_object_that_is_not_for_them_is_refused(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, our_indicator(work, tlp=Tlp.RED))
        red = work.session.scalars(
            sa.select(StixObject.stix_id).where(StixObject.type == "indicator")
        ).one()
    auditor = a_person(program, "Omar", Role.AUDITOR)
    handler = a_person(program, "Tomas", Role.HANDLER)
    with program.work(handler) as work:
        with pytest.raises(Exception) as hidden:  # noqa: PT011 - as for what is not there
            note_object(work, NoteObject(red, "Guess", Tlp.AMBER))
        with pytest.raises(NoSuchObject):
            note_object(work, NoteObject(numbered("indicator", 404), "Guess", Tlp.AMBER))
    assert hidden.value.__class__.__name__ in ("NotFound", "NoSuchObject")
    with program.work(auditor) as work, pytest.raises(NotAllowed):
        note_object(work, NoteObject(red, "Guess", Tlp.AMBER))


def test_a_note_on_what_may_not_go_does_not_go_either(program: Program) -> None:
    """Its object_refs are as telling as the ends of a relationship."""
    with program.work(CONSOLE) as work:
        bringer, third = (a_reader(work, slug, transit=True) for slug in ("cert-b", "cert-c"))
        put(work, indicator(1, tlp=Tlp.AMBER), origin=bringer)
        put(work, indicator(2, tlp=Tlp.GREEN), origin=bringer)
        hidden = note_object(work, NoteObject(ONE, "About AMBER", Tlp.AMBER))
        open_one = note_object(work, NoteObject(indicator(2).stix_id, "About GREEN", Tlp.GREEN))
        ids = [hidden.version_id, open_one.version_id]

        def gets(peer_id: int) -> list[int]:
            reader = peer_reader(work.session, peer_id, work.now)
            return [each.version_id for each in release(work, reader, "published", ids)]

        assert gets(third.id) == [open_one.version_id]
        assert gets(bringer.id) == ids


def test_a_sighting_that_names_where_waits_for_a_release(program: Program) -> None:
    theirs(program)
    with program.work(CONSOLE) as work:
        add_link(work, AddLink("cert-b", "inbox", LinkDirection.PUSH))
        day = work.now
        named = [
            report_sighting(work, ReportSighting(ONE, day, day, 2, where="Ministry of Health"))
            for _ in range(2)
        ]
        stricter = report_sighting(work, ReportSighting(ONE, day, day, tlp=Tlp.AMBER_STRICT))
        assert work.session.scalars(sa.select(Outgoing)).all() == []
        plain = report_sighting(work, ReportSighting(ONE, day, day, tlp=Tlp.AMBER))
        assert work.session.scalars(sa.select(Outgoing.version_id)).all() == [plain.version_id]

        where = {tuple(said(work, each.version_id)["where_sighted_refs"]) for each in named}
        [[place]] = where
        found = find_object(work.session, place)
        assert found is not None
        assert found.newest_id is not None
        assert said(work, found.newest_id)["name"] == "Ministry of Health"
    assert {each.message for each in (*named, stricter)} == {KEPT}


def test_9_the_same_relationship_is_made_once(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        put(work, indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.AMBER), origin=peer)
        two = indicator(2).stix_id
        cmd = RelateObjects(ONE, Relation.RELATED, two, Tlp.AMBER)
        first, second = relate_objects(work, cmd), relate_objects(work, cmd)
        back = relate_objects(work, RelateObjects(two, Relation.RELATED, ONE, Tlp.AMBER))
        other = relate_objects(work, RelateObjects(ONE, Relation.DUPLICATE, two, Tlp.AMBER))

        assert (first.was_there, second.was_there) == (False, True)
        assert first.stix_id == second.stix_id
        assert len({first.stix_id, back.stix_id, other.stix_id}) == 3
        assert count_of(work, "relationship") == 3
        assert len(relations_of(work, ONE)) == 3
        with pytest.raises(MarkingLower):
            relate_objects(work, RelateObjects(ONE, Relation.DERIVED, two, Tlp.GREEN))
        with pytest.raises(Itself):
            relate_objects(work, RelateObjects(ONE, Relation.RELATED, ONE, Tlp.AMBER))
        us = ourselves(work.session).identity_id
        with pytest.raises(OtherType):
            relate_objects(work, RelateObjects(ONE, Relation.DUPLICATE, us, Tlp.AMBER))


def test_the_other_object_is_found_by_what_it_looks_for_or_by_its_name(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work)
        put(work, indicator(1), indicator(2, name="Toll fee 50%"), indicator(3, name="Toll page"))
        put(work, indicator(4, tlp=Tlp.RED, name="Hidden toll"))

    def relate(typed: str) -> str | None:
        with program.work(CONSOLE) as work:
            made = relate_objects(work, RelateObjects(ONE, Relation.RELATED, typed, Tlp.AMBER))
            found = relations_of(work, ONE)
        return next(each.target for each in found if each.stix_id == made.stix_id)

    assert relate("198[.]51[.]0[.]2") == indicator(2).stix_id
    assert relate("fee 50%") == indicator(2).stix_id
    with pytest.raises(SeveralFit, match=rf"{indicator(3).stix_id}.*Enter the id"):
        relate("toll")
    for nothing in ("198.51.0.1", "198.51.0.4", "Hidden toll", "e%"):
        with pytest.raises(NoSuchObject):
            relate(nothing)


# Pages


def test_a_note_and_an_opinion_are_written_on_pages_and_shown_in_the_list(
    program: Program,
) -> None:
    theirs(program)
    visitor = signed_in(program, Role.HANDLER)

    visitor.get(f"{PAGE}/notes/new")
    visitor.send(f"{PAGE}/notes/new", abstract="First look", content=SCRIPT)
    visitor.follow()
    assert "It stays in the house until it is released" in visitor.text
    visitor.get(f"{PAGE}/opinions/new")
    visitor.send(f"{PAGE}/opinions/new", opinion="disagree", explanation="A shared host.")
    visitor.follow()
    visitor.get(f"{PAGE}/opinions/new")
    assert "We have said before: Disagrees" in visitor.text
    visitor.get(PAGE)

    assert "First look" in visitor.text
    assert "Disagrees" in visitor.text
    assert "A shared host." in visitor.text
    assert "<script>alert" not in visitor.page
    assert "198[.]51[.]100[.]77" in visitor.text


def test_bad_input_is_asked_again_with_what_was_typed(program: Program) -> None:
    theirs(program)
    visitor = signed_in(program, Role.HANDLER)
    for path, good, wrong, sentence in (
        ("notes", {"content": "Kept words"}, {"content": ""}, "Write what you have to say"),
        ("notes", {}, {"content": "Kept words", "tlp": "green"}, "is below TLP:AMBER"),
        ("notes", {}, {"content": "Kept words", "tlp": "red"}, "TLP:RED is for named persons"),
        ("notes", {}, {"content": "x" * 1_000_000}, "Shorten this to 10,000"),
        ("notes", {}, {"content": "a\0b"}, "cannot be kept"),
        ("opinions", {}, {"explanation": "Kept words"}, "Choose how far you agree"),
        ("opinions", {"explanation": ""}, {"opinion": "agree"}, "Say what makes you think so"),
        ("relations", {}, {"target": ONE}, "not related to itself"),
        ("relations", {}, {"target": "indicator--\u202enone"}, "There is no object"),
        ("sightings", {}, {"where": "Health", "tlp": "clear"}, "is below TLP:AMBER"),
    ):
        visitor.get(f"{PAGE}/{path}/new")
        answer = visitor.send(f"{PAGE}/{path}/new", **{**good, **wrong})
        assert answer.status_code == 422, (path, wrong)
        assert sentence in visitor.text, (path, visitor.text)
        if wrong.get("content", wrong.get("explanation")) == "Kept words":
            assert "Kept words" in visitor.page


def test_only_those_who_may_speak_are_asked_to_and_what_is_not_there_is_not(
    program: Program,
) -> None:
    theirs(program)
    triage, handler = signed_in(program, Role.TRIAGE), signed_in(program, Role.HANDLER, name="Tom")
    triage.get(PAGE)
    assert "Write a note" not in triage.text
    for kind in ("notes", "opinions", "relations"):
        assert triage.get(f"{PAGE}/{kind}/new").status_code == 403
        for missing in (numbered("indicator", 404), "nonsense"):
            assert handler.get(f"/indicators/{missing}/{kind}/new").status_code == 404


def test_what_peers_say_is_shown_safely_and_shortened(program: Program) -> None:
    theirs(program)
    with program.work(CONSOLE) as work:
        peer = a_reader(work, "cert-c")
        marked = [TLP2_REFS[Tlp.GREEN]]
        note = an_object(
            "note",
            content=SCRIPT + "word " * 5000 + "the-very-end",
            abstract=SCRIPT,
            object_refs=[ONE],
            object_marking_refs=marked,
        )
        opinion = an_object(
            "opinion", opinion="strongly-agree", object_refs=[ONE], object_marking_refs=marked
        )
        assert {each.outcome for each in take(work, [note, opinion], peer=peer)} == {"taken"}
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get(PAGE)
    assert "CERT-C" in visitor.text
    assert "Agrees strongly" in visitor.text
    assert "<script>alert" not in visitor.page
    assert "the-very-end" not in visitor.text
    visitor.get(f"/indicators/{json.loads(note)['id']}")

    assert "the-very-end" in visitor.text
    assert ONE in visitor.page


def test_our_note_is_asked_to_be_released_from_its_own_page(program: Program) -> None:
    theirs(program, Tlp.GREEN)
    with program.work(CONSOLE) as work:
        third = a_reader(work, "cert-c")
        a_collection(work, third)
        sighting = report_sighting(
            work, ReportSighting(ONE, work.now, work.now, where="Ministry of Health")
        )
    visitor = signed_in(program, Role.HANDLER)

    visitor.get(f"/indicators/{sighting.stix_id}")

    assert f"stix_ids={sighting.stix_id}&amp;stix_ids=identity--" in visitor.page


def test_two_contents_are_settled_on_a_page(program: Program) -> None:
    theirs(program, Tlp.GREEN)
    with program.work(CONSOLE) as work:
        liar = a_reader(work, "cert-c")
        other = {**indicator(1, tlp=Tlp.GREEN).content(), "description": "altered"}
        take(work, [taken(json.dumps(other).encode()).raw], peer=liar)
        number = work.session.scalars(sa.select(Quarantined.id)).one()
    lead, handler = signed_in(program, Role.LEAD), signed_in(program, Role.HANDLER, name="Tom")
    lead.get(PAGE)
    assert "This version came twice with different content" in lead.text
    lead.get(f"/sync/quarantine/{number}")
    assert "description" in lead.text
    assert "altered" in lead.text
    handler.get(f"/sync/quarantine/{number}")
    assert "Settle it so" not in handler.text

    assert lead.send(f"/sync/quarantine/{number}/solve").status_code == 422
    assert "Choose which content is right" in lead.text
    lead.send(f"/sync/quarantine/{number}/solve", solution="first")
    lead.follow()

    assert "It is settled since" in lead.text
    lead.get(PAGE)
    assert "came twice" not in lead.text


def test_an_alarm_shows_on_sync_health_and_is_lifted_there(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        several = [
            indicator(1, tlp=Tlp.GREEN, modified=f"2026-11-18T08:{minute:02}:00.000Z").raw
            for minute in range(MOST_AN_HOUR + 4)
        ]
        take(work, several, peer=peer)
    lead, handler = signed_in(program, Role.LEAD), signed_in(program, Role.HANDLER, name="Tom")
    handler.get("/sync")
    assert "Objects that came too often" in handler.text
    assert "Take it from them again" not in handler.text
    lead.get("/sync")
    assert f"{MOST_AN_HOUR + 1} versions within an hour" in lead.text
    assert "4 are held" in lead.text

    lead.send("/sync/alarms/1/lift")
    lead.follow()

    assert "It is taken from them again" in lead.text
    assert "Objects that came too often" not in lead.text


def test_the_page_tells_by_which_way_a_version_came_and_who_sent_it_too(program: Program) -> None:
    with program.work(CONSOLE) as work:
        bringer, also = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        ours = our_indicator(work)
        published(work, a_collection(work, bringer), ours)
        inbox = a_collection(work, bringer, also, alias="inbox")
        one = indicator(1, tlp=Tlp.GREEN).raw
        take(work, [one], peer=bringer, collection=inbox)
        take(work, [one, ours.raw], peer=also, collection=inbox)
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get(PAGE)
    assert "sent to our collection inbox" in visitor.text
    assert "Also seen from CERT-C" in visitor.text
    visitor.get(f"/indicators/{ours.stix_id}")

    assert "Also seen from CERT-C" in visitor.text


def test_what_a_file_says_is_not_shown_as_ours(program: Program) -> None:
    theirs(program)
    note = an_object(
        "note", content="Of a vendor", object_refs=[ONE], created_by_ref=numbered("identity", 5)
    )
    with program.work(CONSOLE) as work:
        take(work, [note], peer=None)
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get(PAGE)

    assert re.search(r"from a file TLP:AMBER .*Of a vendor", visitor.text)


def test_the_page_asks_as_often_for_many_remarks_as_for_few(program: Program) -> None:
    theirs(program)
    visitor = signed_in(program, Role.HANDLER)
    asked = []
    for count in (1, 24):
        for _ in range(count):
            with program.work(CONSOLE) as work:
                note_object(work, NoteObject(ONE, "Seen", Tlp.AMBER))
        visitor.get(PAGE)
        with asked_of(program.engine) as found:
            visitor.get(PAGE)
        asked.append(len(found))

    assert asked[0] == asked[1]
    assert visitor.page.count("Seen") >= 25
