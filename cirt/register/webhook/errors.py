"""What can go wrong with webhooks. Their callers are programs, so the words are for whoever reads their logs."""

from cirt.kernel.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooMany,
    Unavailable,
)
from cirt.kernel.text import mark


class NoSuchWebhook(NotFound):
    code = "no-such-webhook"
    message = mark("There is no webhook {name}. List them with: cirt webhook list")


class WebhookExists(Conflict):
    code = "webhook-exists"
    message = mark("There is a webhook {name} already.")


class WebhookNameWrong(Invalid):
    code = "webhook-name-wrong"
    message = mark("“{name}” is no name for a webhook. Write small letters, digits and hyphens.")


class TokenRefused(NotSignedIn):
    """Also for a webhook that is not there: never told apart."""

    code = "token-refused"
    message = mark("The token does not fit. Send it as: Authorization: Bearer TOKEN")


class WebhookChanged(Conflict):
    code = "webhook-changed"
    message = mark(
        "Somebody changed {name} since you opened it. What you typed is below; compare and save again."
    )


class WebhookPaused(Unavailable):
    code = "webhook-paused"
    message = mark("{name} is paused here, so nothing was kept. Try again in {wait_s} seconds.")


class NotAnEvent(Invalid):
    code = "not-an-event"
    message = mark("The body is no JSON object: {reason}. Send one event in one request.")


class EventTooLarge(TooLarge):
    code = "event-too-large"
    message = mark("The body is larger than {limit}.")


class TooManyEvents(TooMany):
    code = "too-many-events"
    message = mark("More than {limit} events came in a minute. Try again in {wait_s} seconds.")


# What a sender may be told, for whoever looks after it.
REFUSALS = {
    kind.code: kind.message
    for kind in (TokenRefused, WebhookPaused, NotAnEvent, EventTooLarge, TooManyEvents)
}
