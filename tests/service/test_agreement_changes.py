"""Agreements at the desk: two persons for what widens, one for what narrows, and nothing in between slips through."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.boot.app import create_app
from cirt.exchange.arrivals import take
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.parties.accounts import AddAccount, add_account, get_account, set_roles
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.parties.four_eyes.errors import (
    OwnChange,
    PersonAsks,
    ReasonNeeded,
    RequestDecided,
    RequestVoided,
    ShownIsOld,
    WordsNeeded,
)
from cirt.parties.four_eyes.models import RequestState
from cirt.parties.peers import set_credentials
from cirt.parties.roles import Role
from cirt.release import agreeing
from cirt.release.models import FeedRow
from cirt.sharing.agreements.changes import propose_change, propose_resumption
from cirt.sharing.agreements.commands import ChangeAgreement, SignedCopy
from cirt.sharing.agreements.errors import (
    AgreementMoved,
    AgreementOverlaps,
    DoesMoreThanNarrow,
    NothingDiffers,
)
from cirt.sharing.agreements.models import AgreementChange
from cirt.sharing.agreements.queries import history_lines
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.gate import show_file
from cirt.sharing.models import Agreement, AgreementState
from cirt.sharing.queries import find_agreement
from tests.support.agreeing import (
    agreement_in_force,
    asked_for,
    drafted,
    narrowed,
    polled,
    ruled,
    written,
)
from tests.support.browse import PASSWORD
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, published
from tests.support.stix import an_indicator
from tests.support.store import a_peer, marked

MOU = "MOU-2026-0001"


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


@pytest.fixture
def farid(program: Program) -> Actor:
    return a_person(program, "Farid", Role.LEAD)


def a_peer_with_terms(program: Program, **terms: Any) -> int:
    """CERT-B under MOU-2026-0001, member of a collection with one object of each marking; its id."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work, reference=MOU, **terms)
        set_credentials(work, "cert-b", "cert-b", PASSWORD)
        objects = [
            our_indicator(work, f"198.51.100.{number}", tlp)
            for number, tlp in enumerate((Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER, Tlp.AMBER_STRICT), 1)
        ]
        published(work, a_collection(work, peer), *objects)
        return peer.id


def state_of(program: Program, change_id: int) -> RequestState:
    with program.work(CONSOLE, write=False) as work:
        return work.session.get_one(AgreementChange, change_id).state


def now_of(program: Program) -> Agreement:
    with program.work(CONSOLE, write=False) as work:
        return find_agreement(work.session, MOU)


def test_a_new_agreement_is_a_draft_until_another_person_approves(
    program: Program, irena: Actor, farid: Actor
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
    change_id = drafted(program, irena)
    assert now_of(program).state is AgreementState.DRAFT
    with pytest.raises(OwnChange):
        ruled(program, irena, change_id)

    ruled(program, farid, change_id)

    assert now_of(program).state is AgreementState.IN_FORCE
    with program.work(CONSOLE, write=False) as work:
        terms = agreement_in_force(work.session, peer.id, work.now)
        newest = history_lines(work.session, now_of(program).id)[0]
    assert terms is not None
    assert (newest.made_by, newest.approved_by) == ("Irena", "Farid")
    assert [each.field for each in newest.changes] == ["state"]


def test_an_approved_change_opens_the_feed_in_the_same_moment(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program, ceiling=Tlp.GREEN)
    app = create_app(program)
    before = polled(app, "cert-b", "indicators")
    change_id = asked_for(program, irena, MOU, ceiling=Tlp.AMBER)
    assert polled(app, "cert-b", "indicators") == before

    agreed = ruled(program, farid, change_id)

    after = polled(app, "cert-b", "indicators")
    assert before is not None
    assert after is not None
    came = sorted(stix_id.partition("--")[0] for stix_id in set(after) - set(before))
    assert came == ["indicator", "marking-definition"]  # which goes only with what bears it
    assert agreed.offered == len(came)


def test_a_second_account_of_the_asker_does_not_decide(program: Program, irena: Actor) -> None:
    a_peer_with_terms(program)
    change_id = asked_for(program, irena, MOU, ceiling=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        second = AddAccount(
            "irena2@ex-cirt.example", "Irena", (Role.LEAD,), PASSWORD, irena.person_id
        )
        add_account(work, second)
        account = get_account(work.session, "irena2@ex-cirt.example")

    with pytest.raises(OwnChange):
        ruled(program, replace(irena, id=account.id), change_id)


def test_any_new_version_in_between_voids_what_waits(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program)
    change_id = asked_for(program, irena, MOU, ceiling=Tlp.AMBER_STRICT)

    with program.work(CONSOLE) as work:
        change_agreement(work, ChangeAgreement(MOU, ceiling=Tlp.GREEN))

    assert state_of(program, change_id) is RequestState.VOIDED
    with pytest.raises(RequestDecided):
        ruled(program, farid, change_id)
    assert now_of(program).ceiling is Tlp.GREEN


def test_who_lost_the_right_neither_asks_nor_decides(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program)
    change_id = asked_for(program, irena, MOU, ceiling=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        set_roles(work, "farid@ex-cirt.example", frozenset({Role.HANDLER}))
    with pytest.raises(NotAllowed):
        ruled(program, farid, change_id)  # with the session of before
    with program.work(CONSOLE) as work:
        set_roles(work, "farid@ex-cirt.example", frozenset({Role.LEAD}))
        set_roles(work, "irena@ex-cirt.example", frozenset({Role.HANDLER}))

    agreed = ruled(program, farid, change_id)

    assert isinstance(agreed.decided.conflict, RequestVoided)
    assert state_of(program, change_id) is RequestState.VOIDED
    assert now_of(program).ceiling is Tlp.AMBER


def test_a_decision_holds_for_what_was_shown_and_a_refusal_has_words(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program)
    change_id = asked_for(program, irena, MOU, ceiling=Tlp.AMBER_STRICT)
    other = asked_for(program, irena, MOU, ceiling=Tlp.GREEN)

    with program.work(farid, write=False) as work:
        shown = work.session.get_one(AgreementChange, other).digest
    with pytest.raises(ShownIsOld), program.work(farid) as work:
        agreeing.decide(work, DecideRequest(change_id, Ruling.APPROVED, "", shown))
    with pytest.raises(WordsNeeded):
        ruled(program, farid, change_id, Ruling.REFUSED)
    ruled(program, farid, change_id, Ruling.REFUSED, "Not before the review")
    ruled(program, irena, other, Ruling.WITHDRAWN)

    assert state_of(program, change_id) is RequestState.REFUSED
    assert state_of(program, other) is RequestState.WITHDRAWN
    assert now_of(program).version == 1


def test_what_only_narrows_holds_at_once_and_closes_what_was_lost(
    program: Program, irena: Actor
) -> None:
    a_peer_with_terms(program)
    app = create_app(program)
    before = polled(app, "cert-b", "indicators")

    narrowed(program, irena, MOU, ceiling=Tlp.GREEN, types=("indicator",), reason="They lost mails")

    after = polled(app, "cert-b", "indicators")
    assert before is not None
    assert after is not None
    assert set(after) < set(before)
    assert (now_of(program).ceiling, now_of(program).types) == (Tlp.GREEN, ["indicator"])
    with program.work(CONSOLE, write=False) as work:
        closed = sa.select(sa.func.count()).where(FeedRow.closed_us.is_not(None))
        assert work.session.scalar(closed)
        assert history_lines(work.session, now_of(program).id)[0].reason == "They lost mails"


@pytest.mark.parametrize(
    "wider",
    [
        {"ceiling": Tlp.AMBER_STRICT},
        {"ceiling": Tlp.CLEAR, "personal_data": True},
        {"types": ("indicator", "malware", "tool")},
        {"valid_until": None, "ceiling": Tlp.CLEAR},
        {"default_tlp": Tlp.GREEN},
        {"our_name": "National CIRT of Exampleland"},
        {"copy": SignedCopy("mou.pdf", "application/pdf", b"%PDF")},
    ],
)
def test_what_widens_or_is_only_written_down_takes_two(
    program: Program, irena: Actor, wider: dict[str, object]
) -> None:
    with program.work(CONSOLE) as work:
        until = work.now + timedelta(days=90)
        a_reader(work, reference=MOU, types=["indicator", "malware"], valid_until=until)
    as_it_is = {"types": ("indicator", "malware"), "valid_until": until}

    with pytest.raises(DoesMoreThanNarrow):
        narrowed(program, irena, MOU, **{**as_it_is, **wider})

    assert now_of(program).version == 1


def test_to_suspend_takes_one_with_a_reason_and_to_resume_two(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program)
    app = create_app(program)
    with pytest.raises(ReasonNeeded), program.work(irena) as work:
        agreeing.close(work, "suspend", MOU, "  ")
    with program.work(irena) as work:
        agreeing.close(work, "suspend", MOU, "Their server was broken into")
    assert polled(app, "cert-b", "indicators") is None

    with program.work(irena) as work:
        change_id = propose_resumption(work, MOU, "Mended").id
    assert polled(app, "cert-b", "indicators") is None
    ruled(program, farid, change_id)

    assert polled(app, "cert-b", "indicators")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, NothingDiffers),
        ({"ceiling": Tlp.GREEN, "reason": " "}, ReasonNeeded),
        ({"ceiling": Tlp.GREEN, "version": 0}, AgreementMoved),
        ({"types": ("Indicator!",)}, Invalid),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_a_sentence(
    program: Program, irena: Actor, given: dict[str, object], error: type[Exception]
) -> None:
    a_peer_with_terms(program)
    before = now_of(program)
    same = {"valid_from": before.valid_from}

    with pytest.raises(error) as refused, program.work(irena) as work:
        propose_change(work, MOU, written(**{**same, **given}))

    assert str(refused.value)


def test_two_drafts_for_the_same_time_do_not_both_come_into_force(
    program: Program, irena: Actor, farid: Actor
) -> None:
    with program.work(CONSOLE) as work:
        a_peer(work)
    first, second = drafted(program, irena), drafted(program, irena)
    ruled(program, farid, first)

    with pytest.raises(AgreementOverlaps):
        ruled(program, farid, second)

    assert state_of(program, second) is RequestState.ASKED


def test_the_console_asks_for_nothing_that_two_decide(program: Program) -> None:
    a_peer_with_terms(program)

    with pytest.raises(PersonAsks):
        asked_for(program, CONSOLE, MOU, ceiling=Tlp.GREEN)


def test_the_signed_text_is_kept_as_it_came_and_read_through_the_gate(
    program: Program, irena: Actor, farid: Actor
) -> None:
    a_peer_with_terms(program)
    copy = SignedCopy("../mou.pdf", "application/pdf", b"%PDF signed")
    ruled(program, farid, asked_for(program, irena, MOU, copy=copy))
    kept = now_of(program).record

    with program.work(irena) as work:
        file = show_file(work, kept["copy_id"])
    admin = a_person(program, "Adam", Role.ADMIN)

    assert (file.body, file.sha256) == (b"%PDF signed", kept["copy_sha256"])
    with pytest.raises(NotFound), program.work(admin) as work:
        show_file(work, kept["copy_id"])


@pytest.mark.parametrize(
    ("tlp", "outcome"),
    [(Tlp.CLEAR, "taken"), (Tlp.GREEN, "taken"), (Tlp.AMBER, "refused"), (None, "refused")],
)
def test_what_arrives_above_their_ceiling_is_refused_with_a_sentence(
    program: Program, tlp: Tlp | None, outcome: str
) -> None:
    """What carries no marking counts as AMBER."""
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling_in=Tlp.GREEN)
        [answer] = take(work, [an_indicator(object_marking_refs=marked(tlp))], peer=peer)

    assert answer.outcome.value == outcome
    if answer.reason is not None:
        assert answer.reason.code == "ceiling-in"
        assert "above TLP:GREEN, the most that CERT-B may send" in answer.reason.sentence


def test_the_feed_closes_at_the_very_second_of_the_end(program: Program, clock: FakeClock) -> None:
    ends = clock.now() + timedelta(days=1)
    a_peer_with_terms(program, valid_until=ends)
    app = create_app(program)

    clock.at = ends - timedelta(seconds=1)
    assert polled(app, "cert-b", "indicators")
    clock.at = ends
    assert polled(app, "cert-b", "indicators") is None


def raced(*acts: Callable[[], object]) -> list[Exception]:
    """What went wrong with acts that begin together."""
    together = threading.Barrier(len(acts))
    failures: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
        except (Conflict, Invalid, NotAllowed) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_of_two_approvals_at_once_one_counts(program: Program, irena: Actor, farid: Actor) -> None:
    a_peer_with_terms(program)
    lin = a_person(program, "Lin", Role.LEAD)
    for ceiling in (Tlp.GREEN, Tlp.AMBER, Tlp.GREEN):
        version = now_of(program).version
        change_id = asked_for(program, irena, MOU, ceiling=ceiling)

        failures = raced(
            partial(ruled, program, farid, change_id), partial(ruled, program, lin, change_id)
        )

        assert [type(each) for each in failures] == [RequestDecided]
        assert now_of(program).version == version + 1


def test_an_approval_and_a_change_at_once_never_both_build_on_the_same_version(
    program: Program, irena: Actor, farid: Actor
) -> None:
    """Whichever comes second is void or refused: terms that nobody has seen never hold."""
    a_peer_with_terms(program)
    for _ in range(3):
        version = now_of(program).version
        change_id = asked_for(
            program, irena, MOU, ceiling=Tlp.AMBER_STRICT, sectors=(f"sector{version}",)
        )

        def change(version: int = version) -> None:
            with program.work(irena) as work:
                cmd = written(version=version, ceiling=Tlp.CLEAR, sectors=())
                propose = replace(cmd, ceiling_in=Tlp.AMBER)
                agreeing.narrow(work, MOU, propose)

        failures = raced(partial(ruled, program, farid, change_id), change)

        now = now_of(program)
        assert len(failures) == 1
        assert now.version == version + 1
        is_approved = state_of(program, change_id) is RequestState.APPROVED
        assert (now.ceiling is Tlp.AMBER_STRICT) == is_approved
        with program.work(CONSOLE) as work:
            change_agreement(
                work,
                ChangeAgreement(MOU, ceiling=Tlp.AMBER, ceiling_in=Tlp.AMBER_STRICT, sectors=()),
            )
