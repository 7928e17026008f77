"""The address at which other systems report by themselves: JSON in, JSON out, a token instead of a session."""

from flask import Blueprint, Response, jsonify, request

from cirt.kernel.errors import CirtError
from cirt.kernel.work import Actor, ActorKind
from cirt.register.webhook.events import MAX_EVENT_BYTES, take_event
from cirt.register.webhook.refusals import is_worth_noting, note_refusal
from cirt.register.webhook.tokens import check_token
from cirt.web.errors import status_of
from cirt.web.session import this_program

bp = Blueprint("webhook", __name__)

_BEARER = "bearer "


@bp.post("/intake/webhook/<name>")
def take(name: str) -> Response:
    """201 for a new report, 200 for a further time of one; in both its reference."""
    size = 0
    try:
        token = _token()
        with this_program().work(_actor(name), write=False) as work:
            check_token(work, name, token)
        body = request.stream.read(MAX_EVENT_BYTES + 1)
        size = len(body)
        with this_program().work(_actor(name)) as work:
            taken = take_event(work, name, token, body)
    except CirtError as error:
        _note(name, error, size)
        return _refused(error)
    answer = jsonify(reference=taken.reference, count=taken.count)
    answer.status_code = 201 if taken.count == 1 else 200
    return answer


def _token() -> str:
    given = request.headers.get("Authorization", "")
    return given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else ""


def _actor(name: str) -> Actor:
    return Actor(ActorKind.SYSTEM, name=f"webhook {name}"[:200])


def _note(name: str, error: CirtError, size: int) -> None:
    """For whoever looks after the system; strangers make us write once in a minute at most."""
    with this_program().work(_actor(name), write=False) as work:
        is_worth = is_worth_noting(work, name, error)
    if is_worth:
        with this_program().work(_actor(name)) as work:
            note_refusal(work, name, error, size)


def _refused(error: CirtError) -> Response:
    answer = jsonify(error=error.code, message=str(error))
    answer.status_code = status_of(error)
    if "wait_s" in error.values:
        answer.headers["Retry-After"] = str(error.values["wait_s"])
    if answer.status_code == 401:  # noqa: PLR2004
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
