"""Permissions of sources, transit, personal data, policies: what they open and close, in feeds and on pages."""

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.markings import IEP_EXTENSION, PAP_EXTENSION, TLP2_REFS
from cirt.objects.models import ObjectFacts, ObjectVersion
from cirt.objects.policies import Action, Iep, Pap, Policy, policy_of
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.register.commands import Promote
from cirt.register.models import IncidentObservable
from cirt.register.service import promote
from cirt.release.commands import SayPersonal
from cirt.release.permitting import end_permission, record_permission
from cirt.release.personal import say_personal
from cirt.release.publishing import publish
from cirt.release.settling import offer_missing, settle_due
from cirt.sharing.explain import explain
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.errors import (
    AlreadyEnded,
    EvidenceMissing,
    OwnObject,
    PermissionCircle,
    PermissionObject,
    PermissionPeriod,
    PermissionRed,
)
from cirt.sharing.permissions.models import Audience
from cirt.sharing.queries import agreements, peer_reader
from tests.support.browse import signed_in
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import a_collection, a_reader, our_indicator, published, read_page
from tests.support.stix import an_object
from tests.support.store import a_policy, indicator, numbered, put, taken

THEIRS = indicator(1, tlp=Tlp.AMBER)


def asked(**more: Any) -> RecordPermission:
    values: dict[str, Any] = {
        "scope": Scope.OBJECT,
        "given_by": "CERT-C, on the telephone",
        "audience": Audience.PEERS,
        "up_to": Tlp.AMBER,
        "stix_id": THEIRS.stix_id,
        "evidence": "Said so on Monday.",
        **more,
    }
    return RecordPermission(**values)


def passing(work: Work) -> tuple[Peer, Peer]:
    """A reader, and one whose AMBER we have put into the reader's collection."""
    reader, bringer = a_reader(work, transit=True), a_reader(work, "cert-c", transit=True)
    collection = a_collection(work, reader)
    [stored] = put(work, THEIRS, origin=bringer)
    publish(work, collection, [stored.version_id])
    return reader, bringer


def read_by(program: Program, peer: Peer) -> list[str]:
    return [row.stix_id for row in read_page(program, peer).rows]


@pytest.mark.parametrize(
    "scope", [{}, {"scope": Scope.PEER, "origin": "cert-c", "stix_id": ""}], ids=["object", "peer"]
)
@pytest.mark.parametrize("audience", [{}, {"audience": Audience.PEER, "reader": "cert-b"}])
def test_a_permission_opens_at_once_and_hides_at_once_when_it_is_ended(
    program: Program, scope: dict[str, Any], audience: dict[str, Any]
) -> None:
    with program.work(CONSOLE) as work:
        reader, _ = passing(work)
    assert read_by(program, reader) == []

    with program.work(CONSOLE) as work:
        reference = record_permission(work, asked(**scope, **audience)).reference
    assert read_by(program, reader) == [THEIRS.stix_id]

    with program.work(CONSOLE) as work:
        end_permission(work, EndPermission(reference, "They changed their mind."))
        with pytest.raises(AlreadyEnded):
            end_permission(work, EndPermission(reference, "again"))
    assert read_by(program, reader) == []


def test_a_permission_runs_out_by_itself_and_a_new_one_offers_anew(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        reader, _ = passing(work)
        record_permission(work, asked(until=work.now + timedelta(hours=1)))
    first = read_page(program, reader).rows[0].date_us

    clock.forward(hours=1)
    assert read_by(program, reader) == []
    with program.work(CONSOLE) as work:
        record_permission(work, asked())

    assert read_page(program, reader).rows[0].date_us > first


def test_one_that_begins_later_is_offered_by_the_periodic_job(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        reader, _ = passing(work)
        record_permission(work, asked(given_on=work.now + timedelta(hours=1)))
    assert read_by(program, reader) == []

    clock.forward(hours=1)
    with program.work(CONSOLE) as work:
        assert settle_due(work) == 1
        assert settle_due(work) == 0
    assert read_by(program, reader) == [THEIRS.stix_id]


def test_without_transit_on_both_sides_no_permission_helps(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader, bringer = passing(work)
        record_permission(work, asked())
        [(agreement, _)] = agreements(work.session, bringer.slug)
        agreement.transit = False
        offer_missing(work, bringer.id)
    assert read_by(program, reader) == []

    with program.work(CONSOLE) as work:
        [(agreement, _)] = agreements(work.session, "cert-c")
        agreement.transit = True
        offer_missing(work, bringer.id)
    assert read_by(program, reader) == [THEIRS.stix_id]


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"stix_id": numbered("indicator", 99)}, PermissionObject),
        ({"stix_id": numbered("indicator", 2)}, OwnObject),
        ({"audience": Audience.PEER, "reader": "cert-c"}, PermissionCircle),
        ({"up_to": Tlp.RED}, PermissionRed),
        ({"evidence": " "}, EvidenceMissing),
    ],
)
def test_what_cannot_be_a_permission_is_refused(
    program: Program, changed: dict[str, Any], refusal: type[CirtError]
) -> None:
    with program.work(CONSOLE) as work:
        passing(work)
        put(work, indicator(2, tlp=Tlp.AMBER))
        with pytest.raises(refusal):
            record_permission(work, asked(**changed))
        with pytest.raises(PermissionPeriod):
            record_permission(work, asked(until=work.now))


def test_only_leads_record_permissions(program: Program) -> None:
    handler = a_person(program, "Tomas", Role.HANDLER)
    with program.work(handler) as work, pytest.raises(NotAllowed):
        record_permission(work, asked())


def test_what_a_peer_brings_of_persons_stays_until_somebody_says_otherwise(
    program: Program,
) -> None:
    mail = indicator(1, tlp=Tlp.GREEN, pattern="[email-addr:value = 'clerk@bank.example']")
    with program.work(CONSOLE) as work:
        reader, bringer = a_reader(work, transit=True), a_reader(work, "cert-c", transit=True)
        collection = a_collection(work, reader)
        [stored] = put(work, mail, origin=bringer)
        publish(work, collection, [stored.version_id])
        said = explain(work, stored.version_id, peer_reader(work.session, reader.id, work.now))
        assert said[0].rule == "personal-not-agreed"
    assert read_by(program, reader) == []

    handler, lead = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Lea", Role.LEAD)
    clear = SayPersonal(mail.stix_id, False, "It is the address of the attacker's shop.")
    with program.work(handler) as work, pytest.raises(NotAllowed):
        say_personal(work, clear)
    with program.work(lead) as work:
        say_personal(work, clear)
    assert read_by(program, reader) == [mail.stix_id]

    with program.work(handler) as work:
        say_personal(work, SayPersonal(mail.stix_id, True, "It is a clerk after all."))
    assert read_by(program, reader) == []


def test_a_policy_that_ends_hides_and_one_that_begins_opens(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        begins, ends = work.now + timedelta(hours=1), work.now + timedelta(hours=2)
        policy = a_policy(
            1,
            start_date=begins.isoformat().replace("+00:00", "Z"),
            end_date=ends.isoformat().replace("+00:00", "Z"),
        )
        bound = indicator(1, object_marking_refs=[TLP2_REFS[Tlp.GREEN], policy.stix_id])
        put(work, policy)
        published(work, a_collection(work, reader), bound)
    assert read_by(program, reader) == []

    clock.forward(hours=1)
    with program.work(CONSOLE) as work:
        assert settle_due(work) == 2  # with its definition
    assert read_by(program, reader) == [policy.stix_id, bound.stix_id]

    clock.forward(hours=1)
    assert bound.stix_id not in read_by(program, reader)
    with program.work(CONSOLE) as work:
        settle_due(work)
    assert read_by(program, reader) == []


@pytest.mark.parametrize(
    ("definition", "policy"),
    [
        ({"name": "PAP:RED"}, Policy(Pap.RED)),
        ({"name": "pap:white"}, Policy(Pap.CLEAR)),
        ({"definition": {"statement": 'PAP="AMBER"'}}, Policy(Pap.AMBER)),
        ({"extensions": {PAP_EXTENSION: {"pap": "green"}}}, Policy(Pap.GREEN)),
        ({"definition": {"statement": "Copyright of PAP:RED Ltd."}}, Policy()),
        ({"extensions": {IEP_EXTENSION: {"permitted_actions": "none"}}}, "none"),
        ({"extensions": {IEP_EXTENSION: {"permitted_actions": "dance"}}}, "none"),
        ({"extensions": {IEP_EXTENSION: {"start_date": "soon"}}}, "none"),
        (
            {"extensions": {IEP_EXTENSION: {"end_date": "1970-01-01"}}},
            Policy(None, Iep(end_us=86_400_000_000)),
        ),
        (
            {"extensions": {IEP_EXTENSION: {"provider_attribution": "must-not"}}},
            Policy(None, Iep(unnamed=True)),
        ),
    ],
)
def test_definitions_say_their_policies_in_many_ways(
    definition: dict[str, Any], policy: Policy | str
) -> None:
    found = policy_of(definition)

    if policy == "none":
        assert found.iep.actions is Action.NONE
    else:
        assert found == policy


def test_a_report_stays_where_what_it_is_about_may_not_go(program: Program) -> None:
    open_, shut = indicator(1, tlp=Tlp.CLEAR), indicator(2, tlp=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        put(work, open_, shut)
        published(
            work,
            a_collection(work, reader),
            a_report(1, open_.stix_id),
            a_report(2, open_.stix_id, shut.stix_id),
        )

    assert read_by(program, reader) == [numbered("report", 1)]


def a_report(number: int, *about: str) -> Any:
    return taken(
        an_object(
            "report",
            id=numbered("report", number),
            name="A wave",
            published="2026-01-01T00:00:00Z",
            object_refs=list(about),
            object_marking_refs=[TLP2_REFS[Tlp.CLEAR]],
        )
    )


def test_an_object_stays_where_its_maker_is_kept_to_ourselves(program: Program) -> None:
    maker = taken(
        an_object(
            "identity",
            id=numbered("identity", 7),
            name="A constituent",
            identity_class="organization",
            object_marking_refs=[TLP2_REFS[Tlp.AMBER_STRICT]],
        )
    )
    with program.work(CONSOLE) as work:
        reader = a_reader(work)
        collection = a_collection(work, reader)
        published(work, collection, indicator(1, tlp=Tlp.CLEAR, created_by_ref=maker.stix_id))
    assert len(read_by(program, reader)) == 1

    with program.work(CONSOLE) as work:
        put(work, maker)
    assert read_by(program, reader) == []


def test_a_lead_reads_why_a_peer_may_not_and_records_the_permission(program: Program) -> None:
    with program.work(CONSOLE) as work:
        reader, _ = passing(work)
    visitor = signed_in(program, Role.LEAD)
    path = f"/indicators/{THEIRS.stix_id}"
    visitor.get(f"{path}/who-may")
    assert "must first permit that CERT-B has it" in visitor.text
    assert "CERT-C brought this itself" in visitor.text

    visitor.get(f"/permissions/new?stix_id={THEIRS.stix_id}")
    refused = visitor.send("/permissions/new", given_by="CERT-C", audience="peers")
    assert refused.status_code == 422
    assert "Say how we know" in visitor.text
    proof = (io.BytesIO(b"zqproof"), "mail.eml")
    visitor.send("/permissions/new", given_by="CERT-C", audience="peers", files=proof)
    visitor.follow()
    assert "On record." in visitor.text
    reference = visitor.page.partition("/permissions/PER-")[2][:9]
    file = visitor.page.partition("/files/")[2].partition('"')[0]
    assert visitor.get(f"/permissions/PER-{reference}/files/{file}").data == b"zqproof"
    assert read_by(program, reader) == [THEIRS.stix_id]

    assert f"PER-{reference}" in visitor.get(path).get_data(as_text=True)
    visitor.get(f"/permissions/PER-{reference}")
    visitor.send(f"/permissions/PER-{reference}/end", reason="Withdrawn")
    visitor.follow()
    assert "Ended" in visitor.text
    assert read_by(program, reader) == []


def test_the_desk_suggests_and_a_person_decides_what_is_personal(program: Program) -> None:
    with program.work(CONSOLE) as work:
        made = our_indicator(work)
        put(work, made)
    visitor = signed_in(program, Role.LEAD)
    path = f"/indicators/{made.stix_id}/who-may"
    visitor.get(path)

    refused = visitor.send(f"/indicators/{made.stix_id}/personal", reason=" ")
    assert refused.status_code == 422
    visitor.get(path)
    visitor.send(f"/indicators/{made.stix_id}/personal", reason="A home line")
    visitor.follow()
    assert "It counts as personal data" in visitor.text


def test_of_what_is_promoted_together_the_mail_addresses_are_personal(program: Program) -> None:
    handler = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, handler)
    with_observables(program, handler, incident, "clerk@bank.example and 198.51.100.9")
    with program.work(handler) as work:
        rows = work.session.scalars(sa.select(IncidentObservable.id)).all()
        promote(work, Promote(incident.reference, tuple(rows), Tlp.AMBER, personal=True))
        facts = sa.select(ObjectVersion.name, ObjectFacts.personal).join(
            ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id
        )
        rows_found = work.session.execute(facts.where(ObjectFacts.type == "indicator"))
        found = {row.name: row.personal for row in rows_found}

    assert found == {"clerk[@]bank[.]example": True, "198[.]51[.]100[.]9": False}
