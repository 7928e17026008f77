"""Wrong passwords of peers: limited by account and source, and never at the cost of the right one."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.datastructures import Authorization

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotFound, NotSignedIn, TooMany
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.errors import SignInRefused
from cirt.parties.peers import CredentialCheck, PeerFacts, add_peer, set_credentials
from cirt.release.collections import add_member
from cirt.taxii import signin
from cirt.taxii.door import look
from cirt.taxii.signin import Doorkeeper, Given, read_basic
from cirt.taxii.visit import Desk, Visit
from tests.support.release import a_collection
from tests.support.store import an_agreement

HERE = "203.0.113.7"
PASSWORD = "the right one for alice"


@pytest.fixture
def door(program: Program) -> Doorkeeper:
    with program.work(CONSOLE) as work:
        add_peer(work, program.keys, "alice", PeerFacts())
        set_credentials(work, "alice", "alice", PASSWORD)
    return Doorkeeper(program)


Enter = Callable[..., int]


@pytest.fixture
def enter(program: Program, door: Doorkeeper) -> Enter:
    def sign_in(
        password: str = PASSWORD, source: str = HERE, username: str = "alice", at: Doorkeeper = door
    ) -> int:
        with program.engine.connect() as connection:
            found = look(connection, program.clock.now(), username, "").credential
        return at.check(found, Given(username, password), source)

    return sign_in


def guess(enter: Enter, times: int, **how: object) -> list[str]:
    """What became of so many wrong passwords."""
    heard = []
    for number in range(times):
        with pytest.raises((SignInRefused, TooMany)) as refused:
            enter(f"wrong {number}", **how)
        heard.append(type(refused.value).__name__)
    return heard


def test_a_few_wrong_passwords_are_refused_and_more_are_too_many(enter: Enter) -> None:
    assert guess(enter, 12) == ["SignInRefused"] * 10 + ["TooMany"] * 2


def test_the_right_password_is_taken_all_the_while(enter: Enter) -> None:
    peer_id = enter()
    guess(enter, 15)

    assert enter() == peer_id


def test_the_right_password_is_taken_where_it_was_never_seen_before(enter: Enter) -> None:
    guess(enter, 15)

    assert enter() > 0


def test_another_source_is_not_limited_by_this_one(enter: Enter) -> None:
    guess(enter, 12)

    assert guess(enter, 1, source="203.0.113.8") == ["SignInRefused"]


def test_addresses_of_one_ipv6_network_are_one_source(enter: Enter) -> None:
    for number in range(10):
        assert guess(enter, 1, source=f"2001:db8::{number}") == ["SignInRefused"]

    assert guess(enter, 1, source="2001:db8::ffff:1") == ["TooMany"]
    assert guess(enter, 1, source="2001:db8:0:1::1") == ["SignInRefused"]


def test_a_source_that_tries_many_names_is_limited_too(enter: Enter) -> None:
    heard = [guess(enter, 1, username=f"name {number}")[0] for number in range(51)]

    assert heard == ["SignInRefused"] * 50 + ["TooMany"]


def test_another_process_knows_after_one_more(program: Program, enter: Enter) -> None:
    other = Doorkeeper(program)
    guess(enter, 10)

    assert guess(enter, 2, at=other) == ["TooMany", "TooMany"]


def test_after_a_while_it_begins_anew(enter: Enter, clock: FakeClock) -> None:
    guess(enter, 12)
    clock.forward(minutes=16)

    assert guess(enter, 1) == ["SignInRefused"]


def test_a_peer_that_was_here_is_let_in_while_its_neighbour_guesses(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The neighbour's guess is being checked all the while."""
    peer_id = enter()
    guess(enter, 11)
    begun, end = threading.Event(), threading.Event()
    real = CredentialCheck.verify

    def slow(*asked: object) -> bool:
        begun.set()
        end.wait(20)
        return real(*asked)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(CredentialCheck, "verify", slow)
    with ThreadPoolExecutor(1) as neighbour:
        guessing = neighbour.submit(guess, enter, 1)
        assert begun.wait(20)
        let_in = enter()
        with pytest.raises(TooMany):
            enter("wrong too")
        end.set()

    assert let_in == peer_id
    assert guessing.result() == ["TooMany"]


def test_the_sources_that_are_remembered_are_bounded(
    enter: Enter, door: Doorkeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "_REMEMBERED", 3)
    monkeypatch.setattr(signin, "note_peer_failure", lambda *_: True)

    for number in range(9):
        guess(enter, 1, source=f"198.51.100.{number}")

    assert len(door._guessing) == 3


@pytest.mark.parametrize("given", [None, Authorization("bearer", token="x")])
def test_what_is_no_basic_sign_in_is_asked_to_sign_in(given: Authorization | None) -> None:
    with pytest.raises(NotSignedIn):
        read_basic(given)


def test_a_name_that_has_passed_to_another_peer_reads_nothing(program: Program) -> None:
    """Between the sign-in and the reading."""
    with program.work(CONSOLE) as work:
        alice, bob = (add_peer(work, program.keys, slug, PeerFacts()) for slug in ("alice", "bob"))
        set_credentials(work, "alice", "shared-name", PASSWORD)
        for peer in (alice, bob):
            an_agreement(work, peer)
            add_member(work, a_collection(work, alias=f"of-{peer.slug}"), peer)
    here = Visit(Desk(program), "shared-name", "of-bob")
    credential = here.knock(polls=True)
    assert credential is not None
    here.sign_in(credential.peer_id)
    with program.work(CONSOLE) as work:
        set_credentials(work, "alice", "alice", PASSWORD)
        set_credentials(work, "bob", "shared-name", PASSWORD)

    for read in (here.collection_now, here.collections):
        with pytest.raises(NotFound):
            read()
    here.leave()
