"""A letter to the peer that sent an arrival: prepared, changed by a person, and sent through the gate."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cirt.exchange.cases.deciding import RIGHT
from cirt.exchange.cases.kinds import Case, case_of
from cirt.exchange.cases.words import Known, Words, words_of
from cirt.exchange.models import ArrivalLetter, Quarantined
from cirt.exchange.quarantine import NoSuchArrival
from cirt.exchange.receipts import tells_nothing
from cirt.kernel.errors import Conflict, Invalid
from cirt.kernel.ids import STIX_ID
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Work
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.models import Peer
from cirt.register.dialogue.keeping import mail_address
from cirt.release.errors import AddressWrong
from cirt.release.recalling.models import LetterState
from cirt.sharing.gate import release
from cirt.sharing.letters import AboutArrival
from cirt.sharing.queries import staff_reader
from cirt.sharing.waiting import level_of

_TELLING = 6  # characters from which on a value tells where it is from
_MARKING = re.compile(r"marking-definition--")


class NobodyToAsk(Conflict):
    code = "nobody-to-ask"
    message = mark("It came by an import at the console, so there is no peer to ask.")


class NothingWritten(Invalid):
    code = "nothing-written"
    message = mark("Write what you ask.")


@dataclass(frozen=True, slots=True)
class AskPeer:
    arrival_id: int
    address: str
    subject: str
    text: str


def prepared(work: Work, arrival_id: int) -> Words:
    """The words that are offered.

    Raises:
        NoSuchArrival, NobodyToAsk, NotAllowed.
    """
    work.require(RIGHT)
    row, peer = _from_peer(work, arrival_id)
    return _prepared(work, row, peer)


def ask_peer(work: Work, cmd: AskPeer) -> ArrivalLetter:
    """Let a letter go. The gate decides when it is sent; an arrival that is settled may be asked about, too.

    Raises:
        NoSuchArrival, NobodyToAsk, AddressWrong, NothingWritten, NotAllowed.
    """
    work.require(RIGHT)
    row, peer = _from_peer(work, cmd.arrival_id)
    address = mail_address(cmd.address)
    if not address:
        raise AddressWrong(address=cmd.address[:100])
    if not cmd.text.strip() or not cmd.subject.strip():
        raise NothingWritten
    letter = ArrivalLetter(
        arrival_id=row.id,
        address=address,
        subject=cmd.subject,
        text=cmd.text,
        written_at=work.now,
        written_by_id=work.actor.id,
        next_try_at=work.now,
    )
    work.session.add(letter)
    work.session.flush()
    work.audit("letter.queue", _name(letter), peer=peer.id, kind="arrival", arrival=row.id)
    return letter


def about(work: Work, letter: ArrivalLetter) -> AboutArrival:
    """What the gate decides by, at the moment of sending."""
    row, peer = _from_peer(work, letter.arrival_id)
    return about_words(work, row, peer, Words(letter.subject, letter.text))


def about_words(work: Work, row: Quarantined, peer: Peer, words: Words) -> AboutArrival:
    written = f"{words.subject}\n{words.text}"
    offered = _prepared(work, row, peer)
    sent = set(_strings(row.body)) if row.body is not None else set()
    named = set() if row.body is None else _ids(row.body.decode("utf-8", "replace"))
    here = set(_here(work, row))
    own = {each for each in (row.stix_id, row.version_text) if each}
    return AboutArrival(
        arrival=f"arrival-{row.id}",
        peer_id=peer.id,
        tlp=_level(work, row, written, sent | own),
        may_name=frozenset(named),
        hidden=frozenset(
            each
            for each in here - sent - own
            if len(each) >= _TELLING and each.casefold() not in offered.text.casefold()
        ),
    )


def letters_about(work: Work, arrival_id: int) -> list[ArrivalLetter]:
    """The youngest first."""
    query = sa.select(ArrivalLetter).where(ArrivalLetter.arrival_id == arrival_id)
    return list(work.session.scalars(query.order_by(ArrivalLetter.id.desc())))


def note_sent(work: Work, letter_id: int) -> None:
    letter = work.session.get_one(ArrivalLetter, letter_id)
    letter.state, letter.sent_at, letter.failure = LetterState.SENT, work.now, ""
    work.audit("letter.sent", _name(letter))


def note_failed(work: Work, letter_id: int, reason: str) -> None:
    letter = work.session.get_one(ArrivalLetter, letter_id)
    letter.state, letter.failure = LetterState.FAILED, reason
    work.audit("letter.failed", _name(letter))


def _name(letter: ArrivalLetter) -> str:
    return f"arrival-letter-{letter.id}"


def _from_peer(work: Work, arrival_id: int) -> tuple[Quarantined, Peer]:
    row = work.session.get(Quarantined, arrival_id)
    if row is None:
        raise NoSuchArrival(id=arrival_id)
    if row.peer_id is None:
        raise NobodyToAsk
    return row, work.session.get_one(Peer, row.peer_id)


def _prepared(work: Work, row: Quarantined, peer: Peer) -> Words:
    case = case_of(row.code)
    is_silent = tells_nothing(work.session, peer, row.code, row.stix_id)
    return words_of(
        Known(
            case=case,
            stix_id=row.stix_id,
            version=row.version_text,
            sha256=row.sha256,
            at=row.at,
            marking=str(row.values.get("marking", "")),
            reason="" if is_silent else row.message.format(**row.values),
        )
    )


def _level(work: Work, row: Quarantined, written: str, told: Iterable[str]) -> Tlp:
    """Of a letter that says nothing of what came, the mere fact of it; else of what came, the strictest if unknown."""
    telling = [each for each in told if len(each) >= _TELLING and not _MARKING.match(each)]
    if not any(each.casefold() in written.casefold() for each in telling):
        return Tlp.AMBER
    if case_of(row.code) is Case.RED or row.body is None:
        return Tlp.RED
    return level_of(work.session, row.body, row.stix_id) or Tlp.AMBER_STRICT


def _here(work: Work, row: Quarantined) -> Iterator[str]:
    """Every text in the versions of its object that are here."""
    query = (
        sa.select(ObjectVersion.id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(StixObject.stix_id == row.stix_id)
    )
    for each in release(work, staff_reader(SYSTEM), None, list(work.session.scalars(query))):
        yield from _strings(each.body)


def _strings(raw: bytes) -> Iterator[str]:
    """Every text value in a JSON text; the whole of what is none."""
    text = raw.decode("utf-8", "replace")
    try:
        yield from _texts(json.loads(text))
    except (ValueError, RecursionError):
        yield text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _ids(text: str) -> set[str]:
    return {each.lower() for each in STIX_ID.findall(text)}
