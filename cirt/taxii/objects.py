"""Objects of a collection: pages of them, one of them, its versions, adding and removing (TAXII 2.1, section 5)."""

import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from flask import Response, request

from cirt.exchange.receipts import open_envelope, receive
from cirt.kernel.errors import NotFound
from cirt.kernel.ids import STIX_ID
from cirt.parties.models import Peer
from cirt.release import removal
from cirt.release.filters import ALL, LAST
from cirt.release.models import Collection
from cirt.release.pages import WITH_OBJECTS, Page, holds, records, start_of
from cirt.release.windows import Place
from cirt.taxii import answer, query
from cirt.taxii.body import check_is_object, read_body
from cirt.taxii.media import check_content_type
from cirt.taxii.packing import PACKINGS
from cirt.taxii.query import Asked, make_token, open_token, read_query
from cirt.taxii.status import status_resource
from cirt.taxii.visit import Visit, visit

log = logging.getLogger("cirt.taxii")

_MANIFEST = "manifest"  # endpoint whose pages show no object and are not written down


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One of the four that answer in pages."""

    name: str
    fields: frozenset[str]
    default_version: str = LAST

    @property
    def gives_objects(self) -> bool:
        return self.name in WITH_OBJECTS


_OBJECTS = _Endpoint("objects", query.ALL_FIELDS)
_ONE_OBJECT = _Endpoint("object", query.OBJECT_FIELDS)
_VERSIONS = _Endpoint("versions", query.VERSIONS_FIELDS, default_version=ALL)
_RECORDS = _Endpoint(_MANIFEST, query.ALL_FIELDS)


@dataclass(frozen=True, slots=True)
class Question:
    """A page that is asked for, understood and allowed."""

    here: Visit
    place: Place
    collection: str  # its UUID
    asked: Asked
    after_us: int | None

    def page(self, endpoint: str) -> Page:
        return self.here.desk.pages.page(
            self.here.work,
            self.place,
            self.asked.filter,
            after_us=self.after_us,
            limit=self.asked.limit,
            endpoint=endpoint,
        )

    def now(self) -> Self:
        """The same of the collection as it stands now."""
        place = self.here.collection_now().require_read()
        return self if place is self.place else replace(self, place=place)

    @property
    def is_at_the_end(self) -> bool:
        """Nothing has been offered since."""
        return start_of(self.asked.filter, self.after_us) >= self.place.head_us

    def token(self, found: Page) -> str | None:
        """Where the next page begins, if there is one."""
        if not found.more:
            return None
        return make_token(
            self.here.program.keys,
            self.here.peer_id,
            self.collection,
            self.asked.filter,
            found.position_us,
        )

    def read_ahead(self, found: Page, endpoint: str, packing: str) -> None:
        """Have the page after this one remembered: who asked for this one unpacks it and then asks for that one."""
        if self.here.desk.pages.remembers(
            self.place,
            self.asked.filter,
            after_us=found.position_us,
            limit=self.asked.limit,
            endpoint=endpoint,
        ):
            return
        try:
            with self.here.again() as here:
                following = replace(self, here=here, after_us=found.position_us).now()
                answer.packed(following.page(endpoint), following.token, packing)
        except Exception:
            # The page is read, or refused, when it is asked for.
            log.warning("taxii.not-read-ahead", exc_info=True)


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
    here = visit()
    here.collection().require_write()
    here.leave()
    check_content_type(request.headers.get("Content-Type"))
    body = read_body(request, here.program.settings.max_content_bytes)
    check_is_object(body)
    pieces = open_envelope(body)
    with here.writing() as work:
        seen = here.collection_in(work)
        seen.require_write()
        peer = work.session.get_one(Peer, here.peer_id)
        collection = work.session.get_one(Collection, seen.collection_id)
        receipt = receive(work, peer, collection, pieces)
    return answer.resource(status_resource(receipt), 202)


def remove_object(key: str, object_id: str) -> Response:
    """Removes what the asking peer itself put there; without match[version] every version."""
    here = visit()
    with here.writing() as work:
        seen = here.collection_in(work)
        seen.require_read()
        seen.require_write()
        asked = _read_query(query.DELETE_FIELDS, object_id, default_version=ALL)
        peer = work.session.get_one(Peer, here.peer_id)
        collection = work.session.get_one(Collection, seen.collection_id)
        removal.remove_object(work, peer, collection, object_id, asked.filter)
    return answer.empty(200)


def _answer_page(endpoint: _Endpoint, key: str, object_id: str | None = None) -> Response:
    """What holds bytes is committed to the ledger before it is answered; what holds none writes nothing.

    HEAD takes none.
    """
    name = endpoint.name if request.method == "GET" else _MANIFEST
    here = visit()
    question = _question(here, endpoint, object_id)
    if object_id is None and question.is_at_the_end:
        return answer.nothing()
    while True:
        question = question.now()
        found = question.page(name)
        if not found.dates and object_id is not None:
            _require_held(question, object_id)
        answered = _answer(endpoint, found, question)
        if found.reading is None:
            return answered
        if here.record(found.reading):
            if found.more:
                here.afterwards(partial(question.read_ahead, found, name, _packing()))
            return answered


def _question(here: Visit, endpoint: _Endpoint, object_id: str | None) -> Question:
    seen = here.collection()
    place = seen.require_read()
    asked = _read_query(endpoint.fields, object_id, default_version=endpoint.default_version)
    after_us = None
    if asked.token is not None:
        after_us = open_token(here.program.keys, here.peer_id, seen.uuid, asked.filter, asked.token)
    return Question(here, place, seen.uuid, asked, after_us)


def _read_query(fields: frozenset[str], object_id: str | None, *, default_version: str) -> Asked:
    if object_id is not None and not STIX_ID.fullmatch(object_id):
        raise NotFound
    return read_query(
        request.args,
        fields,
        page_max=visit().program.settings.page_max,
        object_id=object_id,
        default_version=default_version,
    )


def _require_held(question: Question, object_id: str) -> None:
    """An object that is not there at all is 404; one that the filter leaves out is an empty page."""
    if not holds(question.here.work, question.place, object_id):
        raise NotFound


def _answer(endpoint: _Endpoint, found: Page, question: Question) -> Response:
    if request.method == "HEAD":
        return answer.headers_only(found)
    if endpoint.gives_objects:
        return answer.envelope(found, question.token, _packing())
    write = answer.versions if endpoint is _VERSIONS else answer.manifest
    return write(found, records(question.here.work, found), question.token(found))


def _packing() -> str:
    """The one name that the application has left of Accept-Encoding; empty for none."""
    name = request.headers.get("Accept-Encoding", "")
    return name if name in PACKINGS else ""
