"""Whoever reports by mail gets one letter from the program, which no program, list or forged sender can draw from it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed
from cirt.kernel.gpg import Signature
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import PUBLIC, SYSTEM, Actor
from cirt.notify.letters import IN_CONFIDENCE, send_due
from cirt.parties.roles import Role
from cirt.register.acknowledging import service
from cirt.register.acknowledging.commands import (
    RestoreAcknowledgement,
    SaveAcknowledgement,
    SetAcknowledging,
)
from cirt.register.acknowledging.errors import NoSuchLanguage, PlaceMissing, WordsChanged
from cirt.register.acknowledging.models import AcknowledgedSender
from cirt.register.acknowledging.rules import HIDDEN, included
from cirt.register.commands import AskStatus
from cirt.register.dialogue.follow import follow_up
from cirt.register.dialogue.models import Message, MessageKind, MessageState
from cirt.register.mail.models import MailOutcome
from cirt.register.mail.opening import Pgp, open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.models import Lane, Report
from cirt.sources.mails import reply_way
from tests.support.mail import Smtp, a_mail, smtp_server
from tests.support.register import a_person

_RANA = "rana@utility.example"


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


@pytest.fixture
def mailing(program: Program, smtp: Smtp) -> Program:
    """It sends and receives mail."""
    box = {"mail": {"host": "127.0.0.1", "user": "Reports@cirt.example"}}
    settings = replace(
        program.settings,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_tls="none",
        mail_from="cert@cirt.example",
        base_url="https://cirt.example",
        connectors=box,
    )
    return replace(program, settings=settings)


@pytest.fixture
def admin(program: Program) -> Actor:
    return a_person(program, "Adam", Role.ADMIN)


def _takes(program: Program, raw: bytes, **way: object) -> MailOutcome | None:
    """As when the mail was written this moment."""
    opened = open_mail(_dated(program, raw), None)
    with program.work(SYSTEM) as work:
        given = MailWay("test", reply=reply_way(program.settings))
        return take_mail(work, program.keys, opened, replace(given, **way))  # type: ignore[arg-type]


def _dated(program: Program, raw: bytes) -> bytes:
    mail = message_from_bytes(raw)
    mail.replace_header("Date", format_datetime(program.clock.now()))
    return mail.as_bytes()


def _written(program: Program) -> list[Message]:
    with program.work(SYSTEM, write=False) as work:
        query = sa.select(Message).where(Message.kind == MessageKind.ACKNOWLEDGEMENT)
        return list(work.session.scalars(query.order_by(Message.id)))


def _sent(program: Program, smtp: Smtp) -> list[EmailMessage]:
    send_due(program)
    return [message_from_bytes(raw, policy=default) for raw in smtp.taken]


def test_a_reporter_by_mail_gets_one_letter_with_reference_and_a_code_that_works(
    mailing: Program, smtp: Smtp
) -> None:
    _takes(mailing, a_mail())

    (mail,) = _sent(mailing, smtp)

    assert (mail["To"], mail["In-Reply-To"]) == (_RANA, "<one@utility.example>")
    assert mail["References"] == "<one@utility.example>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert str(mail["Subject"]).startswith("We have your report [REP-2026-0001/")
    assert "Phishing" not in str(mail["Subject"])  # nothing of a stranger's words is sent on
    text = mail.get_content()
    assert "https://cirt.example/status" in text
    code = text.partition("Follow-up code: ")[2].split()[0]
    with mailing.work(PUBLIC, write=False) as work:
        followed = follow_up(work, AskStatus("REP-2026-0001", code))
    assert followed.reference == "REP-2026-0001"
    assert code not in followed.messages[0].text


def test_the_code_is_kept_for_nobody_to_read_and_forgotten_when_it_was_sent(
    mailing: Program, smtp: Smtp
) -> None:
    _takes(mailing, a_mail())
    (waiting,) = _written(mailing)
    (mail,) = _sent(mailing, smtp)
    code = mail.get_content().partition("Follow-up code: ")[2].split()[0]

    (sent,) = _written(mailing)

    assert HIDDEN in sent.text
    assert code not in sent.text + str(waiting.headers)
    assert (sent.state, sent.headers) == (MessageState.SENT, {})


@pytest.mark.parametrize(
    "raw",
    [
        a_mail(Auto_Submitted="auto-replied"),
        a_mail(Return_Path="<>"),
        a_mail(sender="MAILER-DAEMON@mx.example", subject="Undelivered Mail"),
        a_mail(Auto_Submitted="auto-generated"),
        a_mail(List_Id="<news.shop.example>"),
        a_mail(sender="undisclosed"),
        a_mail(sender="cert@cirt.example"),
        a_mail(sender="reports@cirt.example"),
        a_mail(X_Spam_Flag="YES"),
    ],
)
def test_no_other_program_list_nobody_and_not_ourselves(mailing: Program, raw: bytes) -> None:
    _takes(mailing, raw)

    assert _written(mailing) == []


def test_not_what_lies_in_the_spam_lane_and_not_where_no_mail_is_sent(
    mailing: Program, program: Program
) -> None:
    _takes(mailing, a_mail(), lane=Lane.SPAM)
    _takes(program, a_mail(message_id="<2@x.example>"))

    assert _written(mailing) == []


def test_one_sender_gets_one_in_an_hour(mailing: Program, clock: FakeClock) -> None:
    for number in range(3):
        _takes(mailing, a_mail(message_id=f"<{number}@x.example>"))
    at_once = len(_written(mailing))
    clock.forward(minutes=59)
    _takes(mailing, a_mail(message_id="<a@x.example>"))
    within = len(_written(mailing))
    clock.forward(minutes=2)
    _takes(mailing, a_mail(message_id="<b@x.example>"))

    assert (at_once, within, len(_written(mailing))) == (1, 1, 2)


def test_two_mails_of_one_sender_in_the_same_moment_draw_one_letter(mailing: Program) -> None:
    raws = [a_mail(message_id=f"<{number}@x.example>") for number in range(4)]
    threads = [threading.Thread(target=_takes, args=(mailing, raw)) for raw in raws]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(_written(mailing)) == 1


def test_a_program_that_answers_whatever_it_gets_is_written_to_once(
    mailing: Program, smtp: Smtp
) -> None:
    """It names neither itself a program nor our letter."""
    _takes(mailing, a_mail())
    for number in range(3):
        _sent(mailing, smtp)
        _takes(mailing, a_mail("Your mail has been received.", message_id=f"<{number}@x.example>"))

    assert len(smtp.taken) == 1


def test_mails_in_many_forged_names_do_not_make_a_mailer_of_us(mailing: Program) -> None:
    with mailing.work(SYSTEM) as work:
        rows = [AcknowledgedSender(address=f"{n}@x.example", at=work.now) for n in range(300)]
        work.session.add_all(rows)

    _takes(mailing, a_mail())

    assert _written(mailing) == []


def test_an_answer_to_the_letter_goes_to_its_report_and_draws_no_other(
    mailing: Program, smtp: Smtp, clock: FakeClock
) -> None:
    _takes(mailing, a_mail())
    (mail,) = _sent(mailing, smtp)
    clock.forward(hours=2)
    answer = a_mail(
        "One more thing.",
        subject=f"Re: {mail['Subject']}",
        In_Reply_To=str(mail["Message-ID"]),
        message_id="<2@utility.example>",
    )

    assert _takes(mailing, answer) is MailOutcome.ANSWER
    assert len(_written(mailing)) == 1


def test_it_is_written_in_the_reporters_language_else_in_ours(
    mailing: Program, admin: Actor
) -> None:
    with mailing.work(admin) as work:
        service.set_acknowledging(work, SetAcknowledging(is_on=True, language="es", version=0))
    _takes(mailing, a_mail("وصلتني رسالة تصيد", sender="a@x.example", message_id="<1@x.example>"))
    _takes(
        mailing,
        a_mail("Voilà.", sender="b@x.example", message_id="<2@x.example>", Content_Language="fr"),
    )
    _takes(mailing, a_mail("Das da.", sender="c@x.example", message_id="<3@x.example>"))

    assert [one.subject for one in _written(mailing)] == [
        included()[language].subject for language in ("ar", "fr", "es")
    ]
    with mailing.work(SYSTEM, write=False) as work:
        kept = list(work.session.scalars(sa.select(Report.language).order_by(Report.id)))
    assert kept == ["ar", "fr", ""]


def test_switched_off_nobody_is_written_to(mailing: Program, admin: Actor) -> None:
    with mailing.work(admin) as work:
        service.set_acknowledging(work, SetAcknowledging(is_on=False, language="en", version=0))

    _takes(mailing, a_mail())

    assert _written(mailing) == []


def test_an_administrators_words_are_used_until_they_are_set_back(
    mailing: Program, admin: Actor, clock: FakeClock
) -> None:
    mine = SaveAcknowledgement("en", "Got it", "{reference} {code} {address} Call 112.", 0)
    with mailing.work(admin) as work:
        service.save_acknowledgement(work, mine)
    _takes(mailing, a_mail())
    clock.forward(hours=2)
    with mailing.work(admin) as work:
        service.restore_acknowledgement(work, RestoreAcknowledgement("en", 1))
    _takes(mailing, a_mail(message_id="<2@x.example>"))

    own, included = _written(mailing)
    assert (own.subject, own.text) == (
        "Got it",
        f"REP-2026-0001 {HIDDEN} https://cirt.example/status Call 112.",
    )
    assert included.subject == "We have your report"


def test_words_are_changed_by_administrators_alone_and_never_over_anothers_change(
    mailing: Program, admin: Actor
) -> None:
    lead = a_person(mailing, "Lena", Role.LEAD)
    good = SaveAcknowledgement("en", "Got it", "{reference} {code} {address}", 0)
    with pytest.raises(NotAllowed), mailing.work(lead) as work:
        service.save_acknowledgement(work, good)
    with mailing.work(admin) as work:
        service.save_acknowledgement(work, good)
    for error, cmd in (
        (WordsChanged, good),
        (PlaceMissing, replace(good, version=1, body="{reference}")),
        (NoSuchLanguage, replace(good, language="de")),
    ):
        with pytest.raises(error), mailing.work(admin) as work:
            service.save_acknowledgement(work, cmd)


def test_the_gate_holds_it_back_where_the_report_is_marked_strictly(
    mailing: Program, smtp: Smtp
) -> None:
    _takes(mailing, a_mail(subject="TLP:AMBER+STRICT for you"))

    assert _sent(mailing, smtp) == []

    (held,) = _written(mailing)
    assert held.state is MessageState.FAILED
    assert "encrypted" in held.failure
    assert held.headers == {}
    with mailing.work(SYSTEM, write=False) as work:
        assert work.session.scalars(sa.select(Report.tlp)).one() is Tlp.AMBER_STRICT


def test_a_mail_that_came_encrypted_is_not_answered_in_the_clear(
    mailing: Program, smtp: Smtp
) -> None:
    opened = open_mail(_dated(mailing, a_mail()), None)
    sealed = replace(opened, pgp=Pgp(was_encrypted=True, was_opened=True, signature=Signature.NONE))
    with mailing.work(SYSTEM) as work:
        way = MailWay("test", reply=reply_way(mailing.settings))
        take_mail(work, mailing.keys, sealed, way)

    assert _sent(mailing, smtp) == []

    (held,) = _written(mailing)
    assert (held.state, held.failure) == (MessageState.FAILED, IN_CONFIDENCE)
