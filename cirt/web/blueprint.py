"""All pages as one Flask blueprint, bound to one program."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute

from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.web import errors, frame, once, session
from cirt.web.guesses import Guesses
from cirt.web.pages import PAGES
from cirt.web.static_files import static


def make_blueprint(program: Program) -> Blueprint:
    """The desk and the public counter, for ``app.register_blueprint``."""
    web = Blueprint("web", __name__)

    def bind(state: BlueprintSetupState) -> None:
        state.app.extensions["cirt"] = program
        state.app.extensions["cirt.guesses"] = Guesses()

    web.record_once(bind)
    web.before_request(session.begin)
    web.after_request(frame.end)
    web.register_error_handler(CirtError, errors.on_cirt_error)
    web.register_error_handler(HTTPException, errors.on_http_error)
    web.register_error_handler(once.AlreadySent, errors.on_already_sent)
    for unable in (exc.OperationalError, exc.TimeoutError):
        web.register_error_handler(unable, errors.on_database_away)
    web.register_error_handler(Exception, errors.on_fault)
    # Where no rule matches the framework does not know that the address is ours; TAXII sees to its own.
    web.app_errorhandler(NoRoute)(errors.on_no_route)
    web.app_errorhandler(MethodNotAllowed)(errors.on_no_route)
    web.add_url_rule("/static/<name>", "static", static)
    for page in PAGES:
        web.register_blueprint(page)
    # Last, so that an address nobody knows is answered by us and not by the framework.
    web.add_url_rule("/<path:address>", "nowhere", errors.nowhere, methods=["GET", "POST"])
    return web
