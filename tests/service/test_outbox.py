"""Whatever leaves by mail takes one way: put off where GnuPG fails, tried ever more seldom, given up after two days."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.notify import handovers, letters, notices
from cirt.notify.models import Notice
from cirt.parties.roles import Role
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.models import Message, MessageState
from cirt.register.dialogue.service import ask_reporter
from cirt.release.handing.models import HandoverState
from tests.support.mail import Smtp, smtp_server
from tests.support.named import a_red_desk, mailing
from tests.support.register import a_person, a_report
from tests.support.release import a_reader


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


@pytest.fixture
def broken_gpg(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a ring, and GnuPG stands where it is looked for, but cannot be started."""
    (program.settings.data_dir / "keys" / "gnupg").mkdir(parents=True)
    binary = tmp_path / "gpg"
    binary.write_text("#!/nowhere/at/all\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def a_letter(program: Program) -> Message:
    officer = a_person(program, "Omar", Role.HANDLER)
    report = a_report(program, contact="rana@utility.example")
    with program.work(officer) as work:
        return ask_reporter(work, AskReporter(report.reference, "Thank you.", is_letter=True))


def a_notice(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work, reference="MOU-2026-0001")
        work.session.add(
            Notice(
                subject="MOU-2026-0001",
                address="irena@ex-cirt.example",
                title="It ends",
                text="It ends soon.",
                message_id="one@cirt.example",
                written_at=work.now,
                next_try_at=work.now,
            )
        )


def kept(program: Program) -> list[Notice]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Notice)))


def test_where_gnupg_fails_nothing_goes_in_the_clear_and_what_waits_is_put_off(
    program: Program, smtp: Smtp, clock: FakeClock, broken_gpg: None
) -> None:
    written = a_letter(program)
    sending = mailing(program, smtp.port)

    assert letters.send_due(sending) == 0

    with program.work(CONSOLE, write=False) as work:
        put_off = work.session.get_one(Message, written.id)
    assert smtp.taken == []
    assert put_off.state is MessageState.QUEUED
    assert put_off.failure.startswith("GnuPG could not do this")
    clock.forward(days=3)
    letters.send_due(sending)
    with program.work(CONSOLE, write=False) as work:
        assert work.session.get_one(Message, written.id).state is MessageState.FAILED


def test_without_gnupg_what_is_for_a_named_person_waits_and_says_so(
    program: Program, smtp: Smtp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = a_red_desk(program)
    desk.approve(desk.ask())
    monkeypatch.setenv("PATH", str(tmp_path))

    assert handovers.send_due(mailing(program, smtp.port)) == 0

    [handover] = desk.handovers()
    assert smtp.taken == []
    assert (handover.state, handover.tries) == (HandoverState.WAITING, 1)
    assert handover.failure.startswith("GnuPG is not installed here")


def test_a_notice_waits_longer_from_try_to_try_and_is_given_up_after_two_days(
    program: Program, clock: FakeClock
) -> None:
    a_notice(program)
    away = mailing(program, 1)
    waits = []
    while found := kept(program):
        clock.forward(seconds=(found[0].next_try_at - clock.now()).total_seconds())
        notices.send_due(away)
        waits += [
            round((each.next_try_at - clock.now()).total_seconds() / 60) for each in kept(program)
        ]

    assert waits[:7] == [1, 5, 15, 60, 120, 240, 240]
    assert 47 * 60 < sum(waits) <= 52 * 60
