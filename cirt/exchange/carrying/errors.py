"""What can be wrong with a carried file, each with the way on. Of a file that is refused nothing is taken."""

from cirt.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from cirt.kernel.text import mark


class NotCarried(Invalid):
    code = "not-carried"
    message = mark(
        "{path} is not a file for exchange. Import other files with: cirt import; ask the peer for one"
        " made with: cirt exchange export."
    )


class CarriedOlder(Invalid):
    code = "carried-older"
    message = mark(
        "{path} is of version {version}, which is no longer taken; this program reads version {known}."
        " Ask the peer to update its program and make the file again."
    )


class CarriedNewer(Invalid):
    code = "carried-newer"
    message = mark(
        "{path} is of version {version}; this program reads version {known} only. Update this program, or"
        " ask the peer for a file of version {known}."
    )


class CarriedCut(Invalid):
    code = "carried-cut"
    message = mark(
        "{path} ends in the middle. Nothing of it was taken. Copy it again; if it stays so, ask the"
        " peer to make it again."
    )


class CarriedLonger(Invalid):
    code = "carried-longer"
    message = mark(
        "{path} goes on behind its end. Nothing of it was taken. Copy it again; if it stays so, ask the"
        " peer to make it again."
    )


class CarriedChanged(Invalid):
    code = "carried-changed"
    message = mark(
        "{path} was changed after it was made: {problem}. Nothing of it was taken. Copy it again; if it"
        " stays so, tell the peer by telephone and ask it for a new file."
    )


class CarriedForOther(Invalid):
    code = "carried-for-other"
    message = mark(
        "{path} is for the holder of the key {wanted}; ours is {own}. If it should be for us, the peer has"
        " another key of ours: read it out to them from cirt exchange key, and ask for a new file."
    )


class SenderUnknown(NotFound):
    code = "sender-unknown"
    message = mark(
        "{path} is signed with the key {fingerprint}, which is recorded of no peer. If you expect it, ask the"
        " peer for its key, compare the fingerprint by telephone, and record it with:"
        " cirt peer set SLUG --exchange-key KEY."
    )


class CarriedTooEarly(Invalid):
    code = "carried-too-early"
    message = mark(
        "File {number} of {peer} has a lower number than file {last}, which was taken, but was made after it. Has"
        " {peer} gone back to a backup? If they say so, take it with: cirt exchange import --accept-gap"
    )


class PeerKeyMissing(NotFound):
    code = "peer-key-missing"
    message = mark(
        "No exchange key of {peer} is recorded. Ask the peer for what its cirt exchange key prints, compare the"
        " fingerprint by telephone, and record it with: cirt peer set {peer} --exchange-key KEY."
    )


class OwnKeyGiven(Conflict):
    code = "own-key-given"
    message = mark(
        "This exchange key is our own. Record the one that {peer} gets there from: cirt exchange key."
    )


class NothingToCarry(NotFound):
    code = "nothing-to-carry"
    message = mark(
        "There is nothing new for {peer} since file {number}. To make that one again: cirt exchange export"
        " --again."
    )


class NoFileYet(NotFound):
    code = "no-file-yet"
    message = mark(
        "No file {number} was made for {peer}. Those that were are listed by: cirt exchange list."
    )


class OutThere(Conflict):
    code = "out-there"
    message = mark("{path} is there already. Give another name, or move it away first.")


class StillMoving(Conflict):
    code = "still-moving"
    message = mark(
        "What {peer} may have changed again and again while the file was made. Nothing was written; do this again."
    )


class NoRoom(Unavailable):
    code = "no-room"
    message = mark(
        "{path} cannot be written to: {reason}. Nothing has left; make room and do this again."
    )


class NotWritten(Unavailable):
    code = "not-written"
    message = mark(
        "{path} could not be written: {reason}. The ledger counts what it was to hold as handed over; the next file"
        " for this peer holds it again."
    )


class NoGiving(Conflict):
    code = "no-giving"
    message = mark(
        "No agreement in force lets us give anything to {peer}, or it is a member of no collection. See:"
        " cirt agreement list."
    )
