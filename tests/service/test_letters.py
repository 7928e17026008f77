"""Letters to reporters leave through the gate, by a real SMTP server, once, and are tried again when it is away."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.gpg import find_gpg
from cirt.kernel.net import tls_context
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Actor
from cirt.notify.letters import send_due
from cirt.notify.models import Letter
from cirt.notify.prospects import prospects
from cirt.parties.roles import Role
from cirt.register import service as register
from cirt.register.commands import AddReport, UndoDecision
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.models import Message, MessageState
from cirt.register.dialogue.queries import dialogue_of
from cirt.register.dialogue.service import ask_reporter
from cirt.register.linking.models import LinkKind, ReportIncident
from cirt.register.mail.models import MailOutcome
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.models import Report
from cirt.sharing.letters import ReleasedLetter
from tests.support.browse import signed_in
from tests.support.mail import Smtp, a_certificate, a_mail, key_ring, needs_gpg, smtp_server
from tests.support.register import a_person, a_report, accepting, an_incident

_RANA = "rana@utility.example"


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


@pytest.fixture
def mailing(program: Program, smtp: Smtp) -> Program:
    return _with(program, smtp_port=smtp.port)


@pytest.fixture
def officer(program: Program) -> Actor:
    return a_person(program, "Omar", Role.HANDLER)


def _with(program: Program, **changed: object) -> Program:
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_tls": "none",
        "mail_from": "cert@cirt.example",
        **changed,
    }
    return replace(program, settings=replace(program.settings, **given))  # type: ignore[arg-type]


def _written(
    program: Program, officer: Actor, text: str = "Thank you. Change it.", **given: Any
) -> Message:
    report = a_report(program, **{"contact": _RANA, **given})
    with program.work(officer) as work:
        return ask_reporter(work, AskReporter(report.reference, text, is_letter=True))


def _now(program: Program, message: Message) -> Message:
    with program.work(SYSTEM, write=False) as work:
        return work.session.get_one(Message, message.id)


def test_a_letter_is_sent_once_with_a_message_id_that_stays(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    message = _written(mailing, officer, "Благодарим.\nШшш.")

    assert (send_due(mailing), send_due(mailing)) == (1, 0)

    (raw,) = smtp.taken
    mail = message_from_bytes(raw, policy=default)
    sent = _now(mailing, message)
    assert (sent.state, sent.failure) == (MessageState.SENT, "")
    assert mail["Message-ID"] == f"<{sent.message_id}>"
    assert mail["To"] == _RANA
    assert "cert@cirt.example" in mail["From"]
    body = mail.get_content()
    assert body.splitlines()[:2] == ["Благодарим.", "Шшш."]
    assert raw.isascii()
    with mailing.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Letter)).all() == []


def test_an_answer_to_the_letter_finds_its_report(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    opened = open_mail(a_mail("Help.", subject="Рассылка, phishing"), None)
    with mailing.work(SYSTEM) as work:
        take_mail(work, mailing.keys, opened, MailWay("test"))
        (report,) = work.session.scalars(sa.select(Report))
    with mailing.work(officer) as work:
        ask_reporter(work, AskReporter(report.reference, "Which one?"))
    send_due(mailing)
    mail = message_from_bytes(smtp.taken[0], policy=default)

    answer = a_mail(
        "This one.",
        subject=str(mail["Subject"]),
        In_Reply_To=str(mail["Message-ID"]),
        message_id="<2@utility.example>",
    )
    with mailing.work(SYSTEM) as work:
        outcome = take_mail(work, mailing.keys, open_mail(answer, None), MailWay("test"))

    assert outcome is MailOutcome.ANSWER
    assert str(mail["Subject"]).startswith("Re: Рассылка")
    assert mail["In-Reply-To"] == "<one@utility.example>"


def test_a_server_that_is_away_is_tried_again_and_at_last_given_up(
    program: Program, officer: Actor, clock: FakeClock, smtp: Smtp
) -> None:
    away = _with(program, smtp_port=1)
    message = _written(program, officer)

    send_due(away)
    first = _now(program, message)
    clock.forward(seconds=30)
    too_early = send_due(_with(program, smtp_port=smtp.port))
    clock.forward(minutes=1)
    sent = send_due(_with(program, smtp_port=smtp.port))

    assert first.state is MessageState.QUEUED
    assert "Nothing listens" in first.failure
    assert (too_early, sent) == (0, 1)
    other = _written(program, officer, "Another.")
    send_due(away)
    clock.forward(days=3)
    send_due(away)
    assert _now(program, other).state is MessageState.FAILED


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 5.1.1 no such user", MessageState.FAILED),
        ("451 4.7.1 greylisted", MessageState.QUEUED),
    ],
)
def test_what_the_server_refuses_for_good_is_told_and_what_it_puts_off_is_tried_again(
    mailing: Program, smtp: Smtp, officer: Actor, clock: FakeClock, answer: str, state: MessageState
) -> None:
    smtp.refuse[_RANA] = answer
    message = _written(mailing, officer)

    send_due(mailing)
    refused = _now(mailing, message)
    smtp.refuse.clear()
    clock.forward(hours=1)
    send_due(mailing)

    assert (refused.state, refused.failure) == (state, answer)
    assert len(smtp.taken) == (state is MessageState.QUEUED)


def test_a_try_that_was_cut_off_is_made_again_with_the_same_message_id(
    mailing: Program, smtp: Smtp, officer: Actor, clock: FakeClock
) -> None:
    message = _written(mailing, officer)
    send_due(mailing)
    with mailing.work(SYSTEM) as work:  # as if the power had failed before it was noted
        again = work.session.get_one(Message, message.id)
        again.state = MessageState.QUEUED
        work.session.add(Letter(message_id=message.id, tries=1, next_try_at=work.now, error=""))
    clock.forward(minutes=10)

    send_due(mailing)

    one, two = (message_from_bytes(raw)["Message-ID"] for raw in smtp.taken)
    assert one == two


def test_red_and_strict_never_leave_unencrypted_and_say_what_to_do(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    strict = _written(mailing, officer, tlp=Tlp.AMBER_STRICT)
    amber = _written(mailing, officer)
    with mailing.work(officer) as work:  # it was marked after it was written
        report = work.session.get_one(Report, amber.report_id)
        incident = register.accept_report(work, accepting(report, tlp=Tlp.RED))

    assert send_due(mailing) == 0

    assert smtp.taken == []
    failures = [_now(mailing, one).failure for one in (strict, amber)]
    assert "follow-up page" in failures[0]
    assert "not open to you" in failures[1]
    assert "RED" not in failures[1]
    with mailing.work(officer, write=False) as work:
        (told,) = prospects(mailing, work, [report.reference])
    assert told.decision is not None
    assert told.decision.rule == "letter-red"
    assert incident.tlp is Tlp.RED


def test_a_letter_is_weighed_by_every_incident_that_its_report_is_on(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    message = _written(mailing, officer)
    with mailing.work(officer) as work:
        report = work.session.get_one(Report, message.report_id)
        register.accept_report(work, accepting(report))
    red = an_incident(mailing, officer, tlp=Tlp.RED)
    with mailing.work(officer) as work:
        on = ReportIncident(report_id=message.report_id, incident_id=red.id, kind=LinkKind.ACCEPTED)
        on.reason, on.linked_at = "", work.now
        work.session.add(on)

    assert send_due(mailing) == 0

    assert smtp.taken == []
    held = _now(mailing, message)
    assert held.state is MessageState.FAILED
    assert "RED" not in held.failure


def test_what_is_kept_of_a_failed_letter_tells_nobody_of_the_red_around_it(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    """Whoever reads the report once it is off that incident reads the letter as well, and why it stayed."""
    message = _written(mailing, officer)
    red = an_incident(mailing, officer, tlp=Tlp.RED)
    with mailing.work(officer) as work:
        report = work.session.get_one(Report, message.report_id)
        register.add_report_to_incident(work, AddReport(report.reference, 1, red.reference))
    send_due(mailing)
    other = a_person(mailing, "Amina", Role.HANDLER)
    with mailing.work(other, write=False) as work:
        assert dialogue_of(work, report.reference).rows == []

    with mailing.work(officer) as work:
        register.undo_decision(work, UndoDecision(report.reference, 2))

    with mailing.work(other, write=False) as work:
        (shown,) = dialogue_of(work, report.reference).rows
    assert shown.state is MessageState.FAILED
    assert "Ask a lead" in shown.failure
    for word in ("RED", red.reference):
        assert word not in shown.failure


@needs_gpg
def test_a_strict_letter_goes_encrypted_to_whom_we_have_a_key_of(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    with key_ring("Rana", _RANA) as theirs:
        at_home = replace(mailing.settings, data_dir=theirs.gpg.home / "d")
        sealing = replace(mailing, settings=at_home)
        gpg = find_gpg(at_home)
        assert gpg is not None
        gpg.add_key(theirs.public_key)
        _written(sealing, officer, "A secret.", tlp=Tlp.AMBER_STRICT)

        assert send_due(sealing) == 1

        (raw,) = smtp.taken
        mail = message_from_bytes(raw, policy=default)
        _, sealed = mail.iter_parts()
        opened = theirs.gpg.decrypt(sealed.get_content())
    assert mail.get_content_type() == "multipart/encrypted"
    assert b"A secret." not in raw
    assert b"window" not in raw  # of the report's title
    assert b"A secret." in opened.data


def test_a_server_is_spoken_to_by_tls_that_we_trust_and_with_the_password_of_the_file(
    program: Program, officer: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("right\n")
    certificate = a_certificate(tmp_path)
    with smtp_server(password="right", certificate=certificate) as smtp:
        account = {
            "smtp_tls": "starttls",
            "smtp_user": "cert",
            "smtp_password_file": str(secret),
        }
        untrusted = _written(program, officer, "First.")
        send_due(_with(program, smtp_port=smtp.port, **account))
        with program.work(SYSTEM) as work:
            assert "certificate" in work.session.get_one(Message, untrusted.id).failure
            work.session.execute(sa.delete(Letter))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        tls_context.cache_clear()
        message = _written(program, officer)
        wrong = tmp_path / "wrong"
        wrong.write_text("wrong")
        not_in = _with(
            program, smtp_port=smtp.port, **{**account, "smtp_password_file": str(wrong)}
        )
        send_due(not_in)
        state = _now(program, message).state
        with program.work(SYSTEM) as work:
            work.session.execute(sa.update(Letter).values(next_try_at=work.now))

        assert send_due(_with(program, smtp_port=smtp.port, **account)) == 1
    tls_context.cache_clear()
    assert state is MessageState.QUEUED


def test_what_was_written_long_before_mail_was_set_up_is_not_sent_at_last(
    program: Program, officer: Actor, clock: FakeClock, smtp: Smtp
) -> None:
    message = _written(program, officer)
    assert send_due(program) == 0
    clock.forward(days=30)

    send_due(_with(program, smtp_port=smtp.port))

    assert smtp.taken == []
    assert "not set up" in _now(program, message).failure


def test_what_a_handler_types_cannot_add_a_header_or_a_recipient(
    mailing: Program, smtp: Smtp, officer: Actor
) -> None:
    report = a_report(mailing, contact=_RANA)
    with mailing.work(officer) as work:
        ask = AskReporter(report.reference, "Bcc: x@evil.example", "Hi\r\nBcc: x@evil.example")
        ask_reporter(work, ask)

    send_due(mailing)

    assert smtp.recipients == [_RANA]
    assert "Bcc" not in message_from_bytes(smtp.taken[0])


@pytest.mark.parametrize(
    "odd", ["a@[x{.org", "-.:?=?{@}#[.org", "(-|):+@^.org", "=?utf-8?q?eve=40x.org?=@a.example"]
)
def test_a_contact_that_no_header_can_hold_is_not_mailed_and_holds_up_no_other_letter(
    mailing: Program, smtp: Smtp, officer: Actor, odd: str
) -> None:
    never, kept = _written(mailing, officer, contact=odd), _written(mailing, officer, contact="")
    with mailing.work(SYSTEM) as work:  # as it was written before addresses were read strictly
        work.session.get_one(Message, kept.id).recipient = odd
    sent = _written(mailing, officer)

    send_due(mailing)

    assert (never.recipient, smtp.recipients) == ("", [_RANA])
    assert _now(mailing, sent).state is MessageState.SENT
    assert _now(mailing, kept).state is MessageState.FAILED
    assert odd in _now(mailing, kept).failure


def test_only_the_gate_makes_what_may_be_mailed() -> None:
    with pytest.raises(TypeError):
        ReleasedLetter(("REP-2026-0001",), _RANA, "text", "")


def test_the_page_says_where_a_letter_goes_before_it_is_written(
    mailing: Program, program: Program
) -> None:
    plain = a_report(program, contact=_RANA)
    strict = a_report(program, contact=_RANA, tlp=Tlp.AMBER_STRICT)
    visitor = signed_in(mailing, Role.HANDLER, name="Huda")

    visitor.get(f"/intake/{plain.reference}/messages")
    assert f"It goes to {_RANA} by mail that is not encrypted" in visitor.text
    visitor.get(f"/intake/{strict.reference}/messages")
    assert "goes by mail only if encrypted" in visitor.text


def test_the_pane_shows_what_is_known_of_a_mail(program: Program) -> None:
    raw = a_mail(subject="Re: INC-2026-0042", X_Spam_Flag="YES")
    with program.work(SYSTEM) as work:
        take_mail(work, program.keys, open_mail(raw, None), MailWay("test"))
    visitor = signed_in(program, Role.TRIAGE, name="Huda")

    visitor.get("/intake/REP-2026-0001")

    assert "takes it for spam" in visitor.text
    assert "It says that it belongs to" not in visitor.text  # there is no such incident
