"""Exports: what the gate lets go for whoever it is for, labelled by the strictest, safe to open, in the trail."""

import hashlib
import json

import pytest
import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.objects.catalogue import CatalogueFilter
from cirt.objects.models import StixObject
from cirt.parties.peers import find_peer, suspend_peer
from cirt.parties.roles import Role
from cirt.release.commands import Revoke
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.exporting.errors import NoSuchExport, NothingToExport
from cirt.release.exporting.sheet import cell
from cirt.release.reach import reach, spread
from cirt.release.recalling.models import LetterKind, PeerLetter
from cirt.release.recalling.revoking import revoke_indicator
from tests.support.browse import signed_in
from tests.support.exporting import exported, ids_in, of_list, sheet
from tests.support.register import a_person
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    our_indicator,
    published,
    read_page,
)
from tests.support.store import indicator, put


@pytest.fixture
def lead(program: Program) -> Actor:
    return a_person(program, "Lena", Role.LEAD)


@pytest.fixture
def ids(program: Program) -> dict[str, str]:
    """By marking: one released to cert-b, whose ceiling is AMBER, and one that stays here; and two of RED."""
    made: dict[str, str] = {}
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        collection = a_collection(work, peer)
        for number, tlp in enumerate(Tlp):
            out = our_indicator(work, f"198.51.100.{number}", tlp)
            stays = our_indicator(work, f"203.0.113.{number}", tlp)
            published(work, collection, out)
            put(work, stays)
            made |= {f"out-{tlp}": out.stix_id, f"here-{tlp}": stays.stix_id}
    return made


def indicators_in(cmd: Export, body: bytes) -> set[str]:
    found = ids_in(cmd, body)
    if cmd.format is Format.MISP:
        return {f"indicator--{each}" for each in found}
    return {each for each in found if each.startswith("indicator")}


@pytest.mark.parametrize("form", list(Format))
def test_staff_get_what_they_may_read_and_never_red(
    program: Program, lead: Actor, ids: dict[str, str], form: Format
) -> None:
    cmd = of_list(form)

    name, body = exported(program, lead, cmd)

    assert indicators_in(cmd, body) == {v for k, v in ids.items() if not k.endswith("red")}
    assert b"TLP:RED" not in body
    assert name.startswith("tlp-amber-strict-20261118-120000.")


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("subject", [Subject.INDICATORS, Subject.COLLECTION])
def test_as_for_a_peer_there_is_what_stands_open_to_it(
    program: Program, lead: Actor, ids: dict[str, str], form: Format, subject: Subject
) -> None:
    alias = "indicators" if subject is Subject.COLLECTION else ""
    cmd = Export(subject, alias, form, "cert-b")

    name, body = exported(program, lead, cmd)

    assert indicators_in(cmd, body) == {ids["out-clear"], ids["out-green"], ids["out-amber"]}
    assert name.startswith("tlp-amber-2")


def test_a_release_not_yet_decided_gives_a_peer_nothing(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    handler = a_person(program, "Hana", Role.HANDLER)
    reference = asked(program, handler, ids["here-green"])
    staff, theirs = (Export(Subject.RELEASE, reference, audience=to) for to in ("", "cert-b"))

    assert indicators_in(staff, exported(program, lead, staff)[1]) == {ids["here-green"]}
    with pytest.raises(NothingToExport):
        exported(program, lead, theirs)

    decided(program, lead, reference)

    assert indicators_in(theirs, exported(program, lead, theirs)[1]) == {ids["here-green"]}


def test_who_had_it_by_a_file_alone_has_it_and_is_written_to_when_it_is_revoked(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    exported(program, lead, Export(Subject.OBJECT, ids["out-green"], audience="cert-b"))

    with program.work(lead) as work:
        query = sa.select(StixObject.id).where(StixObject.stix_id == ids["out-green"])
        object_id = work.session.scalars(query).one()
        assert spread(reach(work, object_id)).have == ["CERT-B"]
        revoke_indicator(work, Revoke(ids["out-green"], "Wrong address"))
        [letter] = work.session.scalars(sa.select(PeerLetter))
        assert letter.kind is LetterKind.CLOSED


def test_a_suspended_peer_gets_nothing(program: Program, lead: Actor, ids: dict[str, str]) -> None:
    with program.work(CONSOLE) as work:
        suspend_peer(work, "cert-b")

    with pytest.raises(NothingToExport):
        exported(program, lead, of_list(audience="cert-b"))


def test_of_what_was_recalled_a_peer_gets_the_bare_revocation(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    with program.work(CONSOLE, write=False) as work:
        peer = find_peer(work.session, "cert-b")
    read_page(program, peer)
    with program.work(lead) as work:
        revoke_indicator(work, Revoke(ids["out-green"], "Wrong address"))

    body = exported(program, lead, of_list(audience="cert-b"))[1]

    [found] = [each for each in json.loads(body)["objects"] if each["id"] == ids["out-green"]]
    assert found["revoked"] is True
    assert not {"name", "description"} & set(found)


def test_one_object_and_what_is_hidden_like_what_is_not_there(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    cmd = Export(Subject.OBJECT, ids["here-green"])

    assert indicators_in(cmd, exported(program, lead, cmd)[1]) == {ids["here-green"]}
    for name in (ids["here-red"], "indicator--00000000-0000-4000-8000-000000000000", "x"):
        with pytest.raises(NoSuchExport):
            exported(program, lead, Export(Subject.OBJECT, name))


def test_the_list_is_exported_as_it_is_filtered(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    cmd = of_list(wanted=CatalogueFilter(tlp=Tlp.GREEN))

    assert indicators_in(cmd, exported(program, lead, cmd)[1]) == {
        ids["out-green"],
        ids["here-green"],
    }


def test_whoever_does_not_read_content_exports_none(program: Program, ids: dict[str, str]) -> None:
    admin = a_person(program, "Ada", Role.ADMIN)

    with pytest.raises(NotAllowed):
        exported(program, admin, of_list())


def test_an_export_stands_in_the_trail_with_its_digest_and_without_content(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    cmd = of_list(Format.CSV, audience="cert-b", wanted=CatalogueFilter(words="Address"))

    _, body = exported(program, lead, cmd)

    with program.work(CONSOLE, write=False) as work:
        query = sa.select(AuditEntry.facts).where(AuditEntry.act == "export.save")
        [facts] = work.session.scalars(query)
    said = json.loads(facts)
    assert said["sha256"] == hashlib.sha256(body).hexdigest()
    assert said["audience"] == "cert-b"
    assert said["objects"] == 3
    assert "ddress" not in facts


def test_the_bundle_is_read_back_byte_by_byte(
    program: Program, lead: Actor, ids: dict[str, str]
) -> None:
    with program.work(CONSOLE) as work:
        odd = indicator(77, tlp=Tlp.GREEN, name='Ünïcode \\ " and \u2028')
        put(work, odd)

    _, body = exported(program, lead, of_list())

    assert odd.raw in body
    assert json.loads(body)["objects"][0]["name"] == "TLP:AMBER+STRICT"


def test_what_looks_like_a_formula_is_text_in_a_sheet(program: Program, lead: Actor) -> None:
    evil = ("=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "＝1", "a\r\n=1")  # noqa: RUF001
    with program.work(CONSOLE) as work:
        for number, name in enumerate(evil):
            put(work, indicator(number + 1, tlp=Tlp.GREEN, name=name, labels=[name, "=2"]))

    rows = sheet(exported(program, lead, of_list(Format.CSV))[1])

    assert len(rows) == len(evil)
    for row in rows:
        for value in row.values():
            assert value.lstrip(' "')[:1] not in tuple("=+-@＝")  # noqa: RUF001
            assert "\n" not in value
            assert "\r" not in value


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (None, ""), (True, "yes"), ([], ""), (-1, "'-1")]
)
def test_a_sheet_tells_a_confidence_of_nought_from_none(value: object, text: str) -> None:
    assert cell(value) == text


def test_the_page_hands_the_file_over_without_a_name_in_its_name(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, our_indicator(work, "198.51.100.9", Tlp.AMBER))
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/exports?of=indicators&words=198.51.100.9")

    answer = visitor.send("/exports", format="csv")

    assert answer.status_code == 200
    disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename=tlp-amber-20261118-120000.csv"
    assert len(answer.data) == int(answer.headers["Content-Length"])
    assert answer.data.startswith(b"# TLP:AMBER\r\n")
    assert answer.headers["Cache-Control"] == "no-store"
    again = (
        visitor.send("/exports", format="csv") if visitor.get("/exports?of=indicators") else None
    )
    assert again is not None
    assert again.status_code == 200


def test_bad_wishes_are_told_in_words(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/exports?of=indicators")
    form = visitor.form("/exports")

    for changed, status in (
        ({"format": "xls"}, 422),
        ({"format": "stix"}, 422),  # nothing is here
        ({"audience": "nobody-there", "format": "stix"}, 404),
        ({"subject": "object", "name": "x", "format": "stix"}, 404),
        ({"subject": "everything"}, 422),
        ({"words": "a\0b\udfff", "format": "stix"}, 422),
        ({"more": "x"}, 422),
    ):
        data = {**form.fields, "format": "csv", **changed}
        answer = visitor.post(
            "/exports",
            {k: v for k, v in data.items() if k != "words"}
            | ({"words": "a\0b"} if "words" in changed else {}),
        )
        assert answer.status_code == status, (changed, visitor.text)
    for path in (
        "/exports?of=object&name=x",
        "/exports?of=release&name=REL-1",
        "/exports?of=collection",
    ):
        assert visitor.get(path).status_code == 404
    assert visitor.get("/exports?of=nothing").status_code == 200
