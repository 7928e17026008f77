"""The decision on what somebody else asked for: the password again, the act, and where that leads."""

from collections.abc import Callable

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.agreements import DecideRequestInput
from cirt.kernel.errors import CirtError, Conflict, FieldsInvalid, Invalid, TooMany
from cirt.kernel.work import Work
from cirt.parties.errors import PasswordWrong
from cirt.parties.four_eyes.commands import DecideRequest, Ruling
from cirt.web.again import check_password_again
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent, typed_values
from cirt.web.session import open_work


def decide_request(
    request_id: int,
    act: Callable[[Work, DecideRequest], Conflict | None],
    show: Callable[[Form, int, CirtError | None], Response],
    path_when: Callable[[str], str],
) -> AnyResponse:
    """``act`` answers with the conflict that it had to commit; ``show`` is the page again, with what was wrong."""
    try:
        cmd = DecideRequestInput().read(sent(), id=request_id)
        if cmd.ruling is not Ruling.WITHDRAWN:
            check_password_again()
        with open_work() as work:
            conflict = act(work, cmd)
    except (PasswordWrong, TooMany) as error:
        return show(refused(error, at="password"), status_of(error), None)
    except (FieldsInvalid, Invalid) as error:
        return show(refused(error, at="comment"), status_of(error), None)
    except Conflict as error:
        return show(Form(typed_values()), status_of(error), error)
    if conflict is not None:
        return show(Form(typed_values()), status_of(conflict), conflict)
    return redirect(path_when(cmd.ruling.value), 303)
