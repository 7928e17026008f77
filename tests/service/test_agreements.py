"""Agreements: made, changed, suspended, ended; one at a time, every version kept."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError, NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Work
from cirt.parties.errors import NoSuchPeer
from cirt.sharing.agreements.commands import AddAgreement, ChangeAgreement
from cirt.sharing.agreements.errors import (
    AgreementOverlaps,
    CeilingTooHigh,
    DefaultTooHigh,
    NoSuchAgreement,
    NotInThatState,
    PeriodWrong,
    TypeNameWrong,
)
from cirt.sharing.agreements.service import (
    add_agreement,
    change_agreement,
    end_agreement,
    resume_agreement,
    suspend_agreement,
)
from cirt.sharing.models import Agreement, AgreementState, Direction, Level
from cirt.sharing.queries import agreements, find_agreement, history
from tests.support.agreeing import agreement_in_force
from tests.support.store import a_peer


def asked(**more: Any) -> AddAgreement:
    return AddAgreement(**{"peer": "cert-b", "ceiling": Tlp.AMBER, **more})


def made(work: Work, **more: Any) -> Agreement:
    return add_agreement(work, asked(**more))


def in_force(program: Program, peer_id: int) -> str | None:
    with program.work(CONSOLE, write=False) as work:
        terms = agreement_in_force(work.session, peer_id, work.now)
    return terms.reference if terms else None


def test_an_agreement_is_in_force_at_once_with_an_audit_line(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        agreement = made(work)
    with program.work(CONSOLE, write=False) as work:
        lines = work.session.scalars(
            sa.select(AuditEntry.subject).where(AuditEntry.act == "agreement.add")
        ).all()

    assert agreement.reference == "MOU-2026-0001"
    assert (agreement.level, agreement.direction) == (Level.MOU, Direction.BOTH)
    assert in_force(program, peer.id) == "MOU-2026-0001"
    assert lines == ["MOU-2026-0001"]


def test_the_last_day_is_included_and_an_instant_is_not(program: Program, clock: FakeClock) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        made(work, valid_from=date(2026, 11, 1), valid_until=date(2026, 11, 20))
        made(work, valid_from=date(2026, 11, 21), valid_until=datetime(2026, 11, 22, tzinfo=UTC))

    clock.at = datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=UTC)
    assert in_force(program, peer.id) == "MOU-2026-0001"
    clock.forward(microseconds=1)
    assert in_force(program, peer.id) == "MOU-2026-0002"
    clock.at = datetime(2026, 11, 22, tzinfo=UTC)
    assert in_force(program, peer.id) is None


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (None, None),
        (date(2026, 1, 1), None),
        (date(2026, 1, 1), date(2026, 11, 18)),
        (date(2026, 11, 30), date(2027, 1, 1)),
    ],
)
def test_an_overlap_is_refused_with_the_other_ones_name(
    program: Program, begin: date | None, end: date | None
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
        made(work, valid_until=date(2026, 11, 30))

    with pytest.raises(AgreementOverlaps, match="MOU-2026-0001"), program.work(CONSOLE) as work:
        made(work, valid_from=begin, valid_until=end)


def test_another_may_follow_one_that_has_ended_and_stand_beside_another_peers(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
        a_peer(work, "cert-c")
        first = made(work)
        made(work, peer="cert-c")
        end_agreement(work, first.reference)
        again = made(work)

        found = [(row.reference, peer.slug) for row, peer in agreements(work.session, "cert-b")]

    assert again.reference == "MOU-2026-0003"
    assert sorted(found) == [("MOU-2026-0001", "cert-b"), ("MOU-2026-0003", "cert-b")]


def test_a_suspended_agreement_keeps_its_place(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        first = made(work)
        suspend_agreement(work, first.reference)
    assert in_force(program, peer.id) is None
    with pytest.raises(AgreementOverlaps), program.work(CONSOLE) as work:
        made(work)

    with program.work(CONSOLE) as work:
        resume_agreement(work, first.reference)

    assert in_force(program, peer.id) == first.reference


def test_a_change_keeps_the_rest_and_every_version(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
        first = made(work, default_tlp=Tlp.GREEN, types=("indicator", "malware"))
        before = first.valid_from
        changed = change_agreement(
            work, ChangeAgreement(first.reference, ceiling=Tlp.GREEN, default_tlp=None)
        )
        suspend_agreement(work, first.reference)

        versions = history(work.session, first.id)

    assert (changed.ceiling, changed.default_tlp) == (Tlp.GREEN, None)
    assert (changed.types, changed.valid_from) == (["indicator", "malware"], before)
    assert [one.version for one in versions] == [1, 2, 3]
    assert [one.terms["ceiling"] for one in versions] == ["amber", "green", "green"]
    assert [one.terms["state"] for one in versions] == ["in-force", "in-force", "suspended"]
    assert versions[0].made_by == "console"


def test_a_change_may_not_run_into_another_agreement(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
        first = made(work, valid_until=date(2026, 11, 30))
        made(work, valid_from=date(2026, 12, 1))

    with pytest.raises(AgreementOverlaps, match="MOU-2026-0002"), program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(first.reference, valid_until=None))
    with program.work(CONSOLE) as work:
        kept = change_agreement(work, ChangeAgreement(first.reference, ceiling=Tlp.CLEAR))
        assert kept.valid_until == datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"ceiling": Tlp.RED}, CeilingTooHigh),
        ({"default_tlp": Tlp.RED}, DefaultTooHigh),
        ({"valid_until": date(2026, 11, 17)}, PeriodWrong),
        ({"types": ("Indicator",)}, TypeNameWrong),
        ({"peer": "nobody"}, NoSuchPeer),
    ],
)
def test_terms_that_cannot_hold_are_refused(
    program: Program, wrong: dict[str, Any], error: type[CirtError]
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
    with pytest.raises(error) as refused, program.work(CONSOLE) as work:
        made(work, **wrong)

    assert str(refused.value)
    with program.work(CONSOLE, write=False) as work:
        assert agreements(work.session) == []


@pytest.mark.parametrize("act", [suspend_agreement, end_agreement, resume_agreement])
def test_what_has_ended_stays_ended(
    program: Program, act: Callable[[Work, str], Agreement]
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
        reference = made(work).reference
        end_agreement(work, reference)

    with pytest.raises(NotInThatState, match="ended"), program.work(CONSOLE) as work:
        act(work, reference)
    with program.work(CONSOLE, write=False) as work:
        assert find_agreement(work.session, reference).state is AgreementState.ENDED


def test_only_those_with_the_right_make_agreements_and_unknown_ones_are_named(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
    with pytest.raises(NotAllowed), program.work(PUBLIC) as work:
        made(work)
    with pytest.raises(NoSuchAgreement, match="MOU-2026-0099"), program.work(CONSOLE) as work:
        end_agreement(work, "MOU-2026-0099")


def test_an_agreement_that_begins_later_is_not_yet_in_force(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        made(work, valid_from=work.now + timedelta(hours=1))

    assert in_force(program, peer.id) is None
    clock.forward(hours=1)
    assert in_force(program, peer.id) == "MOU-2026-0001"
