"""All pages as one Flask blueprint, bound to one program."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.web import errors, frame, session
from cirt.web.pages import PAGES
from cirt.web.static_files import static


def make_blueprint(program: Program) -> Blueprint:
    """The desk and the public counter, for ``app.register_blueprint``."""
    web = Blueprint("web", __name__)

    def bind(state: BlueprintSetupState) -> None:
        state.app.extensions["cirt"] = program

    web.record_once(bind)
    web.before_request(session.begin)
    web.after_request(frame.secure)
    web.register_error_handler(CirtError, errors.on_cirt_error)
    web.register_error_handler(HTTPException, errors.on_http_error)
    web.register_error_handler(Exception, errors.on_fault)
    web.add_url_rule("/static/<name>", "static", static)
    for page in PAGES:
        web.register_blueprint(page)
    # Last, so that an address nobody knows is answered by us and not by the framework.
    web.add_url_rule("/<path:address>", "nowhere", errors.nowhere, methods=["GET", "POST"])
    return web
