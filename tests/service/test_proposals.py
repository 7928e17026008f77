"""Releases: asked by one, decided by others, bound to exactly what was shown."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.objects.codec import StixObject
from cirt.parties.accounts import AddAccount, add_account, disable_account, get_account, set_roles
from cirt.parties.four_eyes.errors import PersonAsks
from cirt.parties.models import Account, Peer, PeerState
from cirt.parties.roles import Role, permissions_of
from cirt.register.models import Entry, EntryKind
from cirt.release.asking import ask_again
from cirt.release.collections import add_member, find_collection
from cirt.release.commands import AskAgain, WithdrawRelease
from cirt.release.deciding import Outcome, withdraw_release
from cirt.release.errors import (
    AlreadyApproved,
    CommentNeeded,
    NotAsker,
    NothingWouldLeave,
    OwnRequest,
    ReleaseChanged,
    ReleaseDecided,
    ReleaseEdited,
    ReleaseIncomplete,
    ReleaseVoided,
    TooFewToApprove,
)
from cirt.release.lists import ReleaseFilter, ReleaseLine, release_page, waiting_releases
from cirt.release.models import (
    Collection,
    CollectionEntry,
    Proposal,
    ProposalObject,
    ProposalState,
    Ruling,
)
from cirt.release.queries import ProposalView, proposal_view
from cirt.release.reach import releases_of
from cirt.sharing.models import Level
from tests.support.register import a_person, an_incident
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    names,
    our_indicator,
    read_page,
    revised,
    shown_digest,
    walk,
)
from tests.support.store import put


class Desk:
    """Three people, a collection with one reader, and an indicator of ours."""

    def __init__(self, program: Program, tlp: Tlp = Tlp.GREEN, **terms: Any) -> None:
        self.program = program
        self.tomas = a_person(program, "Tomas", Role.HANDLER)
        self.irena = a_person(program, "Irena", Role.LEAD)
        self.petra = a_person(program, "Petra", Role.LEAD)
        with program.work(CONSOLE) as work:
            self.peer: Peer = a_reader(work, **terms)
            a_collection(work, self.peer)
            self.indicator: StixObject = our_indicator(work, tlp=tlp)
            put(work, self.indicator)

    def ask(self, actor: Actor | None = None, **more: Any) -> str:
        return asked(self.program, actor or self.tomas, self.indicator.stix_id, **more)

    def decide(
        self,
        actor: Actor,
        reference: str,
        ruling: Ruling = Ruling.APPROVED,
        comment: str = "",
        digest: str | None = None,
    ) -> Outcome:
        return decided(self.program, actor, reference, ruling, comment=comment, digest=digest)

    def view(self, reference: str, actor: Actor | None = None) -> ProposalView:
        with self.program.work(actor or self.irena, write=False) as work:
            return proposal_view(work, reference)

    def line(self, actor: Actor) -> ReleaseLine:
        """The one that waits for this actor, in the list."""
        with self.program.work(actor, write=False) as work:
            (line,) = release_page(work, ReleaseFilter.WAITING).rows
            return line

    def state(self, reference: str) -> ProposalState:
        with self.program.work(CONSOLE, write=False) as work:
            query = sa.select(Proposal.state).where(Proposal.reference == reference)
            return work.session.scalars(query).one()

    def readable(self) -> list[str]:
        return names(walk(self.program, self.peer))

    def edit(self) -> None:
        with self.program.work(CONSOLE) as work:
            put(work, revised(self.indicator.raw, self.program, name="Another name"))


def test_nothing_can_be_fetched_before_it_is_approved(program: Program) -> None:
    desk = Desk(program)

    reference = desk.ask()

    assert desk.readable() == []
    assert desk.decide(desk.irena, reference) == Outcome(ProposalState.RELEASED)
    assert desk.readable() == [desk.indicator.stix_id]


def test_nobody_decides_their_own_request(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask(desk.irena)

    with pytest.raises(OwnRequest):
        desk.decide(desk.irena, reference)

    assert desk.view(reference, desk.irena).barred == "own-request"
    assert desk.readable() == []


def test_a_second_account_of_the_same_person_does_not_decide(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask(desk.irena)
    second = AddAccount(
        "irena2@ex-cirt.example", "Irena", (Role.LEAD,), None, person_id=desk.irena.person_id
    )
    with program.work(CONSOLE) as work:
        add_account(work, second)
        account = get_account(work.session, second.email)
    other = Actor(
        desk.irena.kind,
        account.id,
        "Irena",
        account.person_id,
        permissions=permissions_of(frozenset({Role.LEAD})),
    )

    with pytest.raises(OwnRequest):
        desk.decide(other, reference)


def linked(program: Program, actor: Actor, to: Actor) -> None:
    """The account of the one becomes the other's."""
    with program.work(CONSOLE) as work:
        work.session.get_one(Account, actor.id).person_id = to.person_id or 0


def test_an_account_that_became_the_askers_after_asking_does_not_decide(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    linked(program, desk.irena, desk.tomas)  # her session still says who she was

    with pytest.raises(OwnRequest):
        desk.decide(desk.irena, reference)

    assert desk.readable() == []


def test_who_approved_and_then_turns_out_to_be_the_asker_counts_no_more(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    linked(program, desk.irena, desk.tomas)

    outcome = desk.decide(desk.petra, reference)

    assert outcome == Outcome(ProposalState.ASKED, missing=1)
    assert [each.why_void for each in desk.view(reference).decisions] == ["same-person", None]


def test_two_accounts_of_one_person_are_one_approval(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    linked(program, desk.petra, desk.irena)

    with pytest.raises(AlreadyApproved):
        desk.decide(desk.petra, reference)

    assert desk.readable() == []


def test_who_asks_again_becomes_an_asker_and_who_asked_first_stays_one(program: Program) -> None:
    desk = Desk(program)
    ada = a_person(program, "Ada", Role.LEAD)
    reference = desk.ask(desk.irena)
    desk.decide(desk.petra, reference, Ruling.SENT_BACK, "Say more")
    with program.work(ada) as work:
        ask_again(work, AskAgain(reference, "Phishing wave", "More words"))

    for asker in (desk.irena, ada):
        with pytest.raises(OwnRequest):
            desk.decide(asker, reference)

    assert desk.view(reference, desk.petra).could == ["Petra"]
    assert desk.decide(desk.petra, reference).state is ProposalState.RELEASED


def test_only_who_asked_withdraws_and_then_nobody_approves(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)

    with program.work(desk.petra) as work, pytest.raises(NotAsker):
        withdraw_release(work, WithdrawRelease(reference))
    with program.work(desk.tomas) as work:
        withdraw_release(work, WithdrawRelease(reference))

    with pytest.raises(ReleaseDecided):
        desk.decide(desk.petra, reference)
    assert desk.state(reference) is ProposalState.WITHDRAWN
    assert [each.why_void for each in desk.view(reference).decisions] == ["withdrawn"]


def test_where_too_few_could_approve_it_is_said_before_it_is_asked(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        disable_account(work, "petra@ex-cirt.example")

    with pytest.raises(TooFewToApprove, match="1 more"):
        desk.ask(anyway=False)
    reference = desk.ask()

    view = desk.view(reference)
    assert (view.needed, view.could, view.short) == (2, ["Irena"], 1)


def test_a_changed_agreement_shows_at_once_that_an_approval_counts_no_more(
    program: Program,
) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    with program.work(CONSOLE) as work:
        late = a_reader(work, "late", ceiling=Tlp.AMBER_STRICT)
        add_member(work, find_collection(work.session, "indicators"), late)

    view = desk.view(reference, desk.petra)

    assert view.approved_by == []
    assert [(each.voided, each.why_void) for each in view.decisions] == [(True, "changed")]


def test_the_console_neither_asks_nor_decides(program: Program) -> None:
    desk = Desk(program)

    with pytest.raises(PersonAsks):
        desk.ask(CONSOLE)
    with pytest.raises(PersonAsks):
        desk.decide(CONSOLE, desk.ask())


def test_strict_markings_need_two_others(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()

    first = desk.decide(desk.irena, reference)

    assert first == Outcome(ProposalState.ASKED, missing=1)
    assert desk.readable() == []
    with pytest.raises(AlreadyApproved):
        desk.decide(desk.irena, reference)
    assert desk.decide(desk.petra, reference).state is ProposalState.RELEASED
    assert desk.readable() == [desk.indicator.stix_id]


@pytest.mark.parametrize("lost", ["role", "account"])
def test_an_approval_by_somebody_who_may_decide_no_more_does_not_count(
    program: Program, lost: str
) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    ada = a_person(program, "Ada", Role.LEAD)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    before, counted = desk.view(reference).approved_by, desk.line(desk.petra)
    with program.work(desk.irena, write=False) as work:
        assert release_page(work, ReleaseFilter.WAITING).rows == []
    with program.work(CONSOLE) as work:
        if lost == "role":
            set_roles(work, "irena@ex-cirt.example", frozenset({Role.HANDLER}))
        else:
            disable_account(work, "irena@ex-cirt.example")

    view, line = desk.view(reference, desk.petra), desk.line(desk.petra)
    outcome = desk.decide(desk.petra, reference)

    assert before == ["Irena"]
    assert (counted.approvals, line.approvals) == (1, 0)
    assert view.approved_by == []
    assert [each.voided for each in view.decisions] == [True]
    assert outcome == Outcome(ProposalState.ASKED, missing=1)
    assert desk.readable() == []
    assert desk.view(reference, ada).approved_by == ["Petra"]
    with program.work(CONSOLE, write=False) as work:
        voided = sa.select(AuditEntry.facts).where(AuditEntry.act == "release.void-approval")
        assert "approver-lost-right" in work.session.scalars(voided).one()
    assert desk.decide(ada, reference).state is ProposalState.RELEASED


def test_who_got_the_role_back_approves_again(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    with program.work(CONSOLE) as work:
        set_roles(work, "irena@ex-cirt.example", frozenset({Role.HANDLER}))
    desk.decide(desk.petra, reference)
    with program.work(CONSOLE) as work:
        set_roles(work, "irena@ex-cirt.example", frozenset({Role.LEAD}))

    assert desk.view(reference).barred is None
    assert desk.decide(desk.irena, reference).state is ProposalState.RELEASED


def test_who_approved_stays_on_record_after_the_release(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    with program.work(CONSOLE) as work:
        disable_account(work, "irena@ex-cirt.example")

    view = desk.view(reference, desk.petra)

    assert view.approved_by == ["Irena"]
    assert [each.voided for each in view.decisions] == [False]


def test_title_reason_and_incident_of_a_request_are_for_those_who_see_its_incident(
    program: Program,
) -> None:
    desk = Desk(program)
    incident = an_incident(program, desk.tomas, tlp=Tlp.RED)
    reference = desk.ask(incident=incident.reference)

    def shown(actor: Actor) -> set[str | None]:
        view = desk.view(reference, actor)
        with program.work(actor, write=False) as work:
            (line,) = waiting_releases(work)
            views = (ReleaseFilter.WAITING, ReleaseFilter.MINE)
            (listed,) = (row for each in views for row in release_page(work, each).rows)
            object_id = work.session.scalars(sa.select(ProposalObject.object_id)).one()
            (named,) = releases_of(work, object_id)
        titles = {view.title, line.title, listed.title, named.title}
        assert (view.objects != [], view.peers_getting, named.objects) == (True, 1, 1)
        return {*titles, view.reason, view.incident}

    assert shown(desk.irena) == {None}
    assert shown(desk.tomas) == {"Phishing wave", "Early warning", incident.reference}
    desk.decide(desk.irena, reference)
    assert desk.readable() == [desk.indicator.stix_id]
    with program.work(CONSOLE, write=False) as work:
        facts = "".join(work.session.scalars(sa.select(AuditEntry.facts)))
        entries = str(list(work.session.scalars(sa.select(Entry.values))))
    assert "Phishing wave" not in facts + entries


def test_a_new_member_between_asking_and_approving_voids_and_shows_what_changed(
    program: Program,
) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    seen = shown_digest(program, desk.petra, reference)
    with program.work(CONSOLE) as work:
        late = a_reader(work, "late", ceiling=Tlp.AMBER_STRICT)
        add_member(work, find_collection(work.session, "indicators"), late)

    outcome = desk.decide(desk.petra, reference, digest=seen)

    assert outcome.state is ProposalState.ASKED
    assert isinstance(outcome.conflict, ReleaseChanged)
    assert outcome.conflict.values == {"gains": 1, "loses": 0, "differs": 0}
    assert desk.view(reference).approved_by == []
    assert desk.readable() == []


def test_an_approval_given_to_other_rows_does_not_count_later(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER_STRICT, ceiling=Tlp.AMBER_STRICT)
    reference = desk.ask()
    desk.decide(desk.irena, reference)
    with program.work(CONSOLE) as work:
        late = a_reader(work, "late", ceiling=Tlp.AMBER_STRICT)
        add_member(work, find_collection(work.session, "indicators"), late)

    outcome = desk.decide(desk.petra, reference)  # of what stands now

    assert outcome == Outcome(ProposalState.ASKED, missing=1)
    assert desk.view(reference).approved_by == ["Petra"]
    assert desk.decide(desk.irena, reference).state is ProposalState.RELEASED


def test_an_edited_object_sends_the_request_back(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    seen = shown_digest(program, desk.irena, reference)
    desk.edit()

    outcome = desk.decide(desk.irena, reference, digest=seen)

    assert isinstance(outcome.conflict, ReleaseEdited)
    assert desk.indicator.stix_id in str(outcome.conflict)
    assert desk.state(reference) is ProposalState.SENT_BACK
    assert desk.readable() == []


def test_a_request_that_was_sent_back_is_asked_again_with_the_newest_versions(
    program: Program,
) -> None:
    desk = Desk(program)
    reference = desk.ask()
    desk.decide(desk.irena, reference, Ruling.SENT_BACK, "Take the name out")
    desk.edit()

    with program.work(desk.tomas) as work:
        ask_again(work, AskAgain(reference, "Phishing wave", "Without the name"))

    assert desk.decide(desk.irena, reference).state is ProposalState.RELEASED
    assert len(desk.readable()) == 1


def test_a_request_is_void_when_its_asker_lost_the_right(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    with program.work(CONSOLE) as work:
        disable_account(work, "tomas@ex-cirt.example")

    outcome = desk.decide(desk.irena, reference)

    assert isinstance(outcome.conflict, ReleaseVoided)
    assert desk.state(reference) is ProposalState.VOIDED
    assert desk.readable() == []


def test_a_request_is_void_when_nothing_would_leave_any_more(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    with program.work(CONSOLE) as work:
        work.session.get_one(Peer, desk.peer.id).state = PeerState.SUSPENDED

    assert desk.decide(desk.irena, reference).state is ProposalState.VOIDED


def test_what_nobody_may_have_cannot_be_asked_for(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER, ceiling=Tlp.GREEN)

    with pytest.raises(NothingWouldLeave):
        desk.ask()


def test_a_decision_is_final(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    desk.decide(desk.irena, reference, Ruling.REFUSED, "Not now")

    with pytest.raises(ReleaseDecided):
        desk.decide(desk.petra, reference)
    assert desk.readable() == []


@pytest.mark.parametrize("ruling", [Ruling.REFUSED, Ruling.SENT_BACK])
def test_saying_no_needs_a_comment(program: Program, ruling: Ruling) -> None:
    desk = Desk(program)
    reference = desk.ask()

    with pytest.raises(CommentNeeded):
        desk.decide(desk.irena, reference, ruling, "  ")


def test_a_request_without_a_reason_is_incomplete(program: Program) -> None:
    desk = Desk(program)

    with pytest.raises(ReleaseIncomplete):
        asked(program, desk.tomas)


def test_the_page_says_who_would_get_what_and_why(program: Program) -> None:
    desk = Desk(program, Tlp.AMBER)
    with program.work(CONSOLE) as work:
        green = a_reader(work, "green", ceiling=Tlp.GREEN)
        none = a_reader(work, "none", level=Level.TLP_ACK)
        collection = find_collection(work.session, "indicators")
        add_member(work, collection, green)
        add_member(work, collection, none)
        hash_ = our_indicator(work, "198.51.100.9", Tlp.GREEN)
        put(work, hash_)
    reference = asked(program, desk.tomas, desk.indicator.stix_id, hash_.stix_id)

    view = desk.view(reference)

    assert (view.peers_getting, view.peers_asked) == (3, 3)
    assert (view.leaving, view.asked) == (2, 2)
    assert [(line.slug, line.gets) for line in view.peers] == [
        ("cert-b", 2),
        ("green", 1),
        ("none", 1),
    ]
    said = {reason.decision.rule for reason in view.peers[1].reasons}
    assert said == {"table-yes", "ceiling"}
    assert sorted(
        (line.kind, line.count, line.leaves, len(line.except_for)) for line in view.kinds
    ) == [
        ("indicator-network", 1, True, 0),
        ("indicator-network", 1, True, 2),
    ]
    assert view.tlp is Tlp.AMBER
    assert view.barred is None
    assert view.needed == 2  # GREEN without an MoU
    assert desk.view(reference, desk.tomas).barred == "not-allowed"


def test_a_decided_release_shows_what_was_decided_on(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    digest = shown_digest(program, desk.irena, reference)
    desk.decide(desk.irena, reference)
    with program.work(CONSOLE) as work:
        late = a_reader(work, "late")
        add_member(work, find_collection(work.session, "indicators"), late)

    view = desk.view(reference)

    assert (view.digest, view.peers_asked, view.state) == (digest, 1, ProposalState.RELEASED)
    assert [line.name for line in view.decisions] == ["Irena"]


def test_the_sector_of_a_release_opens_an_agreement_that_names_it(program: Program) -> None:
    desk = Desk(program, sectors=["water"])
    with pytest.raises(NothingWouldLeave):
        desk.ask()

    reference = desk.ask(sector="water")
    desk.decide(desk.irena, reference)

    assert desk.readable() == [desk.indicator.stix_id]


def test_another_sector_opens_and_closes_also_where_the_object_stood_before(
    program: Program,
) -> None:
    """Who had passed its row while it was hidden is offered it anew, at the end."""
    desk = Desk(program, sectors=["water"])
    with program.work(CONSOLE) as work:
        energy, anybody = a_reader(work, "cert-c", sectors=["energy"]), a_reader(work, "cert-d")
        a_collection(work, energy, anybody, alias="more")
    desk.decide(desk.irena, desk.ask(sector="water"))
    first = read_page(program, desk.peer)
    desk.decide(desk.irena, desk.ask(sector="energy", alias="more"))
    assert desk.readable() == []
    assert names(walk(program, energy, "more")) == [desk.indicator.stix_id]

    desk.decide(desk.irena, desk.ask(sector="water", alias="more"))

    again = read_page(program, desk.peer, after_us=first.position_us)
    assert names(again.rows) == [desk.indicator.stix_id]
    assert names(walk(program, energy, "more")) == []


def test_the_incident_tells_of_its_release(program: Program) -> None:
    desk = Desk(program)
    incident = an_incident(program, desk.tomas)

    desk.decide(desk.irena, desk.ask(incident=incident.reference))

    with program.work(CONSOLE, write=False) as work:
        query = sa.select(Entry.kind).where(Entry.incident_id == incident.id).order_by(Entry.id)
        kinds = list(work.session.scalars(query))
    assert kinds[-2:] == [EntryKind.RELEASE_ASKED, EntryKind.RELEASED]


def test_requests_that_wait_are_listed_the_youngest_first(program: Program) -> None:
    desk = Desk(program)
    older, younger = desk.ask(), desk.ask()

    with program.work(desk.irena, write=False) as work:
        lines = waiting_releases(work)

    assert [(line.reference, line.asker, line.objects) for line in lines] == [
        (younger, "Tomas", 1),
        (older, "Tomas", 1),
    ]


def test_two_who_approve_at_once_release_once(program: Program) -> None:
    desk = Desk(program)
    reference = desk.ask()
    digest = shown_digest(program, desk.irena, reference)
    outcomes: list[object] = []

    def approving(actor: Actor) -> Callable[[], None]:
        def run() -> None:
            try:
                outcomes.append(desk.decide(actor, reference, digest=digest).state)
            except CirtError as error:
                outcomes.append(error.code)

        return run

    threads = [threading.Thread(target=approving(each)) for each in (desk.irena, desk.petra)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, outcomes)) == ["release-decided", "released"]
    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(sa.func.count())
            .select_from(CollectionEntry)
            .join(Collection, Collection.id == CollectionEntry.collection_id)
        )
        assert work.session.scalar(query) == 3  # with our identity and the marking
