"""What can go wrong between us and a peer's server, each with its code and sentence."""

from cirt.kernel.keys import SecretUnreadable
from cirt.kernel.net_errors import NetError, OtherOrigin
from cirt.kernel.text import mark

__all__ = ["LINK_ERRORS", "NetError", "OtherOrigin"]


class AddressMissing(NetError):
    code = "address-missing"
    message = mark(
        "No address is set for {peer}. Set one with: cirt peer set {peer} --discovery-url URL."
    )


class Resting(NetError):
    code = "resting"
    message = mark("The link to {peer} is paused, or the peer is suspended.")


class NoAgreement(NetError):
    code = "no-agreement"
    message = mark(
        "No agreement in force lets us exchange with {peer} this way. See: cirt agreement list."
    )


class Redirected(NetError):
    code = "redirected"
    message = mark(
        "The peer answered that its service is at {location}. Redirects are not followed; if it is"
        " right, set it as the peer's address."
    )


class SignInRefused(NetError):
    code = "sign-in-refused"
    message = mark(
        "The peer does not accept our name and password. Ask it for new ones and set them."
    )


class Forbidden(NetError):
    code = "forbidden"
    message = mark("The peer knows us, but does not let us do this: {words}")


class NotThere(NetError):
    code = "not-there"
    message = mark("The peer has nothing at {url}. Check its address and what it shows to us.")


class RequestRefused(NetError):
    code = "request-refused"
    message = mark("The peer refused our request with status {status}: {words}")


class PeerBusy(NetError):
    code = "peer-busy"
    message = mark("The peer asks us to wait {wait_s} seconds (status {status}).")


class PeerFailed(NetError):
    code = "peer-failed"
    message = mark("The peer's server failed with status {status}: {words}")


class OnlyTaxii20(NetError):
    code = "only-taxii-2-0"
    message = mark("The peer speaks TAXII 2.0 only. Ask it for a TAXII 2.1 address.")


class ContentTypeWrong(NetError):
    code = "content-type-wrong"
    message = mark("What answers at {url} is no TAXII service: it sends {type}.")


class NotJson(NetError):
    code = "not-json"
    message = mark("The peer's answer is not JSON: {problem}.")


class AnswerWrong(NetError):
    code = "answer-wrong"
    message = mark("The peer's answer from {url} is not as TAXII 2.1 asks: {problem}.")


class CollectionMissing(NetError):
    code = "collection-missing"
    message = mark("The peer shows us no collection “{name}”. It shows: {seen}.")


class NotReadable(NetError):
    code = "not-readable"
    message = mark("The peer does not let us read the collection “{name}”.")


class NotWritable(NetError):
    code = "not-writable"
    message = mark("The peer does not let us write to the collection “{name}”.")


class QuarantineFull(NetError):
    code = "quarantine-full"
    message = mark(
        "{size} MiB that {peer} sent wait in quarantine, and no more is kept of one peer. Decide on"
        " what waits there; then it goes on where it stopped."
    )


class DiskLow(NetError):
    code = "disk-low"
    message = mark(
        "{free} MiB are free on the disk of the database. Below {least} MiB nothing more is taken from"
        " outside, so that the desk can go on. Make room there; then it goes on where it stopped."
    )


class NoProgress(NetError):
    code = "no-progress"
    message = mark(
        "The peer says that there is more, but gives no way on: {problem}. What it sent is kept."
    )


class PageTooLong(NetError):
    code = "page-too-long"
    message = mark(
        "One page of the peer holds more than {limit} objects. Nothing of it was taken. Ask the peer to"
        " heed the limit in our requests."
    )


class DocumentTooLarge(NetError):
    code = "document-too-large"
    message = mark(
        "The answer from {url} has {size} bytes beside its objects; at most {limit} are read. Ask the"
        " peer for another collection or address."
    )


class RunTooLong(NetError):
    code = "run-too-long"
    message = mark("This run ended at its limit of {limit}; the next one goes on from there.")


class ShareUsed(NetError):
    """The end of a run in which nothing went wrong."""

    code = "share-used"
    message = mark(
        "Resting until midnight UTC: {used} MB of today's {of} MB are used. The next run goes on from"
        " there."
    )


class ChoiceMissing(NetError):
    code = "choice-missing"
    message = mark("It waits until somebody chooses from when on it reads, and begins it.")


class FileMissing(NetError):
    code = "file-missing"
    message = mark(
        "File {number} of {peer} comes after file {after}, and the last one taken is {last}. Import what lies"
        " between, or ask {peer} for: cirt exchange export --from {wanted}. To do without it: --accept-gap."
    )


class FileWrong(NetError):
    code = "file-wrong"
    message = mark(
        "File {number} of {peer} is signed, but wrong in itself: {problem}. What came before is kept. Tell the peer."
    )


class FileLost(NetError):
    code = "file-lost"
    message = mark(
        "File {number} of {peer} could no longer be read while it was taken. What came before is kept; import it"
        " again, and it goes on from there."
    )


class OtherImport(NetError):
    code = "other-import"
    message = mark("Another import of {peer} is at work. Let it end; then do this again.")


class Interrupted(NetError):
    code = "interrupted"
    message = mark("This run was interrupted; the next one went on from its last page.")


class Overtaken(NetError):
    code = "overtaken"
    message = mark(
        "Another run of this link began meanwhile and goes on in its place. What came is kept."
    )


class OurFault(NetError):
    code = "our-fault"
    message = mark(
        "This run broke off through a fault of our own program. The log says where; the next run goes"
        " on from the last page."
    )


def _every(kind: type[NetError]) -> dict[str, str]:
    found = {kind.code: kind.message} if kind.message else {}
    for below in kind.__subclasses__():
        found |= _every(below)
    return found


LINK_ERRORS: dict[str, str] = {
    **_every(NetError),
    SecretUnreadable.code: SecretUnreadable.message,
}
"""The sentence of each code that a link or run can carry, with {values}."""
