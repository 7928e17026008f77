"""Letters to peers about what they sent and was not taken: prepared, changed, and decided by the gate as they go."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.cases.asking import (
    AskPeer,
    NobodyToAsk,
    NothingWritten,
    ask_peer,
    letters_about,
    prepared,
)
from cirt.exchange.models import Quarantined
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.notify.arrival_letters import send_arrival_letters
from cirt.parties.models import Peer
from cirt.release.errors import AddressWrong
from cirt.release.recalling.models import LetterState
from tests.support.mail import Smtp, smtp_server
from tests.support.named import mailing
from tests.support.release import a_reader
from tests.support.stix import an_indicator
from tests.support.store import indicator, numbered

DUTY = "duty@cert-c.example"
SECRET = "Seen at the power plant of Nordhavn"
STATEMENT = numbered("marking-definition", 9)


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


def held(work: Work, raw: bytes, peer: Peer | None) -> int:
    take(work, [raw], peer=peer)
    query = sa.select(Quarantined.id).where(Quarantined.settled_at.is_(None))
    return work.session.scalars(query).one()


def a_conflict(work: Work, tlp: Tlp = Tlp.GREEN) -> int:
    """The number of other content for what another peer brought, and this one cannot see."""
    first = indicator(1, tlp=tlp, description=SECRET)
    other = an_indicator(**{**first.content(), "description": "theirs"})
    take(work, [first.raw], peer=a_reader(work, ceiling=Tlp.AMBER_STRICT))
    return held(work, other, a_reader(work, "cert-c", ceiling=Tlp.AMBER_STRICT))


def written(program: Program, number: int, more: str = "") -> None:
    with program.work(CONSOLE) as work:
        words = prepared(work, number)
        ask_peer(work, AskPeer(number, DUTY, words.subject, words.text + more))


def outcome(program: Program, number: int) -> tuple[LetterState, str]:
    with program.work(CONSOLE, write=False) as work:
        letter = letters_about(work, number)[0]
        return letter.state, letter.failure


def test_a_letter_tells_nothing_that_the_peer_did_not_send(program: Program, smtp: Smtp) -> None:
    with program.work(CONSOLE) as work:
        number = a_conflict(work)
    written(program, number)
    mailed = mailing(program, smtp.port)

    assert send_arrival_letters(mailed) == 1
    assert send_arrival_letters(mailed) == 0

    [raw] = smtp.taken
    mail = message_from_bytes(raw, policy=default)
    text = mail.get_content()
    assert mail["To"] == DUTY
    assert numbered("indicator", 1) in text
    for word in (SECRET, "other content", "already", "CERT-B", "somebody else"):
        assert word not in text
    assert outcome(program, number) == (LetterState.SENT, "")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (f"\n\nOurs says: {SECRET.upper()}", "It quotes something"),
        (f"\n\nCompare {numbered('malware', 77)}", "It names malware--"),
    ],
    ids=["quotes", "names"],
)
def test_what_somebody_adds_of_what_is_here_stays(
    program: Program, smtp: Smtp, more: str, why: str
) -> None:
    with program.work(CONSOLE) as work:
        number = a_conflict(work)
    written(program, number, more)

    assert send_arrival_letters(mailing(program, smtp.port)) == 0

    assert smtp.taken == []
    state, failure = outcome(program, number)
    assert (state, failure.startswith(why)) == (LetterState.FAILED, True)


def test_a_letter_on_what_is_too_strict_for_open_mail_stays(program: Program, smtp: Smtp) -> None:
    with program.work(CONSOLE) as work:
        number = a_conflict(work, Tlp.AMBER_STRICT)
    written(program, number)

    assert send_arrival_letters(mailing(program, smtp.port)) == 0

    assert smtp.taken == []
    assert "only if encrypted" in outcome(program, number)[1]


def test_of_red_a_letter_names_nothing_and_goes_and_one_that_names_it_stays(
    program: Program, smtp: Smtp
) -> None:
    with program.work(CONSOLE) as work:
        number = held(work, indicator(1, tlp=Tlp.RED).raw, a_reader(work))
        assert numbered("indicator", 1) not in prepared(work, number).text
    written(program, number)
    assert send_arrival_letters(mailing(program, smtp.port)) == 1

    written(program, number, f"\n{numbered('indicator', 1)}")
    assert send_arrival_letters(mailing(program, smtp.port)) == 0
    assert len(smtp.taken) == 1


def test_of_an_unknown_marking_the_definition_is_asked_for_and_nothing_said_of_the_object(
    program: Program, smtp: Smtp
) -> None:
    with program.work(CONSOLE) as work:
        number = held(work, indicator(1, object_marking_refs=[STATEMENT]).raw, a_reader(work))
        text = prepared(work, number).text
        assert STATEMENT in text
        assert numbered("indicator", 1) not in text
    written(program, number)
    assert send_arrival_letters(mailing(program, smtp.port)) == 1

    written(program, number, f"\nIt is {numbered('indicator', 1)}")
    assert send_arrival_letters(mailing(program, smtp.port)) == 0


def test_what_is_plainly_wrong_is_said_with_what_to_do(program: Program) -> None:
    with program.work(CONSOLE) as work:
        number = held(work, an_indicator(pattern="[ipv4-addr:value = "), a_reader(work))
        text = prepared(work, number).text

    assert "The pattern breaks off" in text
    assert "once more, as STIX 2.1 asks" in text


def test_a_letter_needs_an_address_words_and_a_peer(program: Program) -> None:
    with program.work(CONSOLE) as work:
        number = held(work, b"{}", a_reader(work))
        with pytest.raises(AddressWrong):
            ask_peer(work, AskPeer(number, "no address", "A", "B"))
        with pytest.raises(NothingWritten):
            ask_peer(work, AskPeer(number, DUTY, "A", " "))
        work.session.get_one(Quarantined, number).peer_id = None
        work.session.flush()
        with pytest.raises(NobodyToAsk):
            prepared(work, number)
