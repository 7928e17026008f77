"""What of our own stands open to one peer, as a MISP feed: an event for each day on which its objects were made.

Made in one moment of the database and written after the commit that notes it. Each file is whole before it has its
name, and ``manifest.json`` comes last, so that a reader never meets half of anything.
"""

import hashlib
import json
import os
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects.catalogue import CatalogueFilter
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer, ourselves
from cirt.release.exporting.commands import Export, Format, Subject
from cirt.release.exporting.misp import attributes_of, event_of
from cirt.release.exporting.scope import parts
from cirt.release.exporting.service import going_of
from cirt.release.holdings.handing import note_once
from cirt.release.holdings.models import Exit

_NAMESPACE = uuid.UUID("f6a0d1d3-6f9e-4a55-8a0e-0b7b5c1f7e11")
_OURS = 0  # of CatalogueFilter.source
_MANIFEST, _HASHES = "manifest.json", "hashes.csv"


class FolderWrong(Invalid):
    code = "folder-wrong"
    message = mark("The folder {path} cannot be written: {reason}. Make it and give it to cirt.")


@dataclass(slots=True)
class Feed:
    """``files`` by name, without the manifest; ``tlp`` is the strictest, None where nothing stands open."""

    peer: Peer
    files: dict[str, bytes] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)
    version_ids: list[int] = field(default_factory=list)
    attributes: int = 0
    tlp: Tlp | None = None


@dataclass(slots=True)
class _Day:
    rows: list[dict[str, Any]] = field(default_factory=list)
    levels: set[Tlp] = field(default_factory=set)


def make_feed(work: Work, slug: str) -> Feed:
    """Own objects that stand in collections of this peer and that the gate lets go to it now; of each the last version.

    Raises:
        NoSuchPeer, NotAllowed.
    """
    work.require("content:read")
    peer, us = find_peer(work.session, slug), ourselves(work.session)
    feed, days = Feed(peer), defaultdict[str, _Day](_Day)
    cmd = Export(Subject.INDICATORS, "", Format.MISP, slug, CatalogueFilter(source=_OURS))
    for part in parts(work, cmd):
        for going in going_of(work, part):
            rows = attributes_of(going)
            if rows:
                day = days[str(going.content["created"])[:10]]
                day.rows += rows
                day.levels.add(going.tlp)
                feed.version_ids.append(going.released.version_id)
    hashes = []
    for name, day in sorted(days.items()):
        own = str(uuid.uuid5(_NAMESPACE, f"{us.identity_id} {slug} {name}"))
        tlp = max(day.levels)
        changed = max(int(row["timestamp"]) for row in day.rows)
        event = event_of(own, f"{us.name}, {name}", name, changed, tlp, us.name, us.identity_id)
        feed.manifest[own] = {
            key: event[key]
            for key in ("Orgc", "Tag", "info", "date", "analysis", "threat_level_id", "timestamp")
        }
        whole = {"Event": {**event, "published": True, "Attribute": day.rows}}
        feed.files[f"{own}.json"] = json.dumps(whole, ensure_ascii=False).encode()
        hashes += [f"{_md5(row['value'])},{own}\n" for row in day.rows if not row["deleted"]]
        feed.attributes += len(day.rows)
        feed.tlp = max(tlp, feed.tlp) if feed.tlp else tlp
    feed.files[_HASHES] = "".join(hashes).encode()
    return feed


def note_feed(work: Work, feed: Feed) -> int:
    """What of it the peer has not been given by such a file before goes into the ledger; how much."""
    new = note_once(work, Exit.FILE, feed.peer.id, feed.version_ids)
    work.audit(
        "feed.write",
        feed.peer.slug,
        objects=len(feed.version_ids),
        new=new,
        tlp=feed.tlp,
        sha256=_digest(feed),
    )
    return new


def write_feed(feed: Feed, folder: Path) -> None:
    """Events, then the manifest, then without those that the former manifest named and this one does not.

    Raises:
        FolderWrong: what stood there before still stands, but for what was written already.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        former = _named(folder)
        for name, body in feed.files.items():
            _put(folder / name, body)
        _put(folder / _MANIFEST, json.dumps(feed.manifest, ensure_ascii=False).encode())
        for gone in former - feed.manifest.keys():
            (folder / f"{gone}.json").unlink(missing_ok=True)
    except OSError as error:
        raise FolderWrong(path=str(folder), reason=error.strerror or "unknown") from error


def _named(folder: Path) -> set[str]:
    """Events of the manifest that is there; a name that is no uuid is none of ours."""
    try:
        former = json.loads((folder / _MANIFEST).read_bytes())
    except (FileNotFoundError, ValueError):
        return set()
    found = set[str]()
    for name in former if isinstance(former, Mapping) else ():
        with suppress(ValueError):
            found.add(str(uuid.UUID(name)))
    return found


def _put(file: Path, body: bytes) -> None:
    """Whole or not at all; what has not changed keeps its date."""
    if file.is_file() and file.read_bytes() == body:
        return
    half = file.with_name(f".{file.name}.half")
    with half.open("wb") as opened:
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())
    half.replace(file)


def _digest(feed: Feed) -> str:
    return hashlib.sha256(b"".join(_ordered(feed.files))).hexdigest()


def _ordered(files: Mapping[str, bytes]) -> Iterable[bytes]:
    return (files[name] for name in sorted(files))


def _md5(value: str) -> str:
    """As MISP's feeds have it, to be compared with and not relied on."""
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()
