"""Discovery and the API root (TAXII 2.1, section 4)."""

from flask import Response

from cirt.parties.peers import ourselves
from cirt.taxii import answer
from cirt.taxii.media import TAXII
from cirt.taxii.visit import visit

ROOT = "/taxii2/national/"


def discovery() -> Response:
    """The root's URL is relative, so that it holds behind every name and port of this host."""
    name = ourselves(visit().work.session).name
    return answer.resource(
        {
            "title": f"{name} exchange",
            "description": f"Threat intelligence that {name} shares with its peers.",
            "default": ROOT,
            "api_roots": [ROOT],
        }
    )


def api_root() -> Response:
    name = ourselves(visit().work.session).name
    return answer.resource(
        {
            "title": f"{name}, national",
            "versions": [TAXII],
            "max_content_length": visit().program.settings.max_content_bytes,
        }
    )
