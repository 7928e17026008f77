"""Objects of a collection: pages of them, one of them, its versions, adding and removing (TAXII 2.1, section 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Response, request

from cirt.exchange.receipts import open_envelope, receive
from cirt.kernel.errors import NotFound
from cirt.kernel.work import Work
from cirt.release import feeds
from cirt.release.feeds import Page, Record
from cirt.release.filters import ALL, LAST
from cirt.release.ledger import Reading, record_page
from cirt.release.models import Collection
from cirt.sharing.rules import PeerReader
from cirt.taxii import answer, query
from cirt.taxii.body import check_is_object, read_body
from cirt.taxii.door import asker, peer_of, reader_of, seen_collection
from cirt.taxii.media import check_content_type
from cirt.taxii.query import Asked, is_stix_id, make_token, open_token, read_query
from cirt.taxii.status import status_resource

_MANIFEST = "manifest"  # endpoint whose pages show no object and are not written down


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One of the four that answer in pages."""

    name: str
    fields: frozenset[str]
    default_version: str = LAST

    @property
    def gives_objects(self) -> bool:
        return self.name in feeds.WITH_OBJECTS


_OBJECTS = _Endpoint("objects", query.ALL_FIELDS)
_ONE_OBJECT = _Endpoint("object", query.OBJECT_FIELDS)
_VERSIONS = _Endpoint("versions", query.VERSIONS_FIELDS, default_version=ALL)
_RECORDS = _Endpoint(_MANIFEST, query.ALL_FIELDS)


@dataclass(frozen=True, slots=True)
class _Question:
    """A page that is asked for, understood and allowed."""

    reader: PeerReader
    collection: Collection
    asked: Asked
    after_us: int | None

    def page(self, work: Work, endpoint: str) -> Page:
        return feeds.page(
            work,
            self.reader,
            self.collection,
            self.asked.filter,
            after_us=self.after_us,
            limit=self.asked.limit,
            endpoint=endpoint,
        )


def objects(key: str) -> Response:
    return _answer_page(_OBJECTS, key)


def manifest(key: str) -> Response:
    return _answer_page(_RECORDS, key)


def one_object(key: str, object_id: str) -> Response:
    return _answer_page(_ONE_OBJECT, key, object_id)


def versions(key: str, object_id: str) -> Response:
    return _answer_page(_VERSIONS, key, object_id)


def add_objects(key: str) -> Response:
    """The order of checks: collection, right to write, type, length, then the content."""
    with asker().work(write=False) as work:
        seen_collection(work, reader_of(work), key).require_write()
    check_content_type(request.headers.get("Content-Type"))
    body = read_body(request, asker().program.settings.max_content_bytes)
    check_is_object(body)
    pieces = open_envelope(body)
    with asker().work(write=True) as work:  # not open while a slow sender was read
        seen = seen_collection(work, reader_of(work), key)
        seen.require_write()
        receipt = receive(work, peer_of(work), seen.collection, pieces)
    return answer.resource(status_resource(receipt), 202)


def remove_object(key: str, object_id: str) -> Response:
    """Removes what the asking peer itself put there; without match[version] every version."""
    with asker().work(write=True) as work:
        seen = seen_collection(work, reader_of(work), key)
        seen.require_read()
        seen.require_write()
        asked = _read_query(query.DELETE_FIELDS, object_id, default_version=ALL)
        feeds.remove_object(work, peer_of(work), seen.collection, object_id, asked.filter)
    return answer.empty(200)


def _answer_page(endpoint: _Endpoint, key: str, object_id: str | None = None) -> Response:
    """What holds bytes is committed to the ledger before it is answered; what holds none writes nothing.

    HEAD takes none.
    """
    name = endpoint.name if request.method == "GET" else _MANIFEST
    while True:
        with asker().work(write=False) as work:
            question = _question(work, endpoint, key, object_id)
            found = question.page(work, name)
            if not found.rows and object_id is not None:
                _require_held(work, question, object_id)
            answered = _answer(work, endpoint, found, _token(question, found))
        if found.reading is None or _is_recorded(found.reading):
            return answered


def _is_recorded(reading: Reading) -> bool:
    """False where something was closed meanwhile: then the page is read again."""
    with asker().work(write=True) as work:
        return record_page(work, reading)


def _question(work: Work, endpoint: _Endpoint, key: str, object_id: str | None) -> _Question:
    reader = reader_of(work)
    seen = seen_collection(work, reader, key)
    seen.require_read()
    asked = _read_query(endpoint.fields, object_id, default_version=endpoint.default_version)
    after_us = None
    if asked.token is not None:
        after_us = open_token(
            asker().program.keys, reader.peer_id, seen.collection.uuid, asked.filter, asked.token
        )
    return _Question(reader, seen.collection, asked, after_us)


def _read_query(fields: frozenset[str], object_id: str | None, *, default_version: str) -> Asked:
    if object_id is not None and not is_stix_id(object_id):
        raise NotFound
    return read_query(
        request.args,
        fields,
        page_max=asker().program.settings.page_max,
        object_id=object_id,
        default_version=default_version,
    )


def _require_held(work: Work, question: _Question, object_id: str) -> None:
    """An object that is not there at all is 404; one that the filter leaves out is an empty page."""
    if not feeds.holds(work, question.reader, question.collection, object_id):
        raise NotFound


def _token(question: _Question, found: Page) -> str | None:
    if not found.more:
        return None
    return make_token(
        asker().program.keys,
        question.reader.peer_id,
        question.collection.uuid,
        question.asked.filter,
        found.position_us,
    )


def _answer(work: Work, endpoint: _Endpoint, found: Page, token: str | None) -> Response:
    if request.method == "HEAD":
        return answer.headers_only(found.rows)
    if endpoint.gives_objects:
        return answer.envelope(found.rows, found.objects, token)
    write: Callable[[Sequence[Record], str | None], Response] = (
        answer.versions if endpoint is _VERSIONS else answer.manifest
    )
    return write(feeds.records(work, found.rows), token)
