"""Mails come from a real IMAP server or a folder, each once, and become reports or the answers they prove to be."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path

import pytest
import sqlalchemy as sa
from cirt_connectors.mail import MailConnector

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.clock import SystemClock
from cirt.kernel.gpg import find_gpg
from cirt.kernel.net import tls_context
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM
from cirt.parties.roles import Role
from cirt.plugin import ConnectorFault
from cirt.plugin.testkit import RecordedFetch, pull_all
from cirt.register import service as register
from cirt.register.commands import RejectReport
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.models import Direction, Message, MessageState
from cirt.register.dialogue.service import ask_reporter
from cirt.register.mail.models import MailOutcome, ReceivedMail
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.mail.tokens import subject_tag
from cirt.register.models import Lane, Report, ReportSource
from cirt.sources import service
from cirt.sources.models import Source
from cirt.sources.setup import ConnectorFailed
from tests.support.mail import (
    Imap,
    KeyRing,
    a_certificate,
    a_mail,
    imap_server,
    key_ring,
    needs_gpg,
)
from tests.support.reading import read_by_worker
from tests.support.register import a_person

_OUR_ID = "unguessable@cirt.example"


@pytest.fixture(scope="module")
def mail_server() -> Iterator[Imap]:
    with imap_server() as made:
        yield made


@pytest.fixture
def imap(mail_server: Imap) -> Imap:
    """An empty mailbox."""
    return mail_server.another()


def _reading(program: Program, **settings: str) -> Program:
    connectors = {"mail": settings}
    allow = (ip_network("127.0.0.0/8"),)
    changed = replace(program.settings, connectors=connectors, outbound_allow=allow)
    return replace(program, settings=changed)


def _of_mailbox(program: Program, imap: Imap, folder: Path, **more: str) -> Program:
    secret = folder / "password"
    secret.write_text(f"{imap.password}\n")
    given = {"host": "127.0.0.1", "port": str(imap.port), "tls": "no", "user": imap.user}
    given["mailbox"] = imap.mailbox
    return _reading(program, **{**given, "password_file": str(secret), **more})


def _taken(program: Program, raw: bytes, way: MailWay | None = None) -> MailOutcome | None:
    opened = open_mail(raw, find_gpg(program.settings))
    with program.work(SYSTEM) as work:
        return take_mail(work, program.keys, opened, way or MailWay("test"))


def _reports(program: Program) -> list[Report]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(Report).order_by(Report.id)))


def _messages(program: Program) -> list[Message]:
    with program.work(SYSTEM, write=False) as work:
        incoming = sa.select(Message).where(Message.direction == Direction.IN)
        return list(work.session.scalars(incoming.order_by(Message.id)))


def _files(program: Program, owner: str) -> dict[str, bytes]:
    with program.work(SYSTEM, write=False) as work:
        query = (
            sa.select(Attachment.name, AttachmentContent.body)
            .join(AttachmentContent, AttachmentContent.attachment_id == Attachment.id)
            .where(Attachment.owner == owner)
        )
        return {row.name: row.body for row in work.session.execute(query)}


def _asked(program: Program, report: Report) -> Message:
    """A letter of ours that was sent."""
    officer = a_person(program, "Omar", Role.TRIAGE)
    with program.work(officer) as work:
        message = ask_reporter(work, AskReporter(report.reference, "Which mail was it?"))
        message.state, message.message_id = MessageState.SENT, _OUR_ID
        return message


def test_each_mail_of_a_mailbox_becomes_one_report_kept_as_it_came(
    program: Program, imap: Imap, tmp_path: Path
) -> None:
    reading = _of_mailbox(program, imap, tmp_path)
    first = a_mail().replace(b"\n", b"\r\n")
    imap.put(first, a_mail("Another.", message_id="<2@x.example>", subject="A leak"))

    runs = [service.run_source(reading, SYSTEM, "mail")]
    imap.put(a_mail("A third.", message_id="<3@x.example>", subject="DDoS"))
    runs += [service.run_source(reading, SYSTEM, "mail") for _ in range(2)]

    assert [run.taken for run in runs] == [2, 1, 0]
    reports = _reports(program)
    assert [report.title for report in reports] == ["Phishing", "A leak", "DDoS"]
    assert {report.source for report in reports} == {ReportSource.MAIL}
    assert reports[0].contact == "rana@utility.example"
    assert _files(program, reports[0].reference) == {"mail.eml": first}
    assert not any(b"Seen" in line for line in imap.flags())


def test_a_mailbox_whose_numbers_begin_anew_is_read_again_and_nothing_doubles(
    program: Program, imap: Imap, tmp_path: Path
) -> None:
    reading = _of_mailbox(program, imap, tmp_path)
    imap.put(a_mail())
    service.run_source(reading, SYSTEM, "mail")
    imap.begin_anew()
    imap.put(a_mail(), a_mail("New.", message_id="<2@x.example>"))

    run = service.run_source(reading, SYSTEM, "mail")

    assert (run.files, run.taken) == (2, 1)
    assert len(_reports(program)) == 2


def test_a_run_that_breaks_off_loses_nothing_and_doubles_nothing(
    program: Program, imap: Imap, tmp_path: Path
) -> None:
    reading = _of_mailbox(program, imap, tmp_path)
    imap.put(*(a_mail(f"Number {n}.", message_id=f"<{n}@x.example>") for n in range(5)))
    broken = replace(reading, clock=_BreaksAt(6))

    with pytest.raises(_PowerCutError):
        service.run_source(broken, SYSTEM, "mail")
    before = len(_reports(program))
    service.run_source(reading, SYSTEM, "mail")

    assert 0 < before < 5
    assert len(_reports(program)) == 5


class _PowerCutError(BaseException):
    pass


class _BreaksAt(SystemClock):
    """A clock that stops the program at its n-th unit of work."""

    def __init__(self, at: int) -> None:
        self._left = at

    def now(self) -> datetime:
        self._left -= 1
        if self._left < 0:
            raise _PowerCutError
        return super().now()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"password_file": "/nowhere"}, "password file"),
        ({"user": "somebody"}, "says:"),
        ({"mailbox": "Nothing here"}, "no mailbox"),
        ({"port": "1"}, "Nothing listens"),
        ({"tls": "yes"}, "127.0.0.1"),
        ({"tls": "perhaps"}, "Write yes"),
    ],
)
def test_what_hinders_reading_is_said_in_one_sentence(
    program: Program, imap: Imap, tmp_path: Path, changed: dict[str, str], says: str
) -> None:
    reading = _of_mailbox(program, imap, tmp_path)
    settings = {**reading.settings.connectors["mail"], **changed}

    with pytest.raises(ConnectorFailed, match=says):
        service.run_source(_reading(program, **settings), SYSTEM, "mail")


def test_a_mailbox_is_read_by_starttls_once_its_certificate_is_trusted(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = a_certificate(tmp_path)
    with imap_server(certificate) as box:
        box.put(a_mail())
        reading = _of_mailbox(program, box, tmp_path, tls="starttls")
        with pytest.raises(
            ConnectorFailed,
            match=r"127\.0\.0\.1 is from an authority that we do not know: self",
        ):
            service.run_source(reading, SYSTEM, "mail")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        tls_context.cache_clear()
        try:
            run = service.run_source(reading, SYSTEM, "mail")
        finally:
            tls_context.cache_clear()

    assert run.taken == 1
    with program.work(SYSTEM, write=False) as work:
        assert work.session.get_one(Source, "mail").error is None


def test_no_password_goes_to_a_server_that_offers_no_starttls(
    program: Program, imap: Imap, tmp_path: Path
) -> None:
    reading = _of_mailbox(program, imap, tmp_path, tls="starttls")

    with pytest.raises(ConnectorFailed, match=r"offers no STARTTLS .* no password is sent"):
        service.run_source(reading, SYSTEM, "mail")


def test_no_password_goes_unencrypted_to_another_host(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a secret")
    settings = {"host": "imap.example", "user": "reports", "tls": "no"}
    connector = MailConnector({**settings, "password_file": str(tmp_path / "password")})
    ours, theirs = socket.socketpair()  # whose other end is no loopback address
    theirs.sendall(b"* OK ready\r\n")

    with ours, theirs:
        with pytest.raises(ConnectorFault, match="no password goes there unencrypted"):
            pull_all(connector, RecordedFetch(lines={"imap.example:143": lambda: ours}))
        ours.shutdown(socket.SHUT_WR)
        assert theirs.recv(100) == b""


def test_a_private_mail_server_is_not_reached_unless_the_operator_permits_it(
    program: Program, imap: Imap, tmp_path: Path
) -> None:
    reading = _of_mailbox(program, imap, tmp_path)
    closed = replace(reading, settings=replace(reading.settings, outbound_allow=()))

    with pytest.raises(ConnectorFailed, match="CIRT_OUTBOUND_ALLOW"):
        service.run_source(closed, SYSTEM, "mail")


def test_a_folder_of_mails_is_read_by_the_worker_with_the_lane_of_its_table(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "one.eml").write_bytes(a_mail())
    (tmp_path / "notes.txt").write_bytes(b"no mail")
    connectors = {
        "spam-trap": {"connector": "mail", "folder": str(tmp_path), "lane": "spam", "tlp": "green"}
    }
    reading = replace(program, settings=replace(program.settings, connectors=connectors))

    read_by_worker(reading)
    read_by_worker(reading)

    (report,) = _reports(program)
    assert (report.lane, report.tlp) == (Lane.SPAM, Tlp.GREEN)
    with program.work(SYSTEM, write=False) as work:
        assert work.session.get_one(Source, "spam-trap").error is None


def test_a_mail_too_large_to_take_is_a_report_that_says_where_it_lies(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "large.eml").write_bytes(a_mail(subject="Huge") + b"x" * (40 * 1024 * 1024))

    service.run_source(_reading(program, folder=str(tmp_path)), SYSTEM, "mail")

    (report,) = _reports(program)
    assert report.title == "Huge"
    assert report.headers["mail"]["whole"] is False
    assert list(_files(program, report.reference)) == ["mail-headers.txt"]


def test_the_same_mail_on_two_ways_is_one_report_and_a_forged_twin_another(
    program: Program,
) -> None:
    first = _taken(program, a_mail())
    again = _taken(program, b"Received: from mx2.example\n" + a_mail())
    forged = _taken(program, a_mail("Disregard this, all is well."))

    assert (first, again, forged) == (MailOutcome.REPORT, None, MailOutcome.REPORT)
    one, two = _reports(program)
    assert two.headers["mail"]["claims"] == [one.reference]


def test_an_answer_to_our_letter_goes_to_its_report_with_its_files(program: Program) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    asked = _asked(program, report)
    answer = EmailMessage()
    answer["From"], answer["Subject"] = "Rana <RANA@utility.example>", "Re: Phishing"
    answer["Message-ID"], answer["In-Reply-To"] = "<9@utility.example>", f"<{_OUR_ID}>"
    answer.set_content("This one: http://second.example/x")
    answer.add_attachment(b"PK", maintype="application", subtype="zip", filename="it.zip")

    outcome = _taken(program, answer.as_bytes())

    assert outcome is MailOutcome.ANSWER
    (message,) = _messages(program)
    assert message.report_id == asked.report_id
    assert (message.message_id, message.in_reply_to) == ("9@utility.example", _OUR_ID)
    assert message.read_at is None
    assert set(_files(program, report.reference)) >= {"mail.eml", "it.zip"}


def test_nothing_forged_attaches_by_itself_and_each_waits_as_a_suggestion(
    program: Program,
) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    _asked(program, report)
    tag = subject_tag(program.keys, report.reference)
    wrong_tag = tag[:-3] + ("00]" if tag[-3:] != "00]" else "11]")
    forged = [
        a_mail("a", subject=f"Re: {report.reference}", message_id="<a@evil.example>"),
        a_mail("b", subject=f"Re: {wrong_tag}", message_id="<b@evil.example>"),
        a_mail("c", In_Reply_To="<guessed@cirt.example>", message_id="<c@evil.example>"),
        a_mail(
            "d",
            sender="x@evil.example",
            In_Reply_To=f"<{_OUR_ID}>",
            message_id="<d@evil.example>",
        ),
        a_mail("e", message_id=f"<{_OUR_ID}>", subject="INC-2026-0001"),
        a_mail("f", message_id="<one@utility.example>", In_Reply_To="<one@utility.example>"),
    ]

    outcomes = [_taken(program, raw) for raw in forged]

    assert outcomes == [MailOutcome.REPORT] * 6
    assert _messages(program) == []
    claims = [one.headers["mail"]["claims"] for one in _reports(program)[1:]]
    assert claims == [
        [report.reference],
        [report.reference],
        [],
        [report.reference],
        ["INC-2026-0001"],
        [report.reference],
    ]
    why = [list(one.headers["mail"]["why"].values()) for one in _reports(program)[1:]]
    assert why == [["named"], ["named"], [], ["sender"], ["named"], ["twin"]]


def test_the_tag_of_our_subject_brings_an_answer_home_from_another_address(
    program: Program,
) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    tag = subject_tag(program.keys, report.reference)

    outcome = _taken(
        program, a_mail("From home.", sender="rana@home.example", subject=f"AW: Phishing {tag}")
    )

    assert outcome is MailOutcome.ANSWER
    (message,) = _messages(program)
    assert (message.sender, message.subject) == ("rana@home.example", "AW: Phishing")


def test_an_answer_to_a_rejected_report_is_a_report_of_its_own(program: Program) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    _asked(program, report)
    with program.work(a_person(program, "Lina", Role.TRIAGE)) as work:
        register.reject_report(work, RejectReport(report.reference, report.version, "Not ours."))

    outcome = _taken(
        program, a_mail("But!", In_Reply_To=f"<{_OUR_ID}>", message_id="<2@x.example>")
    )

    assert outcome is MailOutcome.REPORT
    assert _reports(program)[1].headers["mail"]["claims"] == [report.reference]


def test_automatic_replies_and_bounces_never_open_a_report(program: Program) -> None:
    raws = [
        a_mail(Auto_Submitted="auto-replied", message_id="<1@x.example>"),
        a_mail(Return_Path="<>", message_id="<2@x.example>"),
        a_mail(subject="Automatic reply: x", message_id="<3@x.example>"),
        a_mail(
            sender="MAILER-DAEMON@mx.example",
            subject="Undelivered Mail Returned to Sender",
            message_id="<4@x.example>",
        ),
    ]

    assert [_taken(program, raw) for raw in raws] == [MailOutcome.AUTOMATIC] * 4
    assert _reports(program) == []
    with program.work(SYSTEM, write=False) as work:
        kept = work.session.scalars(sa.select(ReceivedMail.subject).order_by(ReceivedMail.id))
        assert list(kept)[2] == "Automatic reply: x"


def test_a_bounce_is_told_at_the_letter_that_came_back(program: Program) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    asked = _asked(program, report)
    bounce = (
        b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: Undelivered Mail\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <"
        + _OUR_ID.encode()
        + b">\r\n"
        b"--b--\r\n"
    )

    outcome = _taken(program, bounce)

    assert outcome is MailOutcome.BOUNCE
    with program.work(SYSTEM, write=False) as work:
        letter = work.session.get_one(Message, asked.id)
    assert letter.state is MessageState.FAILED
    assert "550 no such user" in letter.failure
    assert len(_reports(program)) == 1


def test_an_absence_note_on_our_letter_is_shown_there_and_counts_as_no_answer(
    program: Program,
) -> None:
    _taken(program, a_mail())
    (report,) = _reports(program)
    _asked(program, report)

    outcome = _taken(
        program,
        a_mail(
            "Back on Monday.",
            subject="Automatic reply: Phishing",
            In_Reply_To=f"<{_OUR_ID}>",
            message_id="<away@utility.example>",
        ),
    )

    assert outcome is MailOutcome.AUTOMATIC
    (message,) = _messages(program)
    assert message.read_at is not None


def test_what_the_filter_calls_spam_and_what_its_writer_marks_are_noted(program: Program) -> None:
    _taken(program, a_mail(X_Spam_Flag="YES", message_id="<1@x.example>"))
    _taken(program, a_mail(subject="[TLP:GREEN] scan", message_id="<2@x.example>"))
    _taken(program, a_mail(subject="TLP:RED for you", message_id="<3@x.example>"))

    spam, green, red = _reports(program)
    assert (spam.lane, spam.tlp) == (Lane.SPAM, Tlp.AMBER)
    assert (green.lane, green.tlp) == (None, Tlp.GREEN)
    assert (red.tlp, red.headers["mail"]["red"]) == (Tlp.AMBER_STRICT, True)


def test_a_mail_without_sender_and_with_what_no_column_holds_is_a_report(program: Program) -> None:
    raw = b"Subject: \x00\xff\r\nX-\xff: \x00\r\n\r\nNUL \x00 and \xed\xa0\x80\r\n"

    assert _taken(program, raw) is MailOutcome.REPORT

    (report,) = _reports(program)
    assert report.contact == ""
    assert _files(program, report.reference)["mail.eml"] == raw


@pytest.fixture
def rings(program: Program) -> Iterator[tuple[Program, KeyRing, KeyRing]]:
    """The program with its key in its own ring, that key, and a reporter's."""
    with (
        key_ring("CIRT", "cert@cirt.example") as ours,
        key_ring("Rana", "rana@x.example") as theirs,
    ):
        home = replace(program.settings, data_dir=ours.gpg.home / "d")
        using = replace(program, settings=home)
        gpg = find_gpg(home)
        assert gpg is not None
        gpg.add_key(ours.secret_key)
        yield using, ours, theirs


@needs_gpg
def test_an_encrypted_and_signed_mail_is_opened_and_its_signer_named(
    rings: tuple[Program, KeyRing, KeyRing],
) -> None:
    program, ours, theirs = rings
    inner = b"Content-Type: text/plain; charset=utf-8\r\nSubject: The real one\r\n\r\nSecret.\r\n"
    sealed = theirs.encrypt(inner, ours)
    raw = (
        b"From: Rana <rana@x.example>\r\nSubject: ...\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n'
        b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\n" + sealed + b"\r\n--b--\r\n"
    )

    _taken(program, raw)
    gpg = find_gpg(program.settings)
    assert gpg is not None
    gpg.add_key(theirs.public_key)
    _taken(program, raw.replace(b"boundary=b\r\n", b"boundary=b\r\nX-Again: 1\r\n") + b"\r\nx")

    first, second = _reports(program)
    assert (first.title, first.text) == ("The real one", "Secret.")
    assert first.headers["mail"]["pgp"]["signature"] == "unknown-key"
    assert second.headers["mail"]["pgp"] == {
        "encrypted": True,
        "opened": True,
        "signature": "good",
        "fingerprint": theirs.fingerprint,
        "problem": "",
    }
    assert _files(program, first.reference) == {"mail.eml": raw}


@needs_gpg
def test_signatures_are_checked_and_a_changed_mail_is_told(
    rings: tuple[Program, KeyRing, KeyRing],
) -> None:
    program, _, theirs = rings
    gpg = find_gpg(program.settings)
    assert gpg is not None
    gpg.add_key(theirs.public_key)
    part = b"Content-Type: text/plain\r\n\r\nSend money to A.\r\n"
    signature = theirs.sign(part)

    def signed(said: bytes) -> bytes:
        return (
            b"From: Rana <rana@x.example>\r\nContent-Type: multipart/signed; micalg=pgp-sha512;\r\n"
            b' protocol="application/pgp-signature"; boundary="=-b"\r\n\r\n--=-b\r\n'
            + said
            + b"\r\n"
            b"--=-b\r\nContent-Type: application/pgp-signature\r\n\r\n"
            + signature
            + b"\r\n--=-b--\r\n"
        )

    _taken(program, signed(part))
    _taken(program, signed(part.replace(b"A", b"B")))
    _taken(program, a_mail(theirs.sign(b"In the text.\n", "--clearsign").decode()))

    found = [report.headers["mail"]["pgp"]["signature"] for report in _reports(program)]
    assert found == ["good", "bad", "good"]


@needs_gpg
def test_what_is_not_for_us_is_kept_as_it_came_and_says_why(
    rings: tuple[Program, KeyRing, KeyRing],
) -> None:
    program, _, theirs = rings
    block = theirs.encrypt(b"Secret.", theirs, signed=False).decode()

    _taken(program, a_mail(block))

    (report,) = _reports(program)
    assert "BEGIN PGP MESSAGE" in report.text
    assert report.headers["mail"]["pgp"]["problem"] == "it is not for a key of ours"
