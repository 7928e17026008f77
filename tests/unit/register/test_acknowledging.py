"""Whom a program may answer, in which language, and with which words."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from cirt.register.acknowledging.errors import PlaceMissing, PlaceUnknown
from cirt.register.acknowledging.rules import (
    PLACES,
    Acknowledged,
    ReplyWay,
    check_places,
    filled,
    included,
    language_of,
    reason_against,
)
from cirt.register.mail.parse import read_mail
from cirt.register.models import Lane
from cirt.web.i18n import LANGUAGES
from tests.support.mail import a_mail

_SENT = datetime(2026, 11, 18, 11, 58, tzinfo=UTC)
_WAY = ReplyWay("https://cirt.example/status", frozenset({"cert@cirt.example"}))


def _against(raw: bytes, lane: Lane | None = None, *, age: timedelta = timedelta(0)) -> object:
    return reason_against(read_mail(raw), lane, _WAY, _SENT + age)


def test_a_person_may_be_answered() -> None:
    assert _against(a_mail()) is None


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (a_mail(sender="cert@CIRT.example"), Acknowledged.OURS),
        (a_mail(sender="undisclosed"), Acknowledged.NO_SENDER),
        (a_mail(sender="no-reply@shop.example"), Acknowledged.PROGRAM),
        (a_mail(sender="list-request@shop.example"), Acknowledged.PROGRAM),
        (a_mail(sender="bounces+77=x@shop.example"), Acknowledged.PROGRAM),
        (a_mail(Auto_Submitted="auto-generated"), Acknowledged.PROGRAM),
        (a_mail(Precedence="bulk"), Acknowledged.PROGRAM),
        (a_mail(X_Auto_Response_Suppress="All"), Acknowledged.PROGRAM),
        (a_mail(X_Loop="tickets@shop.example"), Acknowledged.PROGRAM),
        (a_mail(List_Id="<news.shop.example>"), Acknowledged.LIST),
        (a_mail(List_Unsubscribe="<mailto:x@shop.example>"), Acknowledged.LIST),
        (a_mail(X_Spam_Flag="YES"), Acknowledged.SPAM),
        (a_mail(Authentication_Results="mx; spf=pass; dmarc=fail"), Acknowledged.FORGED),
    ],
)
def test_no_program_list_or_stranger_in_anothers_name_is(raw: bytes, why: Acknowledged) -> None:
    assert _against(raw) is why


def test_what_comes_into_the_spam_lane_is_not() -> None:
    assert _against(a_mail(), Lane.SPAM) is Acknowledged.SPAM


def test_old_mail_of_a_mailbox_that_is_read_for_the_first_time_is_not() -> None:
    assert _against(a_mail(), age=timedelta(days=1)) is None
    assert _against(a_mail(), age=timedelta(days=2)) is Acknowledged.OLD
    assert _against(a_mail(), age=timedelta(days=-2)) is Acknowledged.OLD
    for date in (b"", b"Date: yesterday\n", b"Date: Wed, 18 Nov 99999 11:58:00 +0000\n"):
        raw = re.sub(rb"Date: .*\n", date, a_mail())
        assert _against(raw) is Acknowledged.OLD


@pytest.mark.parametrize(
    ("text", "headers", "language"),
    [
        ("وصلتني رسالة تصيد اليوم", {"Content_Language": "en-US"}, "ar"),
        ("یک ایمیل فیشینگ گرفتم", {}, ""),
        ("Мы получили странное письмо", {}, "ru"),
        ("Ми отримали дивний лист, його відкрили", {}, ""),
        ("我们收到了一封钓鱼邮件", {}, "zh"),
        ("フィッシングメールを受け取りました", {}, ""),
        ("Nous avons reçu ceci", {"Content_Language": "fr-CA"}, "fr"),
        ("Recibimos esto", {"Accept_Language": "es-ES, en;q=0.5"}, "es"),
        ("Wir haben das bekommen", {"Content_Language": "de"}, ""),
        ("http://evil.example 198.51.100.7", {}, ""),
        ("", {}, ""),
    ],
)
def test_the_language_is_that_of_the_script_else_what_the_mail_program_says(
    text: str, headers: dict[str, str], language: str
) -> None:
    assert language_of(read_mail(a_mail(text, **headers))) == language


def test_there_are_words_for_every_language_and_each_tells_how_to_follow() -> None:
    assert set(included()) == set(LANGUAGES)
    for words in included().values():
        check_places(words.body)
        assert words.subject


def test_words_without_a_place_or_with_an_unknown_one_are_refused() -> None:
    every = " ".join(f"{{{one}}}" for one in PLACES)
    with pytest.raises(PlaceMissing, match=r"\{code\}"):
        check_places("{reference} {address}")
    with pytest.raises(PlaceUnknown, match=r"\{name\}"):
        check_places(f"{every} {{name}}")
    check_places(f"{every} and a brace {{ or }} alone")


def test_what_is_filled_in_is_no_place_itself() -> None:
    assert (
        filled("{code} {address} {x}", {"code": "{address}", "address": "b"}) == "{address} b {x}"
    )
