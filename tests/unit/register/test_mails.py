"""Mails taken apart: whatever the bytes are, an answer comes, and it holds what a person would read."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.kernel.tlp import Tlp
from cirt.register.mail.html import html_text
from cirt.register.mail.kinds import MailKind
from cirt.register.mail.opening import open_mail
from cirt.register.mail.parse import read_mail
from tests.support.mail import a_mail

_HEAD = b"From: A <a@b.example>\r\nSubject: hi\r\nMessage-ID: <1@b.example>\r\n"


def test_a_plain_mail_gives_its_text_sender_subject_and_ids() -> None:
    mail = read_mail(
        a_mail(
            "Grüße",
            subject="Пароли украдены",
            In_Reply_To="<old@cirt.example>",
            References="<first@cirt.example> <old@cirt.example>",
        )
    )

    assert (mail.sender, mail.sender_name) == ("rana@utility.example", "Rana Haddad")
    assert (mail.subject, mail.text.strip()) == ("Пароли украдены", "Grüße")
    assert mail.message_id == "one@utility.example"
    assert mail.references == ("old@cirt.example", "first@cirt.example")


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        (b"us-ascii", "Größe".encode(), "Größe"),
        (b"iso-8859-1", "Größe".encode("latin-1"), "Größe"),
        (b"iso-8859-1", "Größe".encode(), "Größe"),  # it lies
        (b"koi8-r", "пароль".encode("koi8-r"), "пароль"),
        (b"windows-1256", "كلمة المرور".encode("cp1256"), "كلمة المرور"),
        (b"gb2312", "网络钓鱼".encode("gb18030"), "网络钓鱼"),
        (b"utf-8", "Größe".encode("latin-1"), "Größe"),  # it lies
        (b"no-such-set", "Größe".encode("latin-1"), "Größe"),
        (b"punycode", "Größe".encode(), "Größe"),
        (b"zlib", b"plain", "plain"),
        (b"\xff\xfe", b"plain", "plain"),
    ],
)
def test_text_is_read_whatever_its_character_set_claims(
    charset: bytes, body: bytes, text: str
) -> None:
    raw = _HEAD + b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n" + body

    assert read_mail(raw).text == text


def test_html_becomes_text_with_the_addresses_of_its_links_and_nothing_else() -> None:
    text = html_text(
        "<html><head><title>t</title><style>p{}</style></head><body onload=x()>"
        '<p>Dear customer,<br>your <a href="http://evil.example/a?b=1&amp;c=2">bank</a></p>'
        '<script>steal()</script><img src="http://track.example/x.gif">'
        '<a href="https://same.example/">https://same.example</a> <a href="javascript:x()">y</a>'
    )

    assert text == (
        "Dear customer,\nyour bank <http://evil.example/a?b=1&c=2>\n\nhttps://same.example y"
    )


def test_links_that_only_the_html_half_has_are_kept() -> None:
    mail = EmailMessage()
    mail["From"] = "a@b.example"
    mail.set_content("Click the button.")
    mail.add_alternative('<a href="http://evil.example/x">Button</a>', subtype="html")

    assert "<http://evil.example/x>" in read_mail(mail.as_bytes()).text


def test_a_forwarded_mail_is_text_of_the_report_and_a_file() -> None:
    phish = a_mail("Give me your password at http://evil.example/", subject="Your bank")
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@b.example", "FW: spam"
    mail.set_content("This came today.")
    mail.add_attachment(phish, maintype="application", subtype="octet-stream", filename="a.bin")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "bank@evil.example", "Your bank"
    inner.set_content("http://evil.example/")
    mail.add_attachment(inner)

    found = read_mail(mail.as_bytes())

    assert found.attached == 1
    assert "This came today." in found.text
    assert "From: bank@evil.example" in found.text
    assert "http://evil.example/" in found.text
    assert [file.name for file in found.files] == ["a.bin", "Your bank.eml"]
    assert found.files[0].body == phish


def test_a_forwarded_mail_packed_in_base64_is_unpacked() -> None:
    import base64

    inner = b"From: x@evil.example\r\nSubject: won\r\n\r\nhttp://evil.example/\r\n"
    raw = (
        _HEAD
        + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(inner)
    )

    assert "Subject: won" in read_mail(raw).text


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, MailKind.PERSON),
        ({"Auto_Submitted": "no"}, MailKind.PERSON),
        ({"Auto_Submitted": "auto-generated"}, MailKind.PROGRAM),
        ({"X_Auto_Response_Suppress": "All"}, MailKind.PROGRAM),
        ({"Precedence": "bulk"}, MailKind.PROGRAM),
        ({"Auto_Submitted": "auto-replied (vacation)"}, MailKind.REPLY),
        ({"X_Autoreply": "yes"}, MailKind.REPLY),
        ({"Return_Path": "<>"}, MailKind.REPLY),
        ({"subject": "Automatic reply: your question"}, MailKind.REPLY),
        ({"subject": "Réponse automatique : absence"}, MailKind.REPLY),
        ({"subject": "Respuesta automática"}, MailKind.REPLY),
        ({"subject": "Автоматический ответ: отпуск"}, MailKind.REPLY),
        ({"subject": "رد تلقائي: إجازة"}, MailKind.REPLY),
        ({"subject": "自动回复:出差"}, MailKind.REPLY),
        ({"subject": "Out of office message contains phishing"}, MailKind.PERSON),
        ({"subject": "Undeliverable mails arrive here by thousands"}, MailKind.PERSON),
        (
            {
                "sender": "MAILER-DAEMON@mx.example",
                "subject": "Undelivered Mail Returned to Sender",
            },
            MailKind.BOUNCE,
        ),
        ({"sender": "postmaster@mx.example", "subject": "We are under attack"}, MailKind.PERSON),
    ],
)
def test_what_programs_answer_by_themselves_is_told_from_what_reports(
    headers: dict[str, str], kind: MailKind
) -> None:
    assert read_mail(a_mail(**headers)).kind is kind


def test_an_abuse_report_in_its_own_format_is_no_bounce() -> None:
    kinds = {
        report: read_mail(
            _HEAD + f'Content-Type: multipart/report; report-type="{report}"\r\n\r\nx'.encode()
        ).kind
        for report in ("feedback-report", "delivery-status", "disposition-notification")
    }

    assert kinds == {
        "feedback-report": MailKind.PERSON,
        "delivery-status": MailKind.BOUNCE,
        "disposition-notification": MailKind.BOUNCE,
    }


def test_references_in_a_subject_are_claims_and_a_marking_is_read() -> None:
    mail = read_mail(a_mail(subject="Re: inc-2026-0042 and REP-2026-0007 [TLP:AMBER+STRICT]"))

    assert mail.claims == ("INC-2026-0042", "REP-2026-0007")
    assert mail.tlp is Tlp.AMBER_STRICT


def test_the_digest_stays_when_the_way_adds_its_headers_and_changes_with_what_is_said() -> None:
    one = a_mail()
    other_way = b"Received: from mx.example\r\n" + one.replace(b"\n", b"\r\n")
    forged = a_mail("Nothing happened.")

    assert read_mail(one).digest == read_mail(other_way).digest
    assert read_mail(one).digest != read_mail(forged).digest


def _nested(depth: int) -> bytes:
    levels = (
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth)
    )
    return _HEAD + "".join(levels).encode() + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff\xfe" * 100,
        b"no header at all",
        b"Subject: nobody sent this\r\n\r\nx",
        b"From: " + b"(" * 100_000 + b"\r\n\r\nx",
        b"From: " + b"a@b," * 100_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: message/rfc822\r\n\r\n" * 100 + b"x",
        _nested(100),
        _nested(500),
        _HEAD
        + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        + b"--b\r\nContent-Type: application/x\r\n\r\nx\r\n" * 5000,
        _HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
        _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n!!!",
        _HEAD + b"Content-Disposition: attachment; filename*=x''%ff\r\n\r\nx",
        _HEAD + b"Content-Type: text/plain; charset*=a'b'%ff\r\n\r\nx",
    ],
)
def test_a_hostile_mail_is_harmless(raw: bytes) -> None:
    mail = read_mail(raw)

    assert len(mail.text) <= 1_000_000
    assert len(mail.files) <= 50


def test_a_mail_with_too_many_parts_says_that_some_were_left_out() -> None:
    assert read_mail(_nested(500)).left_out == 1
    assert read_mail(_nested(100)).left_out == 1


@given(st.binary(max_size=400), st.sampled_from([b"", _HEAD, b"Content-Type: "]))
def test_any_bytes_are_a_mail(body: bytes, head: bytes) -> None:
    read_mail(head + body)


@given(
    st.sampled_from(
        ["text/html", "message/rfc822", "multipart/mixed; boundary=b", "multipart/signed"]
    ),
    st.lists(
        st.sampled_from(["--b", "--b--", "", "Content-Type: text/html", "<a href=x>", "=?x?b?"])
    ),
)
def test_any_structure_is_a_mail(kind: str, lines: list[str]) -> None:
    read_mail(_HEAD + f"Content-Type: {kind}\r\n\r\n".encode() + "\r\n".join(lines).encode())


def test_without_gnupg_an_encrypted_mail_is_kept_as_it_came_and_says_so() -> None:
    raw = (
        _HEAD
        + b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n'
        b"\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
        b"Content-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n"
    )

    opened = open_mail(raw, None)

    assert (opened.raw, opened.pgp.was_encrypted, opened.pgp.was_opened) == (raw, True, False)
    assert "not installed" in opened.pgp.problem
