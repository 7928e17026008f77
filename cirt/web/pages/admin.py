"""Administration: accounts, empty collections, the audit trail, jobs; mail and webhooks beside. Nothing here shows content to a pure administrator."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from cirt.inputs.parties import AddAccountInput, SetRolesInput
from cirt.inputs.release import AddCollectionInput
from cirt.kernel import audit as audit_trail
from cirt.kernel.errors import FieldsInvalid, NotAllowed
from cirt.kernel.jobs import unfinished
from cirt.kernel.trail import TrailFilter, trail_page
from cirt.kernel.work import Work
from cirt.parties import accounts
from cirt.parties.accounts import NewPassword, account_of
from cirt.parties.errors import AccountExists, AddressWrong, RoleToOneself
from cirt.parties.roles import ROLE_NAMES
from cirt.release.collections import add_collection
from cirt.release.errors import AliasWrong, CollectionExists
from cirt.release.reach import collection_lines
from cirt.web import outward
from cirt.web.errors import status_of
from cirt.web.forms import Form, refused, sent
from cirt.web.frame import render
from cirt.web.paths import path_of
from cirt.web.session import open_work, visit

bp = Blueprint("admin", __name__)

_ACCOUNTS = ("account:write", "account:read")
_COLLECTIONS = ("collection:write", "job:read")
# Tab, the page behind it, and which permissions open it.
_TABS = (
    ("users", "admin.users", _ACCOUNTS),
    ("collections", "admin.collections", _COLLECTIONS),
    ("mail", "admin.mail", ("mail:write", "job:read")),
    ("webhooks", "admin.webhooks", ("webhook:write", "job:read")),
    ("connectors", "admin.connectors", ("source:write", "job:read")),
    ("audit", "admin.audit", ("audit:read",)),
    ("jobs", "admin.jobs", ("job:read",)),
)


def require_any(work: Work, permissions: Iterable[str]) -> None:
    if not any(work.actor.may(each) for each in permissions):
        raise NotAllowed(needed=min(permissions))


def tabs() -> list[tuple[str, str]]:
    return [
        (tab, endpoint)
        for tab, endpoint, needed in _TABS
        if any(visit().actor.may(each) for each in needed)
    ]


@bp.get("/admin")
def home() -> AnyResponse:
    """The first page that is open to whoever asks."""
    return redirect(path_of(tabs()[0][1]), 303)


@bp.get("/admin/users")
def users() -> Response:
    return _users_page(Form())


@bp.post("/admin/users")
def add_user() -> Response:
    """The one-time password is in this answer and nowhere else."""
    try:
        with open_work() as work:
            made = accounts.add_account(work, AddAccountInput().read(sent("roles")))
    except (FieldsInvalid, AccountExists, AddressWrong) as error:
        return _users_page(refused(error, at="email"), status_of(error))
    return _password_page(made)


def _users_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        require_any(work, _ACCOUNTS)
        found = accounts.accounts(work.session)
    return render(
        "admin/users.html",
        status,
        form=form,
        accounts=found,
        roles=ROLE_NAMES,
        tabs=tabs(),
    )


def _password_page(made: NewPassword) -> Response:
    return render("admin/password.html", made=made, tabs=tabs())


@bp.get("/admin/users/<int(max=2147483647):account_id>")
def user(account_id: int) -> Response:
    return _user_page(account_id, Form())


@bp.post("/admin/users/<int(max=2147483647):account_id>/roles")
def set_roles(account_id: int) -> AnyResponse:
    try:
        cmd = SetRolesInput().read(sent("roles"))
        with open_work() as work:
            work.require("account:write")
            email = account_of(work.session, account_id).email
            accounts.set_roles(work, email, frozenset(cmd.roles))
    except (FieldsInvalid, RoleToOneself) as error:
        return _user_page(account_id, refused(error, at="roles"), status_of(error))
    return redirect(path_of("admin.user", account_id=account_id, done="roles"), 303)


@bp.post("/admin/users/<int(max=2147483647):account_id>/disable")
def disable(account_id: int) -> AnyResponse:
    with open_work() as work:
        work.require("account:write")
        accounts.disable_account(work, account_of(work.session, account_id).email)
    return redirect(path_of("admin.user", account_id=account_id, done="disabled"), 303)


@bp.post("/admin/users/<int(max=2147483647):account_id>/reset")
def reset(account_id: int) -> Response:
    with open_work() as work:
        work.require("account:write")
        made = accounts.reset_password(work, account_of(work.session, account_id).email)
    return _password_page(made)


def _user_page(account_id: int, form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        require_any(work, _ACCOUNTS)
        account = account_of(work.session, account_id)
    return render(
        "admin/user.html",
        status,
        form=form,
        it=account,
        held={grant.role for grant in account.grants},
        is_me=account.person_id == visit().actor.person_id,
        roles=ROLE_NAMES,
        done=request.args.get("done", ""),
        tabs=tabs(),
    )


@bp.get("/admin/collections")
def collections() -> Response:
    return _collections_page(Form())


@bp.post("/admin/collections")
def save_collection() -> AnyResponse:
    try:
        with open_work() as work:
            add_collection(work, AddCollectionInput().read(sent()))
    except (FieldsInvalid, AliasWrong, CollectionExists) as error:
        return _collections_page(refused(error, at="alias"), status_of(error))
    return redirect(path_of("admin.collections", done="added"), 303)


def _collections_page(form: Form, status: int = HTTPStatus.OK) -> Response:
    with open_work(write=False) as work:
        require_any(work, _COLLECTIONS)
        lines = collection_lines(work.session)
    return render(
        "admin/collections.html",
        status,
        form=form,
        lines=lines,
        kinds=outward.COLLECTION_KINDS,
        done=request.args.get("done", ""),
        tabs=tabs(),
    )


@bp.get("/admin/audit")
def audit() -> Response:
    args = request.args
    wanted = TrailFilter(
        **{name: args.get(name, "").strip()[:200] for name in ("act", "subject", "actor")}
    )
    with open_work(write=False) as work:
        work.require("audit:read")
        page = trail_page(
            work.session, wanted, below=_number(args.get("below")), above=_number(args.get("above"))
        )
        checked = audit_trail.verify(work.session) if args.get("check") else None
    chosen = {"act": wanted.act, "subject": wanted.subject, "actor": wanted.actor}
    chosen = {name: value for name, value in chosen.items() if value}
    return render(
        "admin/audit.html",
        page=page,
        wanted=wanted,
        chosen=chosen,
        checked=checked,
        facts=_facts,
        address=lambda **changed: path_of("admin.audit", **{**chosen, **changed}),
        tabs=tabs(),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - fits 64 bits


def _facts(line: audit_trail.AuditEntry) -> list[tuple[str, str]]:
    """What a line tells beside act and subject, as words; one that was tampered with as it stands."""
    try:
        facts = json.loads(line.facts)
    except ValueError:
        return [("?", line.facts)]
    if not isinstance(facts, dict):
        return [("?", line.facts)]
    return [(name, _as_text(value)) for name, value in facts.items() if value not in (None, "", [])]


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


@bp.get("/admin/jobs")
def jobs() -> Response:
    with open_work(write=False) as work:
        work.require("job:read")
        found = unfinished(work.session)
        may_read = work.actor.may("content:read")
    return render(
        "admin/jobs.html",
        jobs=found,
        # Behind the name of an error its text may quote what was being worked on.
        error_of=lambda text: text if may_read else (text or "").partition(":")[0],
        signs=outward.JOBS,
        sign=outward.sign,
        tabs=tabs(),
    )
