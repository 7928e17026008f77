"""The blueprint that the pages of the counter share."""

from flask import Blueprint

bp = Blueprint("public", __name__)
