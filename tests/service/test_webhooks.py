"""Other systems report by themselves: one thing is one report, however often and at once it is told."""

import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.roles import Role
from cirt.register import service as register
from cirt.register.commands import RejectReport
from cirt.register.dialogue.models import Message
from cirt.register.models import Report, ReportObservable, ReportSource
from cirt.register.webhook.events import MAX_EVENT_BYTES, PER_MINUTE, take_event
from cirt.register.webhook.mapping import DEFAULT, MappingWrong, event_of, read_mapping
from cirt.register.webhook.service import add_webhook, remove_webhook
from tests.support.browse import Visitor, web_app
from tests.support.register import a_person

_MAP = read_mapping(
    {
        "title": "rule.name",
        "text": ["rule.description", "agent.name"],
        "severity": "rule.level",
        "observables": ["data.srcip", "/data/urls"],
        "key": "rule.id",
        "link": "links.0",
    }
)
_EVENT: dict[str, Any] = {
    "rule": {"id": 5710, "name": "Brute force", "level": 10, "description": "Many tries."},
    "agent": {"name": "mail-1"},
    "data": {"srcip": "198.51.100.7", "urls": ["http://evil.example/a", "http://evil.example/b"]},
    "links": ["https://siem.utility.example/5710"],
    "of no interest": {"x": [None, True, {"y": 1.5}]},
}


@pytest.fixture
def token(program: Program) -> str:
    with program.work(CONSOLE) as work:
        return add_webhook(work, "siem", _MAP, Tlp.GREEN)


def _post(program: Program, token: str, body: Any = _EVENT, name: str = "siem") -> TestResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    client = Visitor(web_app(program)).client
    return client.post(f"/intake/webhook/{name}", data=raw, headers=headers)


def _reports(program: Program) -> list[Report]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(Report).order_by(Report.id)))


def test_an_event_becomes_a_report_with_what_the_mapping_names(
    program: Program, token: str
) -> None:
    answer = _post(program, token)

    assert (answer.status_code, answer.get_json()["count"]) == (201, 1)
    (report,) = _reports(program)
    assert answer.get_json()["reference"] == report.reference
    assert (report.title, report.tlp, report.source) == (
        "Brute force",
        Tlp.GREEN,
        ReportSource.WEBHOOK,
    )
    assert "Many tries.\nmail-1" in report.text
    with program.work(SYSTEM, write=False) as work:
        found = set(work.session.scalars(sa.select(ReportObservable.value)))
    assert {"198.51.100.7", "http://evil.example/a", "http://evil.example/b"} <= found


def test_the_same_key_again_counts_and_is_told_where_it_says_something_new(
    program: Program, token: str
) -> None:
    more = {**_EVENT, "data": {"srcip": "203.0.113.9"}}

    counts = [_post(program, token, body).get_json()["count"] for body in (_EVENT, _EVENT, more)]
    other = _post(program, token, {**_EVENT, "rule": {**_EVENT["rule"], "id": 1}})

    assert (counts, other.status_code) == ([1, 2, 3], 201)
    assert len(_reports(program)) == 2
    with program.work(SYSTEM, write=False) as work:
        (message,) = work.session.scalars(sa.select(Message))
    assert "203.0.113.9" in message.text
    assert message.read_at is not None


def test_what_was_rejected_begins_anew(program: Program, token: str) -> None:
    _post(program, token)
    (report,) = _reports(program)
    with program.work(a_person(program, "Omar", Role.TRIAGE)) as work:
        register.reject_report(work, RejectReport(report.reference, report.version, "A test."))

    answers = [_post(program, token).get_json() for _ in range(2)]

    assert [one["count"] for one in answers] == [1, 2]
    assert len(_reports(program)) == 2


def test_many_at_once_under_one_key_are_one_report(program: Program, token: str) -> None:
    def tell() -> None:
        with program.work(SYSTEM) as work:
            take_event(work, "siem", token, json.dumps(_EVENT).encode())

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_reports(program)) == 1
    assert _post(program, token).get_json()["count"] == 9


def test_events_without_a_key_are_reports_each(program: Program, token: str) -> None:
    for _ in range(2):
        assert _post(program, token, {"rule": {"name": "x"}}).status_code == 201

    assert len(_reports(program)) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{", 422),
        (b'"x"', 422),
        (b'{"a": "\\ud800"}', 422),
        (b"[" * 100_000, 422),
        (b'{"rule": {"name": "\\u0000 <script>"}}', 201),
        (b'{"rule": {"name": {"deep": [[[]]]}}}', 201),
        (b"{}", 201),
        (b'{"x": "' + b"y" * MAX_EVENT_BYTES + b'"}', 413),
    ],
)
def test_whatever_is_sent_is_taken_or_refused_in_plain_words(
    program: Program, token: str, body: bytes, status: int
) -> None:
    answer = _post(program, token, body)

    assert answer.status_code == status
    if status != 201:
        assert answer.get_json()["message"]
        assert _reports(program) == []


def test_a_wrong_token_and_an_unknown_name_are_told_alike_before_the_body_is_read(
    program: Program, token: str
) -> None:
    wrong = [_post(program, "no", b"{"), _post(program, token, b"{", name="nothing")]
    with program.work(CONSOLE) as work:
        remove_webhook(work, "siem")
    wrong.append(_post(program, token))

    assert [answer.status_code for answer in wrong] == [401] * 3
    assert len({answer.get_data() for answer in wrong}) == 1


def test_too_many_in_a_minute_are_asked_to_come_back(
    program: Program, token: str, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        work.session.execute(
            sa.text("UPDATE webhook SET window_count = :n, window_at = :now"),
            {"n": PER_MINUTE - 1, "now": work.now},
        )

    answers = [_post(program, token) for _ in range(2)]
    clock.forward(minutes=1)

    assert [answer.status_code for answer in answers] == [201, 429]
    assert answers[1].headers["Retry-After"] == "60"
    assert _post(program, token).status_code == 200


@pytest.mark.parametrize("given", [[], {"colour": "x"}, {"title": 1}, {"title": [""]}])
def test_a_mapping_that_cannot_be_used_is_refused(given: object) -> None:
    with pytest.raises(MappingWrong):
        read_mapping(given)


def test_without_a_mapping_the_usual_names_are_read_and_else_the_whole_event() -> None:
    usual = event_of({"name": "Down", "id": 7, "message": "Host is down."}, DEFAULT)
    unknown = event_of({"foo": "bar"}, DEFAULT)

    assert (usual.title, usual.key, usual.text) == ("Down", "7", "Host is down.")
    assert '"foo": "bar"' in unknown.text
