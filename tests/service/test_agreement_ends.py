"""Ends that come near are told 60, 30 and 7 days before, once each, on the desk and by mail."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.notify.models import Notice
from cirt.notify.notices import send_due, warn_of_ends
from cirt.parties.roles import Role
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement, suspend_agreement
from cirt.worker.table import HANDLERS, PERIODIC
from tests.support.browse import signed_in
from tests.support.mail import Smtp, smtp_server
from tests.support.register import a_person
from tests.support.release import a_reader

MOU = "MOU-2026-0001"


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


def ends_in(program: Program, **span: int) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work, reference=MOU, valid_until=work.now + timedelta(**span))


def waiting(program: Program) -> list[str]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Notice.address).order_by(Notice.id)))


def test_each_threshold_is_told_once_also_after_a_restart_or_a_step_of_the_clock(
    program: Program, clock: FakeClock
) -> None:
    a_person(program, "Irena", Role.LEAD)
    a_person(program, "Omar", Role.HANDLER)
    ends_in(program, days=61)
    told = []
    for days in (0, 1, 0, 30, -10, 11, 22, 0, 1, 5, 1, 3):
        clock.forward(days=days)
        told.append(warn_of_ends(program))

    assert told == [0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]
    assert waiting(program) == ["irena@ex-cirt.example"] * 3


def test_who_was_away_is_told_once_of_the_nearest(program: Program) -> None:
    a_person(program, "Irena", Role.LEAD)
    ends_in(program, days=5)

    assert [warn_of_ends(program), warn_of_ends(program)] == [1, 0]


def test_a_new_end_is_told_anew_and_what_is_suspended_or_over_is_not(
    program: Program, clock: FakeClock
) -> None:
    a_person(program, "Irena", Role.LEAD)
    ends_in(program, days=5)
    warn_of_ends(program)
    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(MOU, valid_until=work.now + timedelta(days=20)))
    assert warn_of_ends(program) == 1
    with program.work(CONSOLE) as work:
        suspend_agreement(work, MOU)
    clock.forward(days=15)

    assert warn_of_ends(program) == 0


def test_leads_get_a_mail_that_says_which_when_and_where(program: Program, smtp: Smtp) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_port": smtp.port}
    settings = replace(program.settings, mail_from="cert@cirt.example", **given)  # type: ignore[arg-type]  # names and ports
    mailing = replace(program, settings=settings)
    a_person(program, "Irena", Role.LEAD)
    ends_in(program, days=7)
    warn_of_ends(mailing)

    assert [send_due(mailing), send_due(mailing)] == [1, 0]

    [mail] = smtp.taken
    said = mail.decode()
    assert "To: irena@ex-cirt.example" in said
    assert "MOU-2026-0001 with CERT-B ends on 2026-11-25" in said
    assert f"/agreements/{MOU}" in said
    assert "Auto-Submitted: auto-generated" in said
    assert waiting(program) == []


def test_an_agreement_whose_text_needs_encryption_is_not_mailed_in_the_clear(
    program: Program, smtp: Smtp
) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "smtp_port": smtp.port}
    settings = replace(program.settings, mail_from="cert@cirt.example", **given)  # type: ignore[arg-type]  # names and ports
    mailing = replace(program, settings=settings)
    a_person(program, "Irena", Role.LEAD)
    with program.work(CONSOLE) as work:
        until = work.now + timedelta(days=3)
        a_reader(work, reference=MOU, valid_until=until, tlp=Tlp.AMBER_STRICT)
    warn_of_ends(mailing)

    assert send_due(mailing) == 0

    assert smtp.taken == []
    assert waiting(program) == []


def test_the_worker_warns_and_sends(program: Program) -> None:
    jobs = {"agreements.warn", "notices.send"}

    assert jobs <= HANDLERS.keys()
    assert jobs <= {each.kind for each in PERIODIC}


def test_desk_directory_and_the_peers_page_tell_of_the_end(program: Program) -> None:
    ends_in(program, days=12)
    visitor = signed_in(program, Role.LEAD, name="Irena")

    for path in ("/desk", "/peers", "/peers/cert-b", "/agreements", f"/agreements/{MOU}"):
        visitor.get(path)
        assert "nds in 12 days" in visitor.text, path
