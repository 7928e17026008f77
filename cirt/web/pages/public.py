"""The public counter: report an incident without an account, and follow what became of it."""

from flask import Blueprint, Response

from cirt.web.frame import render

bp = Blueprint("public", __name__)


@bp.get("/")
def home() -> Response:
    return render("public/home.html")


@bp.get("/report")
def report() -> Response:
    return render("public/home.html")


@bp.get("/status")
def status() -> Response:
    return render("public/home.html")
