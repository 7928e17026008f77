"""Why no answer could be had from another server, each in a sentence with the next step."""

import errno
from collections.abc import Mapping

from cirt.kernel.errors import Unavailable
from cirt.kernel.text import mark
from cirt.kernel.tls import Fault


class NetError(Unavailable):
    """Why no answer could be had; ``retry`` says whether asking again may help."""

    code = "net"
    retry = False


class UrlWrong(NetError):
    code = "url-wrong"
    message = mark("“{url}” is no http or https address. Correct it with: cirt peer set.")


class OtherOrigin(NetError):
    code = "other-origin"
    message = mark(
        "The peer points to {url}, outside {origin}. Nothing is sent there; if it is right, set it as"
        " the peer's address."
    )


class NameUnknown(NetError):
    code = "name-unknown"
    message = mark("The name {host} cannot be found. Check the peer's address and our DNS.")
    retry = True


class AddressRefused(NetError):
    code = "address-refused"
    message = mark(
        "{host} leads to {address}, which is not a public address. To permit it, add its network to"
        " CIRT_OUTBOUND_ALLOW."
    )


class NotReached(NetError):
    code = "not-reached"
    message = mark("{host} cannot be reached on port {port}: {reason}.")
    retry = True


class NothingListens(NotReached):
    code = "nothing-listens"
    message = mark(
        "Nothing listens at {host} on port {port}. Check the address, or ask whose server it is"
        " whether it runs."
    )


class NoWayThere(NotReached):
    code = "no-way-there"
    message = mark("No way leads from here to {host}. Check our line, our routes and the firewall.")


class NoReply(NotReached):
    code = "no-reply"
    message = mark(
        "{host} gives no reply on port {port}. Its server is down, or a firewall between us lets nothing"
        " through."
    )


_WHY_NOT_REACHED: Mapping[int, type[NotReached]] = {
    errno.ECONNREFUSED: NothingListens,
    errno.EHOSTUNREACH: NoWayThere,
    errno.ENETUNREACH: NoWayThere,
    errno.ENETDOWN: NoWayThere,
    errno.ETIMEDOUT: NoReply,
}


class TlsFailed(NetError):
    code = "tls-failed"
    message = mark("The certificate or encryption of {host} is not accepted: {reason}.")


class AuthorityUnknown(TlsFailed):
    code = "authority-unknown"
    message = mark(
        "The certificate of {host} is from an authority that we do not know: {reason}. If that is right,"
        " name the authority: for a peer with cirt peer set SLUG --ca-file FILE, for other servers by"
        " SSL_CERT_FILE."
    )


class CertificateOutOfDate(TlsFailed):
    code = "certificate-out-of-date"
    message = mark(
        "The certificate of {host} does not hold today: {reason}. Its operators must renew it; or our"
        " clock is wrong."
    )


class CertificateForOther(TlsFailed):
    code = "certificate-for-other"
    message = mark(
        "The certificate of {host} is for another name. Check the peer's address, or ask its operators."
    )


class OurCertificateRefused(TlsFailed):
    code = "our-certificate-refused"
    message = mark(
        "{host} asks for a client certificate and does not accept ours: {reason}. Set the one that it"
        " gave us with: cirt peer set SLUG --client-cert FILE --client-key FILE"
    )


TLS_FAULTS = {
    Fault.UNKNOWN_AUTHORITY: AuthorityUnknown,
    Fault.OUT_OF_DATE: CertificateOutOfDate,
    Fault.OTHER_NAME: CertificateForOther,
    Fault.OURS_REFUSED: OurCertificateRefused,
    Fault.OTHER: TlsFailed,
}


class TooSlow(NetError):
    code = "too-slow"
    message = mark("{host} did not answer in full within {limit_s} seconds.")
    retry = True


class ConnectionLost(NetError):
    code = "connection-lost"
    message = mark("The connection to {host} broke off: {reason}.")
    retry = True


class AnswerTooLarge(NetError):
    code = "answer-too-large"
    message = mark("{host} sent more than {limit} bytes in one answer.")


class EncodingWrong(NetError):
    code = "encoding-wrong"
    message = mark("{host} sent an answer in the encoding “{encoding}” that cannot be unpacked.")


def why_not_reached(failure: OSError, host: str, port: int) -> NotReached:
    """In words for what usually happens; in the system's words for the rest."""
    if isinstance(failure, TimeoutError):
        return NoReply(host=host, port=port)
    kind = _WHY_NOT_REACHED.get(failure.errno or 0)
    if kind is None:
        return NotReached(host=host, port=port, reason=str(failure.strerror or failure))
    return kind(host=host, port=port)
