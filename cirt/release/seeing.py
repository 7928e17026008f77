"""The exchange with a peer's eyes: the pages that it would get, made in the way in which they are made for it.

Nothing leaves by this, so no page is written to the ledger; whoever looks is audited by the edge.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cirt.kernel.clock import from_us
from cirt.kernel.errors import NotFound
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.index import said_of
from cirt.release.collections import collections_for
from cirt.release.filters import Filter
from cirt.release.models import Collection, CollectionKind
from cirt.release.pages import all_of, page
from cirt.release.readers import has_access, rights
from cirt.release.windows import find_place
from cirt.sharing.facts import PeerReader

PER_PAGE = 50
_AS_ASKED_BY_DEFAULT = (
    Filter()
)  # the last version of each object, as TAXII gives without match[version]


@dataclass(frozen=True, slots=True)
class SeenCollection:
    collection: Collection
    count: int  # objects that can be fetched; of an inbox 0


@dataclass(frozen=True, slots=True)
class SeenObject:
    stix_id: str
    type: str
    name: str
    tlp: Tlp
    version_text: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class SeenPage:
    """``next_us`` is where the next page begins; None where there is no more."""

    rows: list[SeenObject]
    next_us: int | None


def seen_collections(work: Work, reader: PeerReader) -> list[SeenCollection]:
    """Those that exist for it now: none without an agreement in force."""
    work.require("content:read")
    if not has_access(reader, work.now):
        return []
    return [
        SeenCollection(each, _count(work, reader, each))
        for each in collections_for(work.session, reader.peer_id)
        if _exists(each, reader)
    ]


def _exists(collection: Collection, reader: PeerReader) -> bool:
    return any(rights(collection.kind, reader.terms.direction if reader.terms else None))


def seen_page(
    work: Work,
    reader: PeerReader,
    collection: Collection,
    after_us: int | None = None,
    limit: int = PER_PAGE,
) -> SeenPage:
    """
    Raises:
        NotFound: the collection does not exist for it, or it cannot read there. NotAllowed.
    """
    work.require("content:read")
    place = find_place(work, reader, collection)
    if not _exists(collection, reader):
        raise NotFound
    found = page(
        work, place, _AS_ASKED_BY_DEFAULT, after_us=after_us, limit=limit, endpoint="objects"
    )
    body = b",".join(each.body for each in found.objects if each.body)
    contents: list[dict[str, Any]] = json.loads(b"[" + body + b"]")
    said = said_of(work.session, found.version_ids)
    rows = [
        _seen(content, said[version_id].tlp, from_us(date_us))
        for content, version_id, date_us in zip(
            contents, found.version_ids, found.dates, strict=True
        )
    ]
    return SeenPage(rows, found.position_us if found.more else None)


def _seen(content: dict[str, Any], tlp: Tlp, added_at: datetime) -> SeenObject:
    stix_id = str(content["id"])
    return SeenObject(
        stix_id,
        str(content["type"]),
        str(content.get("name") or stix_id),
        tlp,
        str(content.get("modified") or content.get("created") or ""),
        added_at,
    )


def _count(work: Work, reader: PeerReader, collection: Collection) -> int:
    if collection.kind is CollectionKind.INBOX:
        return 0
    try:
        place = find_place(work, reader, collection)
    except NotFound:
        return 0
    return len(all_of(work, place, _AS_ASKED_BY_DEFAULT).version_ids)
