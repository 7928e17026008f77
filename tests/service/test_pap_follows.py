"""What may be done with data goes where the data goes: PAP of incidents, policies of what a part is made of."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.models import Quarantined
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, Work
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.content import ObjectContent
from cirt.objects.markings import IEP_EXTENSION, PAP_DEFINITIONS, PAP_REFS, TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.policies import Action, Pap
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import EditFacts, Promote
from cirt.register.facts.commands import MoreFacts
from cirt.register.facts.kinds import Pap as IncidentPap
from cirt.register.models import Incident
from cirt.release.collections import add_member, find_collection
from cirt.release.commands import Revoke
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.parts.commands import PreparePart, Seed
from cirt.release.parts.errors import PartChanged
from cirt.release.parts.rules import WhyNot
from cirt.release.parts.service import Draft, draft_part, make_part
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.settling import offer_missing
from cirt.sharing.models import Agreement
from tests.support.browse import signed_in
from tests.support.databases import Databases
from tests.support.exporting import exported, sheet
from tests.support.named import the_actor
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    names,
    published,
    walk,
)
from tests.support.ring import a_ring
from tests.support.stix import an_object
from tests.support.store import numbered, put, taken

SEED = Seed("a secret", 1_763_000_000_000_000)
POLICY = numbered("marking-definition", 70)


def with_pap(
    program: Program, actor: Actor, pap: str | None, tlp: Tlp = Tlp.AMBER
) -> tuple[Incident, list[int]]:
    """An incident with what may be done with it, and its observables."""
    more = MoreFacts(pap=IncidentPap(pap) if pap else None)
    incident = an_incident(program, actor, tlp=tlp, more=more)
    text = "203.0.113.9 and login.example.org"
    return incident, [row.id for row in with_observables(program, actor, incident, text)]


def promoted(
    program: Program, actor: Actor, incident: Incident, ids: Sequence[int], tlp: Tlp = Tlp.AMBER
) -> list[StixObject]:
    with program.work(actor) as work:
        return service.promote(work, Promote(incident.reference, tuple(ids), tlp, reason="Known"))


def raised(program: Program, actor: Actor, incident: Incident, pap: str) -> None:
    with program.work(actor) as work:
        found = work.session.get_one(Incident, incident.id)
        cmd = EditFacts(
            found.reference,
            found.version,
            found.title,
            found.rsit_class,
            found.rsit_type,
            found.severity,
            found.tlp,
            found.owner_id,
            more=MoreFacts(pap=IncidentPap(pap)),
        )
        service.edit_facts(work, cmd)


def refs_of(one: StixObject) -> list[str]:
    found: list[str] = one.content()["object_marking_refs"]
    return found


def a_policy(stix_id: str = POLICY, name: str = "A policy of ours", **iep: str) -> StixObject:
    said = {"extension_type": "property-extension", "iep_version": "2.0", **iep}
    return taken(
        an_object(
            "marking-definition",
            id=stix_id,
            name=name,
            modified=None,
            extensions={IEP_EXTENSION: said},
        )
    )


def bound(work: Work, *refs: str, tlp: Tlp = Tlp.AMBER, value: str = "198.51.100.7") -> StixObject:
    """An indicator of ours under these markings."""
    return build.new_indicator(
        pattern=f"[ipv4-addr:value = '{value}']",
        creator=ourselves(work.session).identity_id,
        at=work.now,
        valid_from=work.now,
        tlp=tlp,
        name="A login page",
        marking_refs=refs,
    )


def ids_read(program: Program, peer: Peer) -> set[str]:
    return {row.stix_id for row in walk(program, peer)}


@pytest.mark.parametrize(
    ("pap", "incident_tlp", "tlp", "carries"),
    [
        ("red", Tlp.AMBER, Tlp.AMBER, "red"),
        ("red", Tlp.AMBER, Tlp.GREEN, "red"),
        ("green", Tlp.AMBER, Tlp.AMBER, "green"),
        ("clear", Tlp.CLEAR, Tlp.CLEAR, "clear"),
        (None, Tlp.AMBER, Tlp.AMBER, None),
        (None, Tlp.AMBER, Tlp.GREEN, "amber"),
        (None, Tlp.AMBER_STRICT, Tlp.CLEAR, "amber"),
        (None, Tlp.GREEN, Tlp.GREEN, None),
        (None, Tlp.CLEAR, Tlp.CLEAR, None),
    ],
)
def test_an_indicator_lets_no_more_be_done_than_its_incident(
    program: Program, pap: str | None, incident_tlp: Tlp, tlp: Tlp, carries: str | None
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident, ids = with_pap(program, tomas, pap, incident_tlp)

    made = promoted(program, tomas, incident, ids, tlp)

    expected = [TLP2_REFS[tlp], *([PAP_REFS[carries]] if carries else [])]
    assert [refs_of(one) for one in made] == [expected, expected]
    assert facts_of(program, made[0].stix_id).pap == (Pap(carries) if carries else None)


def facts_of(program: Program, stix_id: str) -> Any:
    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(ObjectFacts.tlp, ObjectFacts.pap, ObjectFacts.iep_actions)
            .join(ObjectVersion, ObjectVersion.facts_id == ObjectFacts.id)
            .join(ObjectRow, ObjectRow.newest_id == ObjectVersion.id)
            .where(ObjectRow.stix_id == stix_id)
        )
        return work.session.execute(query).one()


def test_what_is_made_after_the_pap_was_raised_carries_it_and_what_was_made_stays(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident, [first, second] = with_pap(program, tomas, "green")

    [before] = promoted(program, tomas, incident, [first])
    raised(program, tomas, incident, "red")
    [after] = promoted(program, tomas, incident, [second])

    assert (refs_of(before)[1], refs_of(after)[1]) == (PAP_REFS["green"], PAP_REFS["red"])
    assert facts_of(program, before.stix_id).pap is Pap.GREEN


def test_the_incident_says_what_went_under_the_older_pap(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER, name="Tomas")
    tomas = the_actor(program, "tomas@example.org")
    incident, ids = with_pap(program, tomas, "green")
    page = f"/incidents/{incident.reference}/sharing"
    assert (
        "They carry PAP:GREEN" in visitor.get(f"/incidents/{incident.reference}/observables").text
    )
    made = promoted(program, tomas, incident, ids)
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        a_collection(work, reader)
        publish(work, find_collection(work.session, "indicators"), [version_of(work, made[0])])
    walk(program, reader)

    calm = visitor.get(page).text
    raised(program, tomas, incident, "red")
    said = visitor.get(page).text
    with program.work(tomas) as work:
        for one in made:
            revoke_indicator(work, Revoke(one.stix_id, "Wrong"))
    after = visitor.get(page).text

    words = "2 of these let more be done than the incident does now (PAP:RED)."
    assert "PAP:GREEN" in calm
    assert words in said
    assert "Who has any of that: CERT-B." in said
    assert words not in calm + after


def version_of(work: Work, one: StixObject) -> int:
    query = sa.select(ObjectRow.newest_id).where(ObjectRow.stix_id == one.stix_id)
    return work.session.scalars(query).one() or 0


def test_an_installation_set_up_before_gets_the_definition_with_the_first_that_names_it(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    with program.work(CONSOLE) as work:
        ours = sa.select(ObjectRow.id).where(ObjectRow.stix_id.in_(PAP_DEFINITIONS))
        versions = sa.select(ObjectVersion.id).where(ObjectVersion.object_id.in_(ours))
        work.session.execute(sa.delete(ObjectContent).where(ObjectContent.version_id.in_(versions)))
        work.session.execute(sa.delete(ObjectVersion).where(ObjectVersion.object_id.in_(ours)))
        work.session.execute(sa.delete(ObjectRow).where(ObjectRow.stix_id.in_(PAP_DEFINITIONS)))
    incident, ids = with_pap(program, tomas, "red")

    promoted(program, tomas, incident, ids[:1])
    promoted(program, tomas, incident, ids[1:])

    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(ObjectRow.stix_id, ObjectContent.body)
            .join(ObjectContent, ObjectContent.version_id == ObjectRow.newest_id)
            .where(ObjectRow.stix_id.in_(PAP_DEFINITIONS))
        )
        found = {row.stix_id: row.body for row in work.session.execute(query)}
    assert found == {PAP_REFS["red"]: PAP_DEFINITIONS[PAP_REFS["red"]]}


def test_definitions_come_with_what_names_them_and_to_nobody_else(program: Program) -> None:
    with program.work(CONSOLE) as work:
        low, high = a_reader(work, "low", ceiling=Tlp.GREEN), a_reader(work, "high")
        indicators = a_collection(work, low, high)
        policy = a_policy(permitted_actions="internally-visible-actions")
        put(work, policy)
        published(
            work,
            indicators,
            bound(work, PAP_REFS["green"], tlp=Tlp.GREEN),
            bound(work, PAP_REFS["red"], POLICY),
        )

    first = ids_read(program, low)
    assert {PAP_REFS["red"], POLICY} <= ids_read(program, high)
    assert PAP_REFS["green"] in first
    assert not first & {PAP_REFS["red"], POLICY, TLP2_REFS[Tlp.AMBER]}

    with program.work(CONSOLE) as work:
        late = a_reader(work, "late", ceiling=Tlp.GREEN)
        add_member(work, find_collection(work.session, "indicators"), late)
        work.session.execute(
            sa.update(Agreement).where(Agreement.peer_id == low.id).values(ceiling=Tlp.AMBER)
        )
        offer_missing(work, low.id)
    assert {PAP_REFS["red"], POLICY} <= ids_read(program, low)
    assert ids_read(program, late) == first


def test_each_definition_stands_before_what_names_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        put(work, a_policy(permitted_actions="internally-visible-actions"))
        published(work, a_collection(work, reader), bound(work, PAP_REFS["red"], POLICY))

    ids = [row.stix_id for row in walk(program, reader)]

    [indicator] = names(walk(program, reader))
    assert ids.index(indicator) > max(ids.index(each) for each in (PAP_REFS["red"], POLICY))


def test_a_peer_with_this_program_reads_the_same_out_of_it_and_so_does_its_own_peer(
    backend: str, databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    with a_ring(databases, backend, tmp_path, clock, [(1, 0), (2, 1)], transit=True) as ring:
        home, next_one, far = ring.nodes
        tomas = a_person(home.program, "Tomas", Role.HANDLER)
        incident, ids = with_pap(home.program, tomas, "red", Tlp.GREEN)
        [made] = promoted(home.program, tomas, incident, ids[:1], Tlp.GREEN)
        with home.program.work(CONSOLE) as work:
            put(work, a_policy(permitted_actions="internally-visible-actions"))
            policed = bound(work, POLICY, tlp=Tlp.GREEN)
            put(work, policed)
            versions = [version_of(work, made), version_of(work, policed)]
            publish(work, find_collection(work.session, "indicators"), versions)
        for _ in range(3):
            ring.poll()

        for node in (next_one, far):
            assert facts_of(node.program, made.stix_id).pap is Pap.RED
            assert facts_of(node.program, policed.stix_id).iep_actions is Action.INTERNAL
            assert node.versions(PAP_REFS["red"]) == [PAP_DEFINITIONS[PAP_REFS["red"]]]
            assert node.versions(POLICY) == home.versions(POLICY)
            with node.program.work(CONSOLE, write=False) as work:
                assert work.session.scalars(sa.select(Quarantined)).all() == []


def drafted(program: Program, actor: Actor, incident: Incident, **more: Any) -> Draft:
    with program.work(actor, write=False) as work:
        return draft_part(work, a_part(program, incident, **more), SEED)


def a_part(program: Program, incident: Incident, **more: Any) -> PreparePart:
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(ObjectRow.stix_id).where(ObjectRow.type == "indicator")
        ids = tuple(work.session.scalars(query))
    return PreparePart(Tlp.GREEN, "Others need it", ids, incident=incident.reference, **more)


def test_a_part_keeps_the_pap_and_takes_that_of_the_incident_now(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident, ids = with_pap(program, tomas, "amber")
    promoted(program, tomas, incident, ids[:1])

    before = drafted(program, tomas, incident)
    raised(program, tomas, incident, "red")
    with pytest.raises(PartChanged), program.work(tomas) as work:
        make_part(work, a_part(program, incident), SEED, before.digest)
    after = drafted(program, tomas, incident)
    raised(program, tomas, incident, "clear")
    lowered = drafted(program, tomas, incident)

    carry = [refs_of(each.made[0])[1] for each in (before, after, lowered)]
    assert carry == [PAP_REFS["amber"], PAP_REFS["red"], PAP_REFS["amber"]]


def test_a_part_without_a_pap_that_anybody_chose_lets_no_more_be_done_either(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident, ids = with_pap(program, tomas, None)
    promoted(program, tomas, incident, ids[:1])

    [made] = drafted(program, tomas, incident).made

    assert refs_of(made) == [TLP2_REFS[Tlp.GREEN], PAP_REFS["amber"]]


def policed(program: Program, actor: Actor, policy: StixObject) -> Incident:
    """An incident with one indicator that bears this policy."""
    incident, ids = with_pap(program, actor, "amber")
    with program.work(CONSOLE) as work:
        put(work, policy)
        [stored] = put(work, bound(work, PAP_REFS["amber"], policy.stix_id))
        work.session.execute(
            sa.text("UPDATE incident_observable SET object_id = :it WHERE id = :row"),
            {"it": stored.object_id, "row": ids[0]},
        )
    return incident


def test_a_part_keeps_the_policy_and_its_readers_get_that(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = policed(program, tomas, a_policy(permitted_actions="internally-visible-actions"))
    with program.work(CONSOLE) as work:
        reader = a_reader(work, ceiling=Tlp.GREEN)
        a_collection(work, reader)

    shown = drafted(program, tomas, incident, derived_from=True)
    with program.work(tomas) as work:
        [stix_id] = make_part(work, a_part(program, incident), SEED, shown.digest)
        publish(
            work, find_collection(work.session, "indicators"), [version_of(work, shown.made[0])]
        )

    assert refs_of(shown.made[0]) == [TLP2_REFS[Tlp.GREEN], PAP_REFS["amber"], POLICY]
    assert {stix_id, POLICY, PAP_REFS["amber"]} <= ids_read(program, reader)
    assert facts_of(program, stix_id).iep_actions is Action.INTERNAL


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (a_policy(tlp="amber"), WhyNot.POLICY),
        (a_policy(name="For Harbour Water only"), WhyNot.TOLD),
    ],
)
def test_a_policy_that_is_stricter_or_tells_keeps_the_part_back(
    program: Program, policy: StixObject, why: WhyNot
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = policed(program, tomas, policy)

    [item] = drafted(program, tomas, incident, words="Harbour Water").items

    assert (item.derived.made, item.derived.why_not) == (None, why)


def test_the_page_of_a_part_says_what_it_carries(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER, name="Tomas")
    tomas = the_actor(program, "tomas@example.org")
    incident = policed(program, tomas, a_policy(permitted_actions="internally-visible-actions"))

    visitor.get(f"/release/part?incident={incident.reference}")
    visitor.send("/release/part", act="look", reason="Others need it", tlp="green")

    assert "carries PAP:AMBER" in visitor.text
    assert "keeps “A policy of ours”" in visitor.text


def test_files_carry_it_too(program: Program) -> None:
    lead = a_person(program, "Lena", Role.LEAD)
    with program.work(CONSOLE) as work:
        put(work, a_policy(permitted_actions="internally-visible-actions"))
        a_collection(work, a_reader(work))
        [stored] = put(work, made := bound(work, PAP_REFS["red"], POLICY, tlp=Tlp.GREEN))
        publish(work, find_collection(work.session, "indicators"), [stored.version_id])
        put(work, bound(work, PAP_REFS["amber"], tlp=Tlp.GREEN, value="198.51.100.8"))

    for audience in ("", "cert-b"):
        cmd = Export(Subject.OBJECT, made.stix_id, audience=audience)
        objects = json.loads(exported(program, lead, cmd)[1])["objects"]
        ids = [each["id"] for each in objects]
        assert ids == [TLP2_REFS[Tlp.GREEN], made.stix_id, *ids[2:]]
        assert set(ids[2:]) == {PAP_REFS["red"], POLICY}

    misp = json.loads(exported(program, lead, Export(Subject.OBJECT, made.stix_id, Format.MISP))[1])
    assert misp["Event"]["Attribute"][0]["Tag"] == [{"name": "tlp:green"}, {"name": "PAP:RED"}]
    rows = sheet(exported(program, lead, Export(Subject.OBJECT, made.stix_id, Format.CSV))[1])
    assert [row["pap"] for row in rows] == ["PAP:RED"]


def test_our_own_policy_that_asks_to_be_asked_is_asked_of_two_of_us(program: Program) -> None:
    handler, *leads = (
        a_person(program, name, Role.LEAD if name != "Tomas" else Role.HANDLER)
        for name in ("Tomas", "Lena", "Omar")
    )
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        a_collection(work, reader)
        put(work, a_policy(permitted_actions="contact-for-instruction"))
        put(work, one := bound(work, POLICY, tlp=Tlp.GREEN))
    reference = asked(program, handler, one.stix_id)

    decided(program, leads[0], reference)
    assert one.stix_id not in names(walk(program, reader))
    decided(program, leads[1], reference)

    assert names(walk(program, reader)) == [one.stix_id]


def test_a_definition_is_offered_no_longer_than_what_names_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        early, late = a_reader(work, "early"), a_reader(work, "late")
        indicators = a_collection(work, early, late)
        put(work, a_policy(permitted_actions="internally-visible-actions"))
        one, other = (
            bound(work, PAP_REFS["red"], POLICY),
            bound(work, POLICY, value="198.51.100.8"),
        )
        published(work, indicators, one, other)
    ids_read(program, early)
    named = {PAP_REFS["red"], POLICY}

    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(one.stix_id, "Wrong"))
    after_one = [ids_read(program, each) & named for each in (early, late)]
    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(other.stix_id, "Wrong"))
    after_both = [ids_read(program, each) & named for each in (early, late)]

    assert after_one == [named, {POLICY}]
    assert after_both == [named, {POLICY}]
