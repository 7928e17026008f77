"""What only a TAXII request can get wrong, and which HTTP status each class of error has."""

from cirt.exchange.receipts import NothingSent
from cirt.kernel.errors import (
    CirtError,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooMany,
    Unavailable,
)
from cirt.kernel.text import mark
from cirt.objects.codec import NotEnvelope


class NotAcceptable(CirtError):
    code = "not-acceptable"
    message = mark(
        "Nothing that the Accept header names can be answered here. "
        "Ask for application/taxii+json;version=2.1."
    )


class MediaTypeWrong(CirtError):
    code = "media-type-wrong"
    message = mark("The Content-Type must be application/taxii+json;version=2.1.")


class EncodingWrong(CirtError):
    code = "encoding-wrong"
    message = mark("A body may come as it is or with Content-Encoding: gzip, nothing else.")


class MethodWrong(CirtError):
    code = "method-wrong"
    message = mark("This address does not take that method. It takes: {allowed}.")


class BodyWrong(Invalid):
    code = "body-wrong"
    message = mark("The body does not unpack: it is cut off or no gzip.")


class NoObject(Invalid):
    code = "no-object"
    message = mark("The body is not a JSON object. Send a TAXII envelope with its objects.")


class ParameterRepeated(Invalid):
    code = "parameter-repeated"
    message = mark("{name} may be given once. Put several values of a match field behind commas.")


class ParameterWrong(Invalid):
    """``wanted`` is a sentence with an example."""

    code = "parameter-wrong"
    message = mark("{name} cannot be used as given: {wanted}")


class TokenRefused(Invalid):
    code = "next-refused"
    message = mark(
        "This next token was not made here for this account, collection and filter. "
        "Begin again without it."
    )


class CannotRead(NotAllowed):
    code = "cannot-read"
    message = mark("You cannot read from this collection (can_read is false).")


class CannotWrite(NotAllowed):
    code = "cannot-write"
    message = mark("You cannot write to this collection (can_write is false).")


class Refused(CirtError):
    """What the HTTP library refused by itself; ``reason`` is its short name, such as Bad Request."""

    code = "refused"
    message = mark("The request cannot be read: {reason}.")


class Failed(CirtError):
    code = "failed"
    message = mark("Something went wrong on our side. It is in our log under the error_id.")


class Busy(Unavailable):
    code = "busy"
    message = mark("The server is busy. Try again in {wait_s} seconds.")


_STATUS: tuple[tuple[type[CirtError], int], ...] = (
    (NotAcceptable, 406),
    (MediaTypeWrong, 415),
    (EncodingWrong, 415),
    (MethodWrong, 405),
    (NotEnvelope, 422),
    (NothingSent, 422),
    (Invalid, 400),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (TooLarge, 413),
    (TooMany, 429),
    (Unavailable, 503),
)


def status_of(error: CirtError) -> int:
    """The status of the nearest class that has one."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
