"""Letters to peers about recalls on their way by mail."""

from cirt.kernel.program import Program
from cirt.kernel.work import Work
from cirt.notify import outbox
from cirt.notify.outbox import Try, Writing
from cirt.notify.to_peers import kind_of, signed, written
from cirt.objects.models import StixObject
from cirt.parties.peers import our_name
from cirt.release.recalling.letters.owing import had_it
from cirt.release.recalling.letters.words import words_of
from cirt.release.recalling.models import LetterState, PeerLetter, Recall
from cirt.sharing.letters import AboutObject, release_peer_letter


def send_peer_letters(program: Program) -> int:
    """Send what people let go; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _make(work: Work, this: Try) -> Writing:
    """Its words are kept as they go."""
    letter, name = work.session.get_one(PeerLetter, this.row_id), our_name(work)
    recall = work.session.get_one(Recall, letter.recall_id)
    stix_id = work.session.get_one(StixObject, recall.object_id).stix_id
    words = words_of(letter.kind, stix_id, recall.at)
    letter.subject, letter.text = words.subject, words.text
    about = AboutObject(
        recall.object_id, letter.peer_id, had_it(work.session, recall.object_id, letter.peer_id)
    )
    released = release_peer_letter(
        work, about, letter.address, signed(words.text, name), fingerprint=this.fingerprint
    )
    return written(work, this, letter, name, released)


def _sent(work: Work, letter_id: int) -> None:
    letter = work.session.get_one(PeerLetter, letter_id)
    letter.state, letter.sent_at, letter.failure = LetterState.SENT, work.now, ""
    work.audit("letter.sent", f"letter-{letter_id}")


def _failed(work: Work, letter_id: int, reason: str) -> None:
    letter = work.session.get_one(PeerLetter, letter_id)
    letter.state, letter.failure = LetterState.FAILED, reason
    work.audit("letter.failed", f"letter-{letter_id}")


_KIND = kind_of("peer-letter", PeerLetter, _make, _sent, _failed)
