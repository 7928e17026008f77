"""Input that no careful person sends: it is refused in plain words or kept as it came, and nothing else is lost."""

import base64
import json
import re
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from cirt.boot.app import create_app
from cirt.files.models import Attachment
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.models import StixObject
from cirt.parties.peers import PeerFacts, add_peer, set_credentials
from cirt.parties.roles import Role
from cirt.register.models import Entry, EntryKind, Incident, Note, Report
from cirt.release.collections import AddCollection, add_collection, add_member
from cirt.release.models import CollectionKind
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.support.browse import PASSWORD, Visitor, a_colleague
from tests.support.register import a_person, a_report, an_incident
from tests.support.taxii import MEDIA, ROOT, an_indicator

HOSTILE = {
    "nul": "before\x00after",
    "controls": "bell\x07 escape\x1b[31m backspace\x08 vertical\x0b",
    "direction": "invoice\u202egpj.exe \u2066isolated\u2069 \u200fmark",
    "surrogate": "half a pair \ud83d here",
    "separators": "line\u2028paragraph\u2029end\ufeff",
    "markup": "<script>alert(1)</script>'\"`{{7*7}}{% raw %}%(name)s{name}",
    "formula": '=HYPERLINK("http://x.example")',
    "combining": "Z" + "\u0301" * 500,
    "not-a-character": "\ufffe\uffff \U0010ffff",
}
INSIDE = ("Traceback", 'File "', "sqlalchemy", "psycopg", "sqlite3", "SELECT ")


@pytest.fixture
def app(program: Program) -> Flask:
    return create_app(program)


@pytest.fixture
def lead(program: Program, app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.sign_in(a_colleague(program, Role.LEAD, name="Lin"))
    return visitor


def is_in_our_words(answer: TestResponse) -> bool:
    """No fault, and nothing of the inside."""
    said = answer.get_data(as_text=True)
    return answer.status_code < 500 and not any(word in said for word in INSIDE)


def rows(program: Program, table: Any) -> list[Any]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(table)))


def test_every_decision_stands_odd_characters(program: Program, lead: Visitor) -> None:
    report = a_report(program).reference
    lead.get("/account")
    token = lead.form("/account/language").fields["form_token"]
    names = ("link_to", "leading", "to", "words", "incident", "title", "classification")
    for text in map(as_typed, HOSTILE.values()):
        for decision in ("accept", "add", "forward", "link", "merge"):
            fields = dict.fromkeys(names, text)
            answer = lead.post(
                f"/triage/{report}/decision",
                {
                    "form_token": token,
                    "decision": decision,
                    "version": "1",
                    "reason": text,
                    **fields,
                },
            )
            assert is_in_our_words(answer), decision
    [row] = rows(program, Report)
    assert row.state.value == "received"


def as_typed(text: str) -> str:
    """A browser sends what UTF-8 cannot hold as a question mark; others send it as it is."""
    return text.encode("utf-8", "replace").decode()


def test_reports_full_of_odd_characters_arrive_and_can_be_read(
    program: Program, app: Flask, lead: Visitor
) -> None:
    for number, text in enumerate(map(as_typed, HOSTILE.values()), 1):
        visitor = Visitor(app)
        visitor.get("/report")
        file = (BytesIO(b"a log"), f"log {text}.txt")

        visitor.send("/report", text=f"text {text}", organisation=f"firm {text[:50]}", files=file)
        if visitor.last is not None and visitor.last.status_code == 422:  # said at its field
            assert visitor.form("/report").fields["text"] == [f"text {text}"]
            file = (BytesIO(b"a log"), f"log {text}.txt")
            visitor.send("/report", organisation="firm", files=file)
        visitor.follow()

        assert "Your report has arrived" in visitor.text
        reference = f"REP-2026-{number:04}"
        assert reference in visitor.text
        for path in ("/triage", f"/triage?selected={reference}", f"/intake/{reference}"):
            assert is_in_our_words(lead.get(path)), path
        assert "firm" in lead.text
        assert "<script>alert" not in lead.page
        place = re.search(rf"/intake/{reference}/files/\d+", lead.page)
        assert place
        answer = lead.get(place[0])
        assert answer.data == b"a log"
        assert answer.headers["Content-Disposition"].isprintable()


def test_what_the_database_cannot_hold_is_kept_as_a_file(program: Program, app: Flask) -> None:
    visitor = Visitor(app)
    visitor.get("/report")

    visitor.send("/report", text="before\x00after")

    [report] = rows(program, Report)
    assert report.text == "before\u2400after"
    assert [file.name for file in rows(program, Attachment)] == ["text-as-sent.txt"]


def test_every_form_of_the_desk_stands_odd_characters(program: Program, lead: Visitor) -> None:
    """Whatever becomes of it, it is not our fault and no trace is shown."""
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas).reference
    report = a_report(program).reference
    lead.get("/account")
    token = lead.form("/account/language").fields["form_token"]
    for text in map(as_typed, HOSTILE.values()):
        for path, names in forms_of(report, incident).items():
            answer = lead.post(path, {"form_token": token, **dict.fromkeys(names, text)})
            assert is_in_our_words(answer), path


def forms_of(report: str, incident: str) -> dict[str, tuple[str, ...]]:
    """The fields of the desk's forms, by where they are sent."""
    return {
        f"/triage/{report}/decision": ("decision", "title", "classification", "reason", "version"),
        f"/triage/{report}/split": ("decision", "title", "classification", "incident", "reason"),
        f"/triage/{report}/sector": ("sector", "version"),
        f"/triage/{report}/unlink": ("to",),
        f"/triage/{report}/unmerge": ("merge_id",),
        "/triage/bulk": ("do", "r"),
        "/triage/bulk/1": ("reason", "target"),
        "/triage/views/new": ("name", "query", "shared"),
        "/triage/agencies/new": ("name", "address", "purpose"),
        f"/incidents/{incident}/merge": ("leading", "reason", "version"),
        f"/incidents/{incident}/unmerge": ("merge_id",),
        f"/incidents/{incident}/edit": ("title", "severity", "tlp", "owner_id", "reason"),
        f"/incidents/{incident}/state": ("to", "reason", "close_reason", "version"),
        f"/incidents/{incident}/notes": ("text", "tlp"),
        f"/incidents/{incident}/observables/new": ("text",),
        f"/incidents/{incident}/observables/decisions": ("do-1", "do-x"),
        f"/incidents/{incident}/indicators": ("observable_ids", "tlp", "valid_days", "reason"),
        f"/incidents/{incident}/release": ("stix_ids", "collections", "title", "reason"),
        "/incidents/new": ("title", "classification", "severity", "tlp"),
        "/admin/webhooks": ("done",),
        "/admin/mail": ("done",),
        "/release/new": ("incident", "stix_ids", "collections", "title", "reason", "sector"),
        "/account/language": ("language",),
        "/account/theme": ("theme", "return_to"),
    }


def test_a_note_that_cannot_be_kept_as_it_is_comes_back_whole(
    program: Program, lead: Visitor
) -> None:
    incident = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    for text in map(as_typed, HOSTILE.values()):
        lead.get(f"/incidents/{incident}")
        answer = lead.send(f"/incidents/{incident}/notes", text=f"A note: {text}")

        if answer.status_code == 422:
            assert lead.form(f"/incidents/{incident}/notes").fields["text"] == [f"A note: {text}"]
        else:
            assert lead.follow().status_code == 200
            assert "A note:" in lead.text
    assert len(rows(program, Note)) >= len(HOSTILE) - 1


LISTS = {
    "/triage": ("page", "view", "source", "lane", "sector", "sort", "words", "selected"),
    "/incidents": ("page", "state", "class", "severity", "who", "q"),
    "/indicators": ("page", "words", "state", "source", "tlp"),
    "/release": ("page", "view"),
    "/release/new": ("incident", "stix_ids"),
    "/sync/quarantine": ("page", "peer", "outcome", "case", "age", "view", "decision"),
    "/sync/quarantine/alike": ("peer", "code"),
    "/sync/outgoing": ("page", "peer"),
    "/admin/audit": ("above", "below", "actor", "act", "subject"),
    "/report/sent": ("receipt",),
}


def test_addresses_that_nothing_has_are_not_found(app: Flask, program: Program) -> None:
    lead = Visitor(app)
    lead.sign_in(a_colleague(program, Role.LEAD, Role.ADMIN, Role.AUDITOR, name="Omar"))
    for number in ("0", "-1", "2147483648", "9223372036854775808", "9" * 40, "%00", "\u00b2"):
        for path in (
            f"/intake/REP-2026-0001/files/{number}",
            f"/incidents/INC-2026-0001/notes/{number}",
            f"/sync/quarantine/{number}",
            f"/sync/links/{number}",
            f"/admin/users/{number}",
            f"/admin/webhooks/{number}",
            f"/admin/mail/{number}",
            f"/intake/{number}",
            f"/incidents/{number}",
            f"/indicators/{number}",
            f"/release/{number}",
            f"/peers/{number}",
            f"/peers/{number}/agreements/{number}",
        ):
            answer = lead.get(path)
            assert is_in_our_words(answer), path
            assert answer.status_code == 404, path
        for path, names in LISTS.items():
            for name in names:
                answer = lead.get(f"{path}?{name}={number}")
                assert is_in_our_words(answer), f"{path}?{name}={number}"


def test_a_decision_sent_twice_is_one_incident(program: Program, lead: Visitor) -> None:
    reference = a_report(program).reference
    lead.get(f"/intake/{reference}")
    action = f"/triage/{reference}/decision"
    form = lead.form(action).fields
    given = {**form, "decision": "accept", "title": "Remote access", "severity": "high"}
    given["classification"] = "fraud/phishing"

    first, second = (lead.post(action, given) for _ in range(2))

    assert first.status_code == 303
    assert second.headers["Location"] == first.headers["Location"] + "?sent=1"
    lead.follow()
    assert "Remote access" in lead.text
    assert "This was already sent" in lead.text
    assert len(rows(program, Incident)) == 1


def test_two_who_save_the_same_note_both_keep_their_words(
    program: Program, app: Flask, lead: Visitor
) -> None:
    incident = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    other = Visitor(app)
    other.sign_in(a_colleague(program, Role.HANDLER, name="Amina"))
    lead.get(f"/incidents/{incident}")
    lead.send(f"/incidents/{incident}/notes", text="The first words")
    [note] = rows(program, Note)
    path = f"/incidents/{incident}/notes/{note.id}"
    lead.get(path)
    other.get(path)

    assert lead.send(path, text="Words of Lin").status_code == 303
    answer = other.send(path, text="Words of Amina")

    assert answer.status_code == 409
    assert "Words of Lin" in other.page
    assert other.form(path).fields["text"] == ["Words of Amina"]
    other.get(path)  # even after the page was closed
    assert other.form(path).fields["text"] == ["Words of Amina"]
    assert [row.text for row in rows(program, Note)] == ["Words of Lin"]


def test_a_note_saved_after_signing_out_comes_back_after_signing_in(
    program: Program, lead: Visitor
) -> None:
    incident = an_incident(program, a_person(program, "Tomas", Role.HANDLER)).reference
    lead.get(f"/incidents/{incident}")
    form = lead.form(f"/incidents/{incident}/notes").fields
    lead.send("/sign-out")  # in another tab; the browser has no cookie of the session any more

    answer = lead.post(f"/incidents/{incident}/notes", {**form, "text": "A long note"})
    assert answer.status_code == 401
    lead.send("/sign-in", email="lin@example.org", password=PASSWORD)

    assert "Your text is still here" in lead.text
    assert lead.send(f"/incidents/{incident}/notes").status_code == 303
    assert [note.text for note in rows(program, Note)] == ["A long note"]
    assert len([e for e in rows(program, Entry) if e.kind is EntryKind.NOTE]) == 1


@pytest.fixture
def peer(program: Program, app: Flask) -> "Poster":
    with program.work(CONSOLE) as work:
        found = add_peer(work, program.keys, "alice", PeerFacts(name="Alice", country="XA"))
        set_credentials(work, "alice", "alice", PASSWORD)
        add_agreement(work, AddAgreement("alice", ceiling=Tlp.AMBER))
        add_member(
            work, add_collection(work, AddCollection("in", "In", CollectionKind.SHARED)), found
        )
    return Poster(app)


class Poster:
    """A peer that posts whatever bytes it likes."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        secret = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
        self._headers = {"Accept": MEDIA, "Authorization": f"Basic {secret}"}

    def post(self, body: bytes, media: str = MEDIA) -> TestResponse:
        headers = {**self._headers, "Content-Type": media}
        return self._client.post(f"{ROOT}collections/in/objects/", data=body, headers=headers)


def envelope(*objects: object) -> bytes:
    return json.dumps({"objects": objects}).encode()


DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "not-json": (b"objects: yes", 400),
    "cut": (envelope(an_indicator())[:-20], 400),
    "another-encoding": (envelope(an_indicator()).decode().encode("utf-16"), 400),
    "deep": (b'{"objects":' + DEEP + b"}", 400),
    "a-list": (b"[]", 400),
    "no-objects": (b"{}", 422),
    "objects-twice": (b'{"objects":[{"type":"x"}],"objects":[]}', 422),
}


def test_a_post_that_is_no_envelope_is_refused_whole(peer: "Poster", program: Program) -> None:
    before = len(rows(program, StixObject))
    for name, (body, status) in BODIES.items():
        answer = peer.post(body)

        assert answer.status_code == status, name
        assert is_in_our_words(answer), name
        assert answer.headers["Content-Type"] == MEDIA
        assert answer.get_json()["title"]
    assert len(rows(program, StixObject)) == before


def test_another_media_type_is_refused(peer: "Poster") -> None:
    for media in ("application/json", "text/plain", "", "multipart/form-data", "\x7f"):
        answer = peer.post(envelope(an_indicator()), media)

        assert answer.status_code == 415, media
        assert is_in_our_words(answer)


def test_a_post_over_the_limit_is_refused(peer: Poster, program: Program) -> None:
    answer = peer.post(b" " * (program.settings.max_content_bytes + 1))

    assert answer.status_code == 413
    assert is_in_our_words(answer)


BAD_OBJECTS: dict[str, bytes] = {
    "not-utf-8": b'{"type":"x","name":"\xff"}',
    "no-type": b'{"id":"indicator--x"}',
    "a-number": b"7",
    "a-key-twice": json.dumps(an_indicator()).encode()[:-1] + b',"name":"again"}',
    "deep": json.dumps(an_indicator(x_deep="?"))
    .encode()
    .replace(b'"?"', DEEP[:5000] + DEEP[-5000:]),
    "nul-in-a-name": json.dumps(an_indicator(name="a\x00b")).encode(),
    "surrogate": json.dumps(an_indicator(name="?")).encode().replace(b"?", b"\\ud83d"),
    "id-of-another-type": json.dumps(an_indicator(id="malware--1")).encode(),
    "huge-number": json.dumps(an_indicator(x_n=1))
    .encode()
    .replace(b'"x_n": 1', b'"x_n": ' + b"9" * 5000),
    "not-a-number": json.dumps(an_indicator(x_n=1)).encode().replace(b'"x_n": 1', b'"x_n": NaN'),
    "far-future": json.dumps(an_indicator() | {"modified": "9999-12-31T23:59:59.999Z"}).encode(),
    "pattern-that-is-none": json.dumps(an_indicator(pattern="[[[")).encode(),
}


def test_one_bad_object_does_not_harm_the_good_ones(peer: "Poster", program: Program) -> None:
    for name, bad in BAD_OBJECTS.items():
        good = [json.dumps(an_indicator(number)).encode() for number in (1, 2)]

        answer = peer.post(b'{"objects":[' + b",".join([good[0], bad, good[1]]) + b"]}")

        assert is_in_our_words(answer), name
        assert answer.status_code == 202, (name, answer.text)
        told = answer.get_json()
        assert (told["success_count"], told["failure_count"]) == (2, 1), name
        assert told["failures"][0]["message"], name
        kept = {row.stix_id for row in rows(program, StixObject)}
        assert {json.loads(one)["id"] for one in good} <= kept


def test_types_and_properties_nobody_knows_are_kept_as_they_came(peer: Poster) -> None:
    odd = {**an_indicator(), "type": "x-thing", "x_more": {"a": [1, 2.5, "é"]}}
    odd["id"] = odd["id"].replace("indicator", "x-thing")

    answer = peer.post(envelope(odd))

    assert answer.get_json()["success_count"] == 1
