"""Collections as the asking peer finds them (TAXII 2.1, sections 5.1 and 5.2)."""

from typing import Any

from flask import Response

from cirt.taxii import answer
from cirt.taxii.door import Access
from cirt.taxii.media import STIX
from cirt.taxii.visit import visit


def collections() -> Response:
    seen = visit().collections()
    return answer.resource({"collections": [_resource(one) for one in seen]})


def collection(key: str) -> Response:
    return answer.resource(_resource(visit().collection()))


def _resource(seen: Access) -> dict[str, Any]:
    described = {"description": seen.description} if seen.description else {}
    return {
        "id": seen.uuid,
        "title": seen.title,
        **described,
        "alias": seen.alias,
        "can_read": seen.can_read,
        "can_write": seen.can_write,
        "media_types": [STIX],
    }
