"""The password once more, before a decision (rulings 25)."""

from flask import request

from cirt.parties import accounts, recognising
from cirt.parties.errors import PasswordWrong
from cirt.web.session import open_work, visit


def check_password_again() -> None:
    """That who sits at the desk is who signed in. A wrong one counts towards the limit on tries.

    Raises:
        PasswordWrong, TooMany.
    """
    with open_work(write=False) as work:
        email = accounts.account_of(work.session, visit().actor.id or 0).email
    try:
        with open_work(write=False) as work:
            recognising.check_password(
                work, request.form.get("password", ""), request.remote_addr or ""
            )
    except PasswordWrong:
        with open_work() as work:
            recognising.note_failure(work, email, request.remote_addr or "")
        raise
