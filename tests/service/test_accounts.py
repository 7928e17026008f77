"""Accounts: made by administrators, limited tries, sessions that die at once."""

import pytest

from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import NotAllowed, TooMany
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, PUBLIC, Actor
from cirt.parties import accounts, recognising, sessions
from cirt.parties.accounts import AddAccount
from cirt.parties.errors import (
    AccountExists,
    AddressWrong,
    DisableOneself,
    LastAdministrator,
    PasswordWrong,
    RoleToOneself,
    SignInRefused,
)
from cirt.parties.passwords import PasswordTooShort
from cirt.parties.rights import actor_of
from cirt.parties.roles import Role

WORDS = "correct horse battery"


@pytest.fixture
def actor(program: Program) -> Actor:
    with program.work(CONSOLE) as work:
        accounts.add_account(work, AddAccount("lea@example.org", "Lea", (Role.LEAD,), WORDS))
    with program.work(CONSOLE, write=False) as work:
        return actor_of(accounts.get_account(work.session, "lea@example.org"))


def _sign_in(program: Program, password: str = WORDS, email: str = "lea@example.org") -> str:
    with program.work(PUBLIC, write=False) as work:
        account_id = recognising.recognise(work, email, password, "127.0.0.1")
    with program.work(PUBLIC) as work:
        return sessions.sign_in(work, account_id)[0]


def _lives(program: Program, secret: str) -> bool:
    with program.work(CONSOLE, write=False) as work:
        return sessions.current(work, secret) is not None


def test_a_new_account_gets_a_one_time_password_that_is_not_kept(program: Program) -> None:
    with program.work(CONSOLE) as work:
        made = accounts.add_account(work, AddAccount("new@example.org", "New", (Role.TRIAGE,)))

    assert made.password is not None
    with program.work(CONSOLE, write=False) as work:
        account = accounts.get_account(work.session, "new@example.org")
    assert account.one_time
    assert made.password not in account.password_hash


def test_one_mailbox_has_one_account_however_it_is_written(program: Program, actor: Actor) -> None:
    for spelling in ("LEA@example.org", " lea@Example.ORG ", "\uff2cea@example.org"):
        with pytest.raises(AccountExists), program.work(CONSOLE) as work:
            accounts.add_account(work, AddAccount(spelling, "Other", (Role.ADMIN,), WORDS))


@pytest.mark.parametrize("email", ["", "lea", "@example.org", "lea@", "a b@example.org", "x\n@y"])
def test_what_is_no_address_is_refused(program: Program, email: str) -> None:
    with pytest.raises(AddressWrong), program.work(CONSOLE) as work:
        accounts.add_account(work, AddAccount(email, "X", (Role.TRIAGE,), WORDS))


def test_a_short_password_is_refused(program: Program) -> None:
    with pytest.raises(PasswordTooShort), program.work(CONSOLE) as work:
        accounts.add_account(work, AddAccount("x@example.org", "X", (Role.TRIAGE,), "short"))


def test_only_who_may_administer_accounts_makes_one(program: Program, actor: Actor) -> None:
    with pytest.raises(NotAllowed), program.work(actor) as work:
        accounts.add_account(work, AddAccount("x@example.org", "X", (Role.ADMIN,), WORDS))


def test_signing_in_gives_a_session_and_signing_out_ends_it(program: Program, actor: Actor) -> None:
    secret = _sign_in(program)
    assert _lives(program, secret)

    with program.work(actor) as work:
        sessions.sign_out(work, secret)

    assert not _lives(program, secret)


def test_a_disabled_account_is_out_at_once_and_stays_out(program: Program, actor: Actor) -> None:
    secret = _sign_in(program)

    with program.work(CONSOLE) as work:
        accounts.disable_account(work, "lea@example.org")

    assert not _lives(program, secret)
    with pytest.raises(SignInRefused):
        _sign_in(program)


def test_a_new_password_ends_every_session(program: Program, actor: Actor) -> None:
    secrets = [_sign_in(program), _sign_in(program)]

    with program.work(actor) as work:
        accounts.change_password(work, WORDS, "another long password")

    assert not any(_lives(program, secret) for secret in secrets)
    assert _lives(program, _sign_in(program, "another long password"))


def test_an_idle_session_ends_and_a_used_one_ends_within_a_day(
    program: Program, actor: Actor, clock: FakeClock
) -> None:
    secret = _sign_in(program)
    clock.forward(hours=3)
    assert not _lives(program, secret)

    secret = _sign_in(program)
    for _ in range(13):
        clock.forward(hours=1)
        with program.work(CONSOLE) as work:
            found = sessions.current(work, secret)
            if found is not None:
                sessions.touch(work, found.id)
    assert not _lives(program, secret)


@pytest.mark.parametrize(
    ("email", "password"), [("lea@example.org", "wrong password"), ("nobody@example.org", WORDS)]
)
def test_unknown_name_and_wrong_password_are_refused_alike(
    program: Program, actor: Actor, email: str, password: str
) -> None:
    with pytest.raises(SignInRefused) as refused:
        _sign_in(program, password, email)

    assert refused.value.values == {}


def test_tries_are_limited_per_name_in_every_spelling(
    program: Program, actor: Actor, clock: FakeClock
) -> None:
    for number in range(10):
        with program.work(PUBLIC) as work:
            spelling = "LEA@example.org" if number % 2 else "lea@example.org "
            recognising.note_failure(work, spelling, "127.0.0.1")

    with pytest.raises(TooMany) as limited:
        _sign_in(program)

    assert 0 < limited.value.values["wait_s"] <= 900
    clock.forward(minutes=16)
    assert _lives(program, _sign_in(program))


def test_somebody_elsewhere_cannot_lock_a_colleague_out(program: Program, actor: Actor) -> None:
    for _ in range(30):
        with program.work(PUBLIC) as work:
            recognising.note_failure(work, "lea@example.org", "192.0.2.7")

    assert _lives(program, _sign_in(program))
    with program.work(actor) as work:
        recognising.check_password(work, WORDS, "127.0.0.1")


def test_a_disabled_account_may_be_enabled_again(program: Program, actor: Actor) -> None:
    with program.work(CONSOLE) as work:
        accounts.disable_account(work, "lea@example.org")
    with program.work(CONSOLE) as work:
        accounts.enable_account(work, "lea@example.org")

    assert _lives(program, _sign_in(program))


def test_neither_oneself_nor_the_last_administrator_is_disabled(program: Program) -> None:
    with program.work(CONSOLE) as work:
        accounts.add_account(work, AddAccount("omar@example.org", "Omar", (Role.ADMIN,), WORDS))
        omar = actor_of(accounts.get_account(work.session, "omar@example.org"))

    with pytest.raises(LastAdministrator), program.work(CONSOLE) as work:
        accounts.disable_account(work, "omar@example.org")
    with pytest.raises(DisableOneself), program.work(omar) as work:
        accounts.disable_account(work, "omar@example.org")


def test_two_accounts_of_one_person_are_one_person(program: Program, actor: Actor) -> None:
    with program.work(CONSOLE) as work:
        second = AddAccount("lea2@example.org", "Lea", (Role.LEAD,), WORDS, actor.person_id)
        accounts.add_account(work, second)
        other = actor_of(accounts.get_account(work.session, "lea2@example.org"))

    assert (other.person_id, other.id == actor.id) == (actor.person_id, False)


def test_a_decision_asks_for_the_right_password(program: Program, actor: Actor) -> None:
    with program.work(actor) as work:
        recognising.check_password(work, WORDS, "127.0.0.1")
        with pytest.raises(PasswordWrong):
            recognising.check_password(work, "wrong password", "127.0.0.1")


def test_nobody_changes_their_own_roles(program: Program) -> None:
    with program.work(CONSOLE) as work:
        accounts.add_account(work, AddAccount("omar@example.org", "Omar", (Role.ADMIN,), WORDS))
        omar = actor_of(accounts.get_account(work.session, "omar@example.org"))

    with pytest.raises(RoleToOneself), program.work(omar) as work:
        accounts.set_roles(work, "omar@example.org", frozenset({Role.ADMIN, Role.LEAD}))
