"""The desk: what needs the reader now."""

from flask import Blueprint, Response

from cirt.web.frame import render

bp = Blueprint("desk", __name__)


@bp.get("/desk")
def desk() -> Response:
    return render("desk/desk.html")
