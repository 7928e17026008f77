"""The blueprint that the pages of incidents share."""

from flask import Blueprint

bp = Blueprint("incidents", __name__)
