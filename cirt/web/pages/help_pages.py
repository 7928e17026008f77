"""Help that pages link to."""

from flask import Blueprint, Response

from cirt.web.frame import render

bp = Blueprint("help", __name__)


@bp.get("/help/keys")
def keys() -> Response:
    return render("help/keys.html")
