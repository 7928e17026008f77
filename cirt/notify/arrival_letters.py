"""Letters to peers about what they sent and was not taken, on their way by mail."""

from cirt.exchange.cases.asking import about, note_failed, note_sent
from cirt.exchange.models import ArrivalLetter
from cirt.kernel.program import Program
from cirt.kernel.work import Work
from cirt.notify import outbox
from cirt.notify.outbox import Try, Writing
from cirt.notify.to_peers import kind_of, signed, written
from cirt.parties.peers import our_name
from cirt.sharing.letters import release_arrival_letter


def send_arrival_letters(program: Program) -> int:
    """Send what people let go; how many went. Without a mail server everything waits."""
    return outbox.send_due(program, _KIND)


def _make(work: Work, this: Try) -> Writing:
    letter, name = work.session.get_one(ArrivalLetter, this.row_id), our_name(work)
    released = release_arrival_letter(
        work,
        about(work, letter),
        letter.address,
        letter.subject,
        signed(letter.text, name),
        fingerprint=this.fingerprint,
    )
    return written(work, this, letter, name, released)


_KIND = kind_of("arrival-letter", ArrivalLetter, _make, note_sent, note_failed)
