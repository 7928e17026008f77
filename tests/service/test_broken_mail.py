"""A mail that breaks what reads it, with limits of the database that real mails run into: none stops another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.files.content import AttachmentContent
from cirt.files.models import Attachment
from cirt.kernel.clock import FakeClock, SystemClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM
from cirt.parties.roles import Role
from cirt.register.mail import parse
from cirt.register.mail.models import MailOutcome, ReceivedMail, SetAsideMail
from cirt.register.mail.trouble import broken_mails, set_aside_counts
from cirt.register.models import Report
from cirt.sources.service import run_source
from tests.support.browse import signed_in
from tests.support.mail import a_mail

# What the database refuses from then on: a second report of the same sender; a second report by mail at all.
ONE_OF_EACH_SENDER = "CREATE UNIQUE INDEX limit_of_test ON report (contact)"
ONE_BY_MAIL = "CREATE UNIQUE INDEX limit_of_test ON report (source)"
RANA, OMAR = "Rana <rana@utility.example>", "Omar <omar@bank.example>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mails"
    made.mkdir()
    return made


@pytest.fixture
def reading(program: Program, folder: Path) -> Program:
    given = {"mail": {"folder": str(folder), "tlp": "green", "lane": "operator"}}
    return replace(program, settings=replace(program.settings, connectors=given))


def put(folder: Path, *mails: bytes) -> None:
    count = len(list(folder.iterdir()))
    for number, raw in enumerate(mails, count):
        (folder / f"{number}.eml").write_bytes(raw)


def three(sender: str = RANA) -> list[bytes]:
    senders = (RANA, sender, OMAR)
    return [
        a_mail(f"Mail {n}: http://evil.example/{n}", sender=one, message_id=f"<{n}@x.example>")
        for n, one in enumerate(senders)
    ]


@contextmanager
def limited(program: Program, limit: str) -> Iterator[None]:
    with program.engine.begin() as connection:
        connection.exec_driver_sql(limit)
    yield
    with program.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX limit_of_test")


def rows(program: Program, table: Any) -> list[Any]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(table).order_by(*table.__table__.primary_key)))


def kept_bytes(program: Program) -> list[bytes]:
    """Of the mails of all reports."""
    query = sa.select(AttachmentContent.body).join(
        Attachment, Attachment.id == AttachmentContent.attachment_id
    )
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(query.order_by(Attachment.id)))


def test_a_mail_that_breaks_a_step_is_a_report_of_its_bare_text_and_stops_none_behind_it(
    reading: Program, folder: Path
) -> None:
    mails = three()
    put(folder, *mails)

    with limited(reading, ONE_OF_EACH_SENDER):
        run = run_source(reading, SYSTEM, "mail")

    assert (run.files, run.taken) == (3, 3)
    first, bare, last = rows(reading, Report)
    assert [one.contact for one in (first, bare, last)] == [
        "rana@utility.example",
        "",
        "omar@bank.example",
    ]
    assert bare.text == mails[1].decode()
    assert (bare.title, bare.tlp, bare.lane) == ("Phishing", Tlp.AMBER_STRICT, first.lane)
    assert kept_bytes(reading) == mails
    visitor = signed_in(reading, Role.LEAD)
    visitor.get(f"/intake/{bare.reference}")
    assert "could not be read here (IntegrityError)" in visitor.text
    assert run_source(reading, SYSTEM, "mail").files == 0


def test_what_cannot_even_be_a_report_is_set_aside_byte_by_byte_and_told(
    reading: Program, folder: Path
) -> None:
    mails = three()
    put(folder, *mails)

    with limited(reading, ONE_BY_MAIL):
        assert run_source(reading, SYSTEM, "mail").taken == 1

    assert [one.contact for one in rows(reading, Report)] == ["rana@utility.example"]
    with reading.work(SYSTEM, write=False) as work:
        bodies = sa.select(SetAsideMail.body).order_by(SetAsideMail.received_id)
        assert list(work.session.scalars(bodies)) == mails[1:]
        assert set_aside_counts(work) == {"mail": 2}
        told = broken_mails(work)
    assert [(one.origin, one.fault) for one in told] == [
        ("2.eml", "IntegrityError"),
        ("1.eml", "IntegrityError"),
    ]
    visitor = signed_in(reading, Role.ADMIN)
    visitor.get("/admin/mail")
    assert "2 mails are set aside" in visitor.text
    assert "1.eml" in visitor.text
    assert "Mail 1" not in visitor.page


def test_what_was_set_aside_is_tried_each_day_and_taken_once_the_fault_is_mended(
    reading: Program, folder: Path, clock: FakeClock
) -> None:
    mails = three()
    put(folder, *mails)
    with limited(reading, ONE_BY_MAIL):
        run_source(reading, SYSTEM, "mail")
        clock.forward(minutes=24 * 60)
        run_source(reading, SYSTEM, "mail")
        assert {one.tries for one in rows(reading, SetAsideMail)} == {2}
    run_source(reading, SYSTEM, "mail")
    assert len(rows(reading, Report)) == 1  # not before the day is over

    clock.forward(minutes=24 * 60)
    for _ in range(2):
        run_source(reading, SYSTEM, "mail")

    assert rows(reading, SetAsideMail) == []
    assert [one.text for one in rows(reading, Report)] == [
        f"Mail {n}: http://evil.example/{n}" for n in range(3)
    ]
    assert kept_bytes(reading) == mails
    assert {one.outcome for one in rows(reading, ReceivedMail)} == {MailOutcome.REPORT}
    with reading.work(SYSTEM, write=False) as work:
        assert broken_mails(work) == []


@pytest.mark.parametrize("limit", [ONE_OF_EACH_SENDER, ONE_BY_MAIL])
def test_a_kill_at_any_moment_loses_none_and_doubles_none(
    reading: Program, folder: Path, clock: FakeClock, limit: str
) -> None:
    mails = three()
    put(folder, *mails)
    with limited(reading, limit):
        for moment in range(12):
            try:
                run_source(replace(reading, clock=KilledAt(moment, clock)), SYSTEM, "mail")
            except PowerCut:
                continue
    clock.forward(minutes=25 * 60)
    run_source(reading, SYSTEM, "mail")

    assert len(rows(reading, Report)) == 3
    assert sorted(kept_bytes(reading)) == sorted(mails)
    assert len(rows(reading, ReceivedMail)) == 3
    assert rows(reading, SetAsideMail) == []


class PowerCut(BaseException):
    """What no program can catch in earnest."""


class KilledAt(SystemClock):
    """A clock that ends the program at the beginning of its n-th unit of work."""

    def __init__(self, at: int, clock: FakeClock) -> None:
        self._left, self._clock = at, clock

    def now(self) -> datetime:
        self._left -= 1
        if self._left < 0:
            raise PowerCut
        return self._clock.now()


def broken_parser(*_: object) -> None:
    raise ZeroDivisionError


def test_a_mail_that_no_parser_stands_is_kept_and_known_when_it_comes_again(
    reading: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = a_mail("Nobody can read me.")
    put(folder, mail)
    with monkeypatch.context() as broken:
        broken.setattr(parse, "_kind", broken_parser)
        run_source(reading, SYSTEM, "mail")
    put(folder, mail)

    assert run_source(reading, SYSTEM, "mail").taken == 0

    (report,) = rows(reading, Report)
    assert report.text == mail.decode()
    assert [one.fault for one in rows(reading, ReceivedMail)] == ["ZeroDivisionError"]
    assert kept_bytes(reading) == [mail]


def test_the_database_away_for_a_moment_makes_no_bare_report(
    reading: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, a_mail("Read me."))
    real: Callable[..., Any] = parse._sender
    left = [sa.exc.OperationalError("", {}, Exception())] * 2  # whole, and by its header fields

    def away_at_first(*given: Any) -> Any:
        if left:
            raise left.pop()
        return real(*given)

    monkeypatch.setattr(parse, "_sender", away_at_first)

    run_source(reading, SYSTEM, "mail")

    (report,) = rows(reading, Report)
    assert (report.text, report.contact) == ("Read me.", "rana@utility.example")


def test_a_file_whose_name_is_no_text_stops_none_behind_it(reading: Program, folder: Path) -> None:
    first, second = three()[:2]
    name = b"caf\xe9 \xff.eml"
    (Path(folder) / name.decode("utf-8", "surrogateescape")).write_bytes(first)
    put(folder, second)

    assert run_source(reading, SYSTEM, "mail").taken == 2
    assert run_source(reading, SYSTEM, "mail").files == 0

    assert [one.origin for one in rows(reading, ReceivedMail)] == ["caf\\xe9 \\xff.eml", "1.eml"]
