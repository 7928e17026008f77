"""What somebody sets for themselves: password, language, light or dark."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.parties import accounts
from cirt.parties.models import Account
from cirt.parties.passwords import MIN_LENGTH
from cirt.web import i18n
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, wants
from cirt.web.frame import render, start_path
from cirt.web.paths import path_of
from cirt.web.session import open_work, own_path, visit

bp = Blueprint("account", __name__)

_A_YEAR_S = 365 * 24 * 3600
_THEMES = {
    "": mark("As the system says"),
    "light": mark("Light"),
    "dark": mark("Dark"),
}


class PasswordsDiffer(Invalid):
    code = "passwords-differ"
    message = mark("The two new passwords differ. Type the same one twice.")


@bp.get("/account")
def account() -> Response:
    with open_work(write=False) as work:
        row = work.session.get_one(Account, visit().actor.id)
    return render("account/account.html", account=row, offered=_offered())


@bp.post("/account/language")
def set_language() -> AnyResponse:
    chosen = i18n.choose([wants("language")])
    with open_work() as work:
        accounts.set_language(work, chosen)
    response = redirect(path_of("account.account"), 303)
    response.set_cookie("lang", chosen, max_age=_A_YEAR_S, samesite="Lax", httponly=True)
    return response


@bp.get("/account/password")
def password() -> Response:
    return _password_page(Form())


@bp.post("/account/password")
def set_password() -> AnyResponse:
    new = request.form.get("new_password", "")
    try:
        if new != request.form.get("again", ""):
            raise PasswordsDiffer
        with open_work() as work:
            accounts.change_password(work, request.form.get("old_password", ""), new)
    except Invalid as error:
        at = "old_password" if error.code == "password-wrong" else "new_password"
        return _password_page(refused(error, at=at), status_of(error))
    return redirect(path_of("sign_in.ask", changed=1), 303)


def _password_page(form: Form, status: int = 200) -> Response:
    return render("account/password.html", status, form=form, least=MIN_LENGTH)


@bp.get("/account/theme")
def theme() -> Response:
    back = own_path(request.args.get("return_to"), "")
    return render("account/theme.html", themes=_THEMES, return_to=back)


@bp.post("/account/theme")
def set_theme() -> AnyResponse:
    chosen = wants("theme")
    response = redirect(own_path(request.form.get("return_to"), start_path()), 303)
    if chosen in ("light", "dark"):
        response.set_cookie("theme", chosen, max_age=_A_YEAR_S, samesite="Lax", httponly=True)
    else:
        response.delete_cookie("theme")
    return response


def _offered() -> list[tuple[str, str]]:
    return [(code, i18n.LANGUAGES[code]) for code in i18n.offered()]
