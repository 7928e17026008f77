"""Recall in the large: raced with fetches, of releases in part, of what others made; and the letters about it."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor
from cirt.notify.peer_letters import send_peer_letters
from cirt.objects.codec import StixObject
from cirt.objects.models import StixObject as ObjectRow
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.release.collections import add_member, find_collection, remove_member
from cirt.release.commands import RecallRelease, Revoke, Withdraw
from cirt.release.errors import (
    AddressWrong,
    LetterPast,
    NothingOffered,
    NothingToRecall,
    NotYourIncident,
    OursToRevoke,
)
from cirt.release.holdings.accounting import account_due
from cirt.release.models import Feed, FeedRow, Proposal, ProposalState
from cirt.release.publishing import publish
from cirt.release.reach import reach, spread
from cirt.release.recalling.consequences import Consequences, consequences
from cirt.release.recalling.letters.queries import letters_of
from cirt.release.recalling.letters.reminding import drop_needless, remind_due
from cirt.release.recalling.letters.service import SendLetter, ask_reminder, send_letter
from cirt.release.recalling.models import LetterKind, LetterState, PeerLetter, Recall, RecallKind
from cirt.release.recalling.queries import recall_page, recalls_of
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.recalling.service import recall_release
from cirt.release.recalling.withdrawing import withdraw
from cirt.sharing.models import Agreement, AgreementState
from tests.support.mail import Smtp, smtp_server
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    names,
    our_indicator,
    published,
    read_page,
)
from tests.support.store import indicator, put

DUTY = "duty@cert-b.example"


def a_release(program: Program, *slugs: str, tlp: Tlp = Tlp.GREEN) -> tuple[StixObject, list[Peer]]:
    with program.work(CONSOLE) as work:
        peers = [a_reader(work, slug) for slug in slugs]
        made = our_indicator(work, tlp=tlp)
        published(work, a_collection(work, *peers), made)
    return made, peers


def revoke(program: Program, made: StixObject, actor: Actor = CONSOLE) -> None:
    with program.work(actor) as work:
        revoke_indicator(work, Revoke(made.stix_id, "A false positive"))


def becomes(program: Program, made: StixObject) -> Consequences:
    with program.work(CONSOLE, write=False) as work:
        return consequences(work, [object_id(work.session, made)])


def object_id(session: sa.orm.Session, made: StixObject) -> int:
    query = sa.select(ObjectRow.id).where(ObjectRow.stix_id == made.stix_id)
    return session.scalars(query).one()


def letters(program: Program) -> list[PeerLetter]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(PeerLetter).order_by(PeerLetter.id)))


def close_door(program: Program, peer: Peer, state: AgreementState) -> None:
    with program.work(CONSOLE) as work:
        query = sa.select(Agreement).where(Agreement.peer_id == peer.id)
        work.session.scalars(query).one().state = state


def test_fetches_and_a_recall_at_once_miss_nobody_and_tell_nobody_else(program: Program) -> None:
    """Each reader fetches in a thread of its own while the object is recalled: whoever got it is owed the revocation."""
    for turn in range(2):
        with program.work(CONSOLE) as work:
            peers = [a_reader(work, f"peer-{turn}-{n}") for n in range(5)]
            made = our_indicator(work, f"203.0.113.{turn + 1}")
            published(work, a_collection(work, *peers, alias=f"turn-{turn}"), made)
        got: dict[int, bool] = {}
        start = threading.Barrier(len(peers) + 1)

        def fetch(peer: Peer, alias: str, made: StixObject = made) -> None:
            start.wait()  # noqa: B023
            shown = read_page(program, peer, alias)
            bodies = [each.body for each in shown.objects]
            got[peer.id] = any(b"198.51" in b or b"203.0.113" in b for b in bodies)  # noqa: B023
            assert made

        def recall(made: StixObject = made) -> None:
            start.wait()  # noqa: B023
            revoke(program, made)

        threads = [
            *(threading.Thread(target=fetch, args=(p, f"turn-{turn}")) for p in peers[:4]),
            threading.Thread(target=recall),
        ]
        for thread in threads:
            thread.start()
        start.wait()
        for thread in threads:
            thread.join()

        with program.work(CONSOLE, write=False) as work:
            query = sa.select(Feed.peer_id).join(FeedRow, FeedRow.feed_id == Feed.id)
            told = set(
                work.session.scalars(
                    query.where(
                        FeedRow.recall.is_(True), FeedRow.object_id == object_id(work.session, made)
                    )
                )
            )
        assert told == {peer_id for peer_id, had in got.items() if had}
        assert len(got) == 4


def test_the_consequences_are_said_before_and_come_true(program: Program) -> None:
    made, [reads, shut, left, idle] = a_release(program, "reads", "shut", "left", "idle")
    for peer in (reads, shut, left):
        read_page(program, peer)
    close_door(program, shut, AgreementState.SUSPENDED)
    with program.work(CONSOLE) as work:
        remove_member(work, find_collection(work.session, "indicators"), left)

    said = becomes(program, made)
    revoke(program, made)

    assert said.told == [reads.id]
    assert said.named(said.by_mail) == ["LEFT", "SHUT"]
    assert said.unaware == [idle.id]
    found = letters(program)
    assert {(each.peer_id, each.kind, each.state) for each in found} == {
        (shut.id, LetterKind.CLOSED, LetterState.PREPARED),
        (left.id, LetterKind.CLOSED, LetterState.PREPARED),
    }


def test_who_has_not_fetched_the_revocation_is_listed(program: Program) -> None:
    made, [quick, slow] = a_release(program, "quick", "slow")
    read_page(program, quick)
    read_page(program, slow)
    revoke(program, made)
    read_page(program, quick)

    with program.work(CONSOLE, write=False) as work:
        [view] = recalls_of(work, object_id(work.session, made))
        page = recall_page(work)
    assert [each.peer for each in view.waiting] == ["SLOW"]
    assert [(each.peer, each.read_at is not None) for each in view.told] == [
        ("QUICK", True),
        ("SLOW", False),
    ]
    assert [line.stix_id for line in page.lines] == [made.stix_id]
    assert (page.lines[0].offered, page.lines[0].unread) == (2, 1)


def test_who_read_of_it_in_one_of_two_collections_has_read_of_it(program: Program) -> None:
    made, [peer] = a_release(program, "quick")
    with program.work(CONSOLE) as work:
        peer = work.session.get_one(Peer, peer.id)
        newest = sa.select(ObjectRow.newest_id).where(ObjectRow.stix_id == made.stix_id)
        version_id = work.session.scalars(newest).one() or 0
        publish(work, a_collection(work, peer, alias="second"), [version_id])
    for alias in ("indicators", "second"):
        read_page(program, peer, alias)
    revoke(program, made)
    read_page(program, peer)
    account_due(program)

    with program.work(CONSOLE, write=False) as work:
        [line] = recall_page(work).lines
        [view] = recalls_of(work, object_id(work.session, made))

    assert (line.offered, line.unread, view.waiting) == (1, 0, [])


def test_a_reminder_is_prepared_after_a_week_and_never_twice(
    program: Program, clock: FakeClock
) -> None:
    made, [quick, slow, shut] = a_release(program, "quick", "slow", "shut")
    for peer in (quick, slow, shut):
        read_page(program, peer)
    close_door(program, shut, AgreementState.ENDED)
    revoke(program, made)
    read_page(program, quick)
    assert remind_due(program) == 0
    clock.forward(days=8)
    threads = [threading.Thread(target=remind_due, args=(program,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(each.peer_id, each.kind) for each in letters(program)] == [
        (shut.id, LetterKind.CLOSED),
        (slow.id, LetterKind.REMINDER),
    ]
    clock.forward(days=8)
    assert remind_due(program) == 0
    with program.work(CONSOLE) as work:
        recall = work.session.scalars(sa.select(Recall)).one()
        assert ask_reminder(work, recall.id, slow.id).id == letters(program)[1].id
        with pytest.raises(LetterPast):
            ask_reminder(work, recall.id, quick.id)
    read_page(program, slow)
    assert drop_needless(program) == 1
    assert [each.state for each in letters(program)] == [
        LetterState.PREPARED,
        LetterState.DROPPED,
    ]


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


def mailing(program: Program, smtp: Smtp) -> Program:
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp.port,
        "smtp_tls": "none",
        "mail_from": "cert@cirt.example",
    }
    return replace(program, settings=replace(program.settings, **given))  # type: ignore[arg-type]


def test_a_letter_names_the_object_and_nothing_of_it_and_goes_once(
    program: Program, smtp: Smtp
) -> None:
    made, [peer] = a_release(program, "cert-b")
    read_page(program, peer)
    close_door(program, peer, AgreementState.ENDED)
    revoke(program, made)
    [letter] = letters(program)
    with program.work(CONSOLE) as work, pytest.raises(AddressWrong):
        send_letter(work, SendLetter(letter.id, "no address"))
    with program.work(CONSOLE) as work:
        send_letter(work, SendLetter(letter.id, DUTY))
    with program.work(CONSOLE) as work, pytest.raises(LetterPast):
        send_letter(work, SendLetter(letter.id, DUTY))

    mailed = mailing(program, smtp)
    assert send_peer_letters(mailed) == 1
    assert send_peer_letters(mailed) == 0

    [raw] = smtp.taken
    mail = message_from_bytes(raw, policy=default)
    text = mail.get_content()
    assert mail["To"] == DUTY
    assert made.stix_id in text
    for secret in ("198.51.100.7", "phishing", "false positive"):
        assert secret not in text
    [sent] = letters(program)
    assert (sent.state, sent.text.strip() in text.replace("\r\n", "\n")) == (LetterState.SENT, True)


def test_a_letter_on_what_is_too_strict_for_open_mail_stays(program: Program, smtp: Smtp) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling=Tlp.AMBER_STRICT)
        made = our_indicator(work, tlp=Tlp.AMBER_STRICT)
        published(work, a_collection(work, peer), made)
    read_page(program, peer)
    close_door(program, peer, AgreementState.ENDED)
    revoke(program, made)
    with program.work(CONSOLE) as work:
        send_letter(work, SendLetter(letters(program)[0].id, DUTY))

    assert send_peer_letters(mailing(program, smtp)) == 0

    assert smtp.taken == []
    with program.work(CONSOLE, write=False) as work:
        [line] = letters_of(work.session)
    assert line.state is LetterState.FAILED
    assert "encrypted" in line.failure


def test_a_release_is_taken_back_in_part_and_then_as_a_whole(program: Program) -> None:
    tomas, irena = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    with program.work(CONSOLE) as work:
        peer = a_reader(work, transit=True)
        a_collection(work, peer)
        ours = [our_indicator(work, f"203.0.113.{n}") for n in (1, 2)]
        theirs, stays = indicator(3, tlp=Tlp.GREEN), indicator(4, tlp=Tlp.GREEN)
        put(work, *ours)
        put(work, theirs, origin=a_reader(work, "cert-c", transit=True))
        put(work, stays, origin=a_reader(work, "cert-d"))  # which lets nothing go on
    every = [*ours, theirs, stays]
    reference = asked(program, tomas, *(each.stix_id for each in every))
    decided(program, irena, reference)
    read_page(program, peer)

    with program.work(tomas) as work:
        assert recall_release(work, RecallRelease(reference, "Wrong", (ours[0].stix_id,))) == 1
    assert _state(program) is ProposalState.RECALLED_IN_PART
    with program.work(tomas) as work:
        assert recall_release(work, RecallRelease(reference, "All wrong")) == 2
    assert _state(program) is ProposalState.RECALLED
    with program.work(tomas) as work, pytest.raises(NothingToRecall):
        recall_release(work, RecallRelease(reference, "Again"))

    told = names(read_page(program, peer).rows)
    assert set(told) == {each.stix_id for each in ours}
    with program.work(CONSOLE, write=False) as work:
        kinds = list(work.session.scalars(sa.select(Recall.kind).order_by(Recall.id)))
    assert kinds.count(RecallKind.REVOKED) == 2
    assert kinds.count(RecallKind.WITHDRAWN) == 1


def _state(program: Program) -> ProposalState:
    with program.work(CONSOLE, write=False) as work:
        return work.session.scalars(sa.select(Proposal.state)).one()


def test_a_handler_takes_back_what_came_of_their_incidents_alone(program: Program) -> None:
    tomas, omar = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Omar", Role.HANDLER)
    incident = an_incident(program, tomas)

    ids = [row.id for row in with_observables(program, tomas, incident, "Seen: 203.0.113.8")]
    with program.work(tomas) as work:
        [made] = service.promote(work, Promote(incident.reference, tuple(ids), Tlp.AMBER))

    with program.work(omar) as work, pytest.raises(NotYourIncident):
        revoke_indicator(work, Revoke(made.stix_id, "Not mine"))
    with program.work(tomas) as work:
        revoke_indicator(work, Revoke(made.stix_id, "Mine"))


def test_what_others_made_is_closed_and_its_author_is_written_to(program: Program) -> None:
    with program.work(CONSOLE) as work:
        author, peer = (a_reader(work, slug, transit=True) for slug in ("author", "peer"))
        theirs = indicator(1, tlp=Tlp.GREEN)
        [stored] = put(work, theirs, origin=author)
        publish(work, a_collection(work, author, peer), [stored.version_id])
        ours = our_indicator(work)
        put(work, ours)
    assert theirs.stix_id in names(read_page(program, peer).rows)

    with program.work(CONSOLE) as work:
        withdraw(work, Withdraw(theirs.stix_id, "Points at a hospital"))

    assert names(read_page(program, peer).rows) == []
    [letter] = letters(program)
    assert (letter.peer_id, letter.kind) == (author.id, LetterKind.AUTHOR)
    for made, error in ((theirs, NothingOffered), (ours, OursToRevoke)):
        with program.work(CONSOLE) as work, pytest.raises(error):
            withdraw(work, Withdraw(made.stix_id, "Again"))


def test_a_foreign_revocation_goes_on_to_those_who_had_it_and_may_have_it(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        author = a_reader(work, "author", transit=True)
        had, idle, lost = (a_reader(work, slug, transit=True) for slug in ("had", "idle", "lost"))
        theirs = indicator(1, tlp=Tlp.GREEN)
        [stored] = put(work, theirs, origin=author)
        publish(work, a_collection(work, had, idle, lost), [stored.version_id])
    for peer in (had, lost):
        read_page(program, peer)
    with program.work(CONSOLE) as work:
        query = sa.select(Agreement).where(Agreement.peer_id == lost.id)
        work.session.scalars(query).one().ceiling = Tlp.CLEAR
    clock.forward(minutes=1)
    gone = indicator(1, tlp=Tlp.GREEN, day=2, revoked=True)
    with program.work(CONSOLE) as work:
        take(work, [gone.raw], peer=work.session.get_one(Peer, author.id))

    [told] = read_page(program, had).objects
    assert b'"revoked": true' in told.body or b'"revoked":true' in told.body
    assert names(read_page(program, idle).rows) == []
    assert names(read_page(program, lost).rows) == []
    with program.work(CONSOLE) as work:
        late = a_reader(work, "late", transit=True)
        add_member(work, find_collection(work.session, "indicators"), late)
    assert names(read_page(program, late).rows) == []


def test_a_foreign_revocation_that_a_reader_may_not_have_is_not_counted_as_told(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        author = a_reader(work, "author", transit=True)
        narrow = a_reader(work, "narrow", transit=True, ceiling=Tlp.GREEN)
        theirs = indicator(1, tlp=Tlp.GREEN)
        [stored] = put(work, theirs, origin=author)
        publish(work, a_collection(work, narrow), [stored.version_id])
    read_page(program, narrow)
    clock.forward(minutes=1)
    with program.work(CONSOLE) as work:
        gone = indicator(1, tlp=Tlp.AMBER, day=2, revoked=True)
        take(work, [gone.raw], peer=work.session.get_one(Peer, author.id))
        published(work, find_collection(work.session, "indicators"), our_indicator(work))

    assert theirs.stix_id not in names(read_page(program, narrow).rows)

    with program.work(CONSOLE, write=False) as work:
        told = spread(reach(work, object_id(work.session, theirs)))
    assert (told.have, told.know, told.not_told) == (["NARROW"], [], [])
