"""Collections as the asking peer finds them (TAXII 2.1, sections 5.1 and 5.2)."""

from typing import Any

from flask import Response

from cirt.taxii import answer
from cirt.taxii.door import Access, asker, reader_of, seen_collection, seen_collections
from cirt.taxii.media import STIX


def collections() -> Response:
    with asker().work(write=False) as work:
        seen = seen_collections(work, reader_of(work))
    return answer.resource({"collections": [_resource(one) for one in seen]})


def collection(key: str) -> Response:
    with asker().work(write=False) as work:
        seen = seen_collection(work, reader_of(work), key)
    return answer.resource(_resource(seen))


def _resource(seen: Access) -> dict[str, Any]:
    described = {"description": seen.collection.description} if seen.collection.description else {}
    return {
        "id": seen.collection.uuid,
        "title": seen.collection.title,
        **described,
        "alias": seen.collection.alias,
        "can_read": seen.can_read,
        "can_write": seen.can_write,
        "media_types": [STIX],
    }
