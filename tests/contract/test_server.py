"""The server before the application: what it refuses, whom it gives up, and that others do not notice."""

import gzip
import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import brotli
import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask_compress.compat import compression

from cirt.boot import limits, serve
from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.models import Peer
from cirt.release.ledger import Reading
from cirt.release.models import PageRead
from cirt.taxii import objects
from cirt.taxii.visit import Visit
from tests.conftest import NOON
from tests.support import served as processes
from tests.support.databases import Databases
from tests.support.taxii import (
    MEDIA,
    ROOT,
    Client,
    World,
    a_world,
    an_indicator,
    assert_error,
    found_world,
    keys_of,
    served,
)
from tests.support.wire import Heard, answers_in, ask, authorization, dial, hear, read_all

OBJECTS = f"{ROOT}collections/rw/objects/"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What is tried here happens before any database is asked."""
    with databases.program("sqlite", tmp_path_factory.mktemp("served"), FakeClock(NOON)) as plain:
        settings = replace(plain.settings, max_content_bytes=MIB)
        with a_world(replace(plain, settings=settings)) as made:
            yield made


def head(method: str, path: str, *headers: str, version: str = "1.1") -> bytes:
    said = [f"{method} {path} HTTP/{version}", "Host: cirt.example", f"Accept: {MEDIA}", *headers]
    return ("\r\n".join(said) + "\r\n\r\n").encode("latin-1")


def as_alice(method: str, path: str, *headers: str) -> bytes:
    return head(method, path, f"Authorization: {authorization('alice')}", *headers)


# -- what cannot be read


UNREADABLE = {
    "length of 5,000 digits": f"Content-Length: {'9' * 5000}",
    "negative length": "Content-Length: -1",
    "two lengths": "Content-Length: 5\r\nContent-Length: 6",
    "length and chunks": "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "unknown coding": "Transfer-Encoding: gzip",
    "header without a name": ": x",
    "header with a space": "A b: x",
    "folded first header": " x",
    "bare line feed": "A: x\nB: y",
}


@pytest.mark.parametrize("header", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("path", [OBJECTS, "/desk"])
def test_what_cannot_be_read_is_refused_in_kind(world: World, path: str, header: str) -> None:
    sent = f"POST {path} HTTP/1.1\r\n{header}\r\nHost: x\r\n\r\n".encode()

    assert_refusal(ask(world.base, sent), 400, path)


def assert_refusal(answer: Heard, status: int, path: str) -> None:
    assert answer.status == status
    request_id = answer.header("X-Request-Id")
    assert request_id
    if path.startswith("/taxii2/"):
        said = json.loads(answer.body)
        assert answer.header("Content-Type") == MEDIA
        assert (said["http_status"], said["error_id"]) == (str(status), request_id)
        assert said["title"]
    else:
        assert answer.header("Content-Type") == "text/plain; charset=utf-8"
        assert request_id in answer.body.decode()


def test_chunks_in_http_1_0_are_refused(world: World) -> None:
    sent = head("POST", OBJECTS, "Transfer-Encoding: chunked", version="1.0")

    assert_refusal(ask(world.base, sent), 400, OBJECTS)


@pytest.mark.parametrize("target", ["http://[::1", "http://[/", "//[x"])
def test_half_an_address_is_refused_or_not_found(world: World, target: str) -> None:
    assert ask(world.base, head("GET", target)).status in (400, 404)


@pytest.mark.parametrize(
    "line", [b"GARBAGE\r\n\r\n", b"get / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\0\r\n\r\n"]
)
def test_what_is_no_request_line_is_refused_in_a_few_words(world: World, line: bytes) -> None:
    answer = ask(world.base, line)

    assert_refusal(answer, 400, "")
    assert len(answer.body) < 200


@pytest.mark.parametrize("path", [OBJECTS, "/desk"])
def test_headers_that_are_too_large_are_refused(world: World, path: str) -> None:
    sent = head("GET", path, f"A: {'x' * 40_000}")

    assert_refusal(ask(world.base, sent), 431, path)


@pytest.mark.parametrize("rest", [b"1;" + b"x" * 20_000, b"0\r\n" + b"A: b\r\n" * 5000])
def test_a_chunk_line_or_trailer_without_end_is_refused(world: World, rest: bytes) -> None:
    sent = as_alice("POST", OBJECTS, "Transfer-Encoding: chunked") + rest

    assert_refusal(ask(world.base, sent), 400, OBJECTS)


def test_a_body_far_above_the_limit_is_refused_while_it_is_sent(world: World) -> None:
    size = 8 * MIB
    sent = as_alice("POST", OBJECTS, f"Content-Type: {MEDIA}", f"Content-Length: {size}")

    answer = ask(world.base, sent + b" " * size)

    assert_refusal(answer, 413, OBJECTS)


def test_chunks_far_above_the_limit_are_refused_while_they_are_sent(world: World) -> None:
    sent = as_alice("POST", OBJECTS, f"Content-Type: {MEDIA}", "Transfer-Encoding: chunked")

    answer = ask(world.base, sent + (b"10000\r\n" + b" " * 65536 + b"\r\n") * 64)

    assert_refusal(answer, 413, OBJECTS)


def test_a_refusal_shows_nothing_of_what_was_sent(world: World) -> None:
    sent = b"GET /taxii2/ HTTP/1.1\r\nSecret<script>: x\rsecret\r\n\r\n"

    answer = ask(world.base, sent)

    assert answer.status == 400
    assert b"ecret" not in answer.body
    assert b"<" not in answer.body


def test_a_refusal_is_in_the_log_under_its_id(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "cirt.request"):
        answer = ask(world.base, b"GARBAGE\r\n\r\n")

    (line,) = [vars(one) for one in caplog.records if one.name == "cirt.request"]
    assert line["request"] == answer.header("X-Request-Id")
    assert line["status"] == 400


def test_an_answer_waits_for_no_body_that_was_only_announced(world: World) -> None:
    answer = ask(world.base, as_alice("GET", "/taxii2/", "Expect: 100-continue"))

    assert answer.status == 200


def test_a_body_that_waits_for_leave_gets_it(world: World) -> None:
    body = json.dumps({"objects": [an_indicator()]}).encode()
    path = f"{ROOT}collections/scratch/objects/"
    headers = (f"Content-Type: {MEDIA}", f"Content-Length: {len(body)}", "Expect: 100-continue")

    with closing(dial(world.base)) as link:
        link.sendall(as_alice("POST", path, *headers))
        leave = link.recv(1000)
        link.sendall(body)
        answer = hear(link)

    assert leave == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.status == 202


def test_a_body_that_is_refused_gets_no_leave(world: World) -> None:
    headers = (f"Content-Type: {MEDIA}", "Content-Length: 900000000", "Expect: 100-continue")

    assert_refusal(ask(world.base, as_alice("POST", OBJECTS, *headers)), 413, OBJECTS)


# -- one after the other


def test_requests_sent_at_once_are_answered_in_their_order(world: World) -> None:
    paths = ["/taxii2/", ROOT, f"{ROOT}collections/", "/taxii2/nothing/"] * 5
    sent = b"".join(as_alice("GET", path) for path in paths)

    with closing(dial(world.base)) as link:
        link.sendall(sent + head("GET", "/health/live", "Connection: close"))
        answers = list(answers_in(read_all(link)))

    assert [one.status for one in answers] == [200, 200, 200, 404] * 5 + [200]
    bodies = [json.loads(one.body) for one in answers[:3]]
    assert [next(iter(body)) for body in bodies] == ["title", "title", "collections"]
    assert len({one.header("X-Request-Id") for one in answers}) == len(answers)


def test_many_who_ask_ahead_and_read_nothing_hold_no_thread(world: World) -> None:
    """Waitress would wait for the reader with a thread in hand."""
    ahead = head("GET", "/static/app.css") * 100

    with ExitStack() as open_links:
        for _ in range(20):
            link = open_links.enter_context(closing(dial(world.base, receive_bytes=4096)))
            link.sendall(ahead)
        answers = [world.client().get("/taxii2/").status_code for _ in range(20)]

    assert answers == [200] * 20


# -- deadlines


@pytest.fixture
def hasty(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The same with deadlines of a moment."""
    for name in ("HEADER_S", "BODY_S", "IDLE_S"):
        monkeypatch.setattr(limits, name, 0.5)
    monkeypatch.setattr(serve, "_CHECK_S", 0.1)
    with served(world.program) as base:
        yield replace(world, base=base)


LATE = {
    "nothing": b"",
    "half a line": b"GET /taxi",
    "half a head": b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\n",
    "half a body": head("POST", OBJECTS, "Content-Length: 100") + b"{",
    "no chunk": head("POST", OBJECTS, "Transfer-Encoding: chunked"),
}


@pytest.mark.parametrize("sent", LATE.values(), ids=LATE)
@pytest.mark.parametrize("trickles", [False, True], ids=["rests", "trickles"])
def test_what_never_becomes_whole_is_given_up(hasty: World, sent: bytes, trickles: bool) -> None:
    with closing(dial(hasty.base)) as link:
        link.sendall(sent)
        if trickles:
            trickle(link)

        assert read_all(link) == b""


def trickle(link: socket.socket) -> None:
    """A byte now and then, as long as they are taken."""
    ended = threading.Event()
    link.settimeout(0.05)
    for _ in range(400):
        try:
            link.sendall(b"a")
            if link.recv(1, socket.MSG_PEEK) == b"":
                ended.set()
                break
        except TimeoutError:
            continue
        except OSError:
            ended.set()
            break
    assert ended.is_set(), "the trickle was never ended"


def test_who_does_not_take_an_answer_is_given_up(hasty: World) -> None:
    with closing(dial(hasty.base, receive_bytes=4096)) as link:
        link.sendall(as_alice("GET", OBJECTS) * 200)  # 20 MB of answers, more than the kernel keeps

        threading.Event().wait(3)  # as long as nothing is read, nothing shows
        said = read_all(link)

    assert 0 < said.count(b"HTTP/1.1 200") < 200


def test_a_request_in_work_has_the_time_it_needs(hasty: World) -> None:
    alice = hasty.client()
    alice.get("/taxii2/")
    with ThreadPoolExecutor(1) as waiting:
        with hasty.program.work(CONSOLE) as work:
            work.session.execute(sa.update(Peer).values(name=Peer.name))  # holds the lock
            post = waiting.submit(alice.post, "scratch", an_indicator())
            threading.Event().wait(2)
        answer = post.result()

    assert answer.status_code == 202


# -- how much is taken


def test_too_many_requests_at_once_are_told_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUESTS_PER_ASKER", 0)
    client = world.client()

    taxii = client.get("/taxii2/")
    page = client.get("/")
    health = client.get("/health/live")
    with closing(dial(world.base)) as link:
        link.sendall(as_alice("GET", "/taxii2/") * 2)
        both = [hear(link).status, hear(link).status]

    said = assert_error(taxii, 429)
    assert taxii.headers["Retry-After"] == "1"
    assert said["error_code"] == "too-many-at-once"
    assert said["error_id"] == taxii.headers["X-Request-Id"]
    assert (page.status_code, page.headers["Content-Type"]) == (429, "text/plain; charset=utf-8")
    assert page.headers["Retry-After"] == "1"
    assert health.status_code == 200
    assert both == [429, 429]


def test_more_bodies_than_there_is_room_for_are_told_when_to_come_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODIES", -1)
    sent = as_alice("POST", OBJECTS, f"Content-Type: {MEDIA}", "Content-Length: 2")

    answer = ask(world.base, sent + b"{}")

    assert_refusal(answer, 429, OBJECTS)
    assert answer.header("Retry-After") == "10"


def test_bodies_and_answers_that_go_to_disk_early_are_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODIES_IN_MEMORY", -1)
    monkeypatch.setattr(limits, "OWED_IN_MEMORY", -1)
    alice = world.client()
    posted = an_indicator(description="x" * 200_000)

    assert alice.post("scratch", posted).json()["success_count"] == 1
    read = alice.get("collections/scratch/objects/", match_id=posted["id"])

    assert read.json() == {"objects": [posted]}


def test_a_peer_that_fills_its_threads_leaves_some_to_others(
    databases: Databases, tmp_path: Path
) -> None:
    """Sixteen connections of one peer wait for a database that is locked; nobody else waits for them."""
    with (
        databases.program("sqlite", tmp_path, FakeClock(NOON)) as program,
        a_world(program),
        served(program) as base,
        ThreadPoolExecutor(16) as several,
    ):
        alice, bob, visitor = Client(base, "alice"), Client(base, "bob"), Client(base)
        first = [client.get("/taxii2/").status_code for client in (alice, bob)]
        with program.work(CONSOLE) as work:
            work.session.execute(sa.update(Peer).values(name=Peer.name))  # holds the lock
            posts = [
                several.submit(Client(base, "alice").post, "scratch", an_indicator())
                for _ in range(16)
            ]
            others = {
                client.get(path).status_code
                for _ in range(10)
                for client, path in (
                    (bob, "collections/bobs/"),
                    (visitor, "/sign-in"),
                    (visitor, "/health/live"),
                )
            }
        answers = [one.result().status_code for one in posts]

    assert first == [200, 200]
    assert others == {200}
    assert answers == [202] * 16


@pytest.mark.parametrize("how", ["written", "to read again", "failing"])
def test_many_pages_at_once_leave_whole_and_each_is_written_down(
    how: str, databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the commit that they share ends: what it does not hold is asked, and written down, anew."""

    def together(program: Program, readings: Sequence[Reading]) -> list[bool]:
        if how == "failing":
            raise sa.exc.OperationalError("COMMIT", None, OSError("the disk is full"))
        return [False] * len(readings)

    if how != "written":
        monkeypatch.setattr(serve, "record_together", together)
    with (
        databases.program("sqlite", tmp_path, FakeClock(NOON)) as program,
        a_world(program) as world,
        ThreadPoolExecutor(12) as several,
    ):
        name = world.objects["I1"]["id"]

        def ask(_: int) -> requests.Response:
            return world.client().get("collections/rw/objects/", match_id=name)

        answers = list(several.map(ask, range(60)))
        with program.work(CONSOLE, write=False) as work:
            written = work.session.scalar(sa.select(sa.func.count()).select_from(PageRead))

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["objects"][0]["id"] for answer in answers} == {name}
    assert written == 60


def test_pages_are_read_ahead_and_written_down_when_they_leave(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = threading.Semaphore(0)
    read_ahead = objects.Question.read_ahead

    def note(*given: Any) -> None:
        read_ahead(*given)
        ahead.release()

    monkeypatch.setattr(objects.Question, "read_ahead", note)
    with (
        databases.program("sqlite", tmp_path, FakeClock(NOON)) as program,
        a_world(program) as world,
    ):
        alice = world.client()
        first = alice.get("collections/rw/objects/", limit=2)
        assert ahead.acquire(timeout=20)
        with program.work(CONSOLE, write=False) as work:
            [written] = work.session.scalars(sa.select(PageRead)).all()
        pages = list(alice.walk("collections/rw/objects/", limit=2))
        with program.work(CONSOLE, write=False) as work:
            later = work.session.scalar(sa.select(sa.func.count()).select_from(PageRead))
        seen = [key for page in pages for key in keys_of(page)]
        everything = alice.keys("collections/rw/objects/", limit=1000)

    assert written.count == 2
    assert pages[0].content == first.content
    assert later == 1 + len(pages)
    assert seen == everything


def test_what_goes_wrong_ahead_is_noted_and_takes_nothing_away(
    databases: Databases,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(_visit: Visit) -> Visit:
        raise OSError("gone")

    with (
        databases.program("sqlite", tmp_path, FakeClock(NOON)) as program,
        a_world(program) as world,
    ):
        whole = world.client().keys("collections/rw/objects/")
        monkeypatch.setattr(Visit, "again", fails)
        assert world.client().keys("collections/rw/objects/", limit=2) == whole

    assert "taxii.not-read-ahead" in caplog.messages


# -- HEAD and OPTIONS


def addresses(app: Flask) -> list[str]:
    """One for each rule, with something in the place of each value."""
    found = []
    for rule in app.url_map.iter_rules():
        values = {name: 1 if "int" in str(rule) else "x" for name in rule.arguments}
        built = rule.build(values)
        assert built is not None
        found.append(built[1])
    return sorted(set(found))


def test_options_says_what_an_address_takes_and_needs_no_secret(world: World) -> None:
    nobody = world.client(None)
    paths = addresses(create_app(world.program))
    assert len(paths) > 50

    for path in paths:
        answer = nobody.ask("OPTIONS", path)
        allowed = answer.headers["Allow"].split(", ")
        assert (answer.status_code, answer.content) == (204, b""), path
        assert "OPTIONS" in allowed
        assert len(allowed) > 1, path


@pytest.mark.parametrize(
    "path", ["/taxii2/", OBJECTS, f"{ROOT}collections/empty/objects/", "/taxii2/nothing/",
             "/", "/sign-in", "/static/app.css", "/desk", "/nothing", "/health/live"]
)  # fmt: skip
def test_head_says_what_get_says_and_nothing_follows(world: World, path: str) -> None:
    with closing(dial(world.base)) as link:
        link.sendall(as_alice("HEAD", path, "Connection: close"))
        said = read_all(link)
    whole = ask(world.base, as_alice("GET", path, "Connection: close"))

    start, _, rest = said.partition(b"\r\n\r\n")
    heard = Heard(int(start.split()[1]), start.decode(), rest)
    assert rest == b""
    assert heard.status == whole.status
    for name in ("Content-Type", "X-TAXII-Date-Added-Last", "Cache-Control", "Vary", "Location"):
        assert heard.header(name) == whole.header(name), name
    assert heard.header("X-Request-Id")


# -- packed answers


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("zstd", "zstd"), ("br", "br"), ("gzip", "gzip"), ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, br;q=0.5", "gzip"), ("gzip;q=0", ""), ("gzip;q=0, *", "zstd"), ("*;q=0", ""),
        ("identity", ""), ("identity;q=0", ""), ("identity;q=0, *;q=0", ""), ("deflate", ""),
        ("gzip;q=0.5, identity", ""), ("gzip;q=x", ""), ("", ""), (";;,,q=", ""),
    ],
)  # fmt: skip
def test_an_answer_is_packed_as_the_caller_likes_it(
    world: World, accepted: str, encoding: str
) -> None:
    plain = ask(world.base, as_alice("GET", OBJECTS))
    packed = ask(world.base, as_alice("GET", OBJECTS, f"Accept-Encoding: {accepted}"))

    unpack: dict[str, Any] = {
        "zstd": compression.zstd.decompress,
        "br": brotli.decompress,
        "gzip": gzip.decompress,
        "": bytes,
    }
    assert packed.status == 200
    assert packed.header("Content-Encoding") == encoding
    assert packed.header("Vary") == "Accept-Encoding"
    assert unpack[encoding](packed.body) == plain.body


# -- all at once, against the program as it is started


def test_a_good_client_is_answered_beside_hundreds_that_are_slow(
    databases: Databases, tmp_path: Path
) -> None:
    """300 half heads, 60 half bodies, 40 who read nothing, and then 100 more half heads."""
    with processes.serve(databases, "sqlite", tmp_path) as running, ExitStack() as open_links:
        found_world(running.program)
        alice = Client(running.url, "alice")
        large = [an_indicator(number, description="x" * 100_000) for number in range(60)]
        assert alice.post("rw", *large).json()["success_count"] == 60

        def slow(sent: bytes, number: int) -> None:
            for _ in range(number):
                link = open_links.enter_context(closing(dial(running.url, receive_bytes=4096)))
                link.sendall(sent)

        slow(as_alice("GET", OBJECTS) * 3, 40)
        slow(as_alice("POST", OBJECTS, "Content-Length: 100000") + b"{" * 60_000, 60)
        slow(b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nA: ", 300)
        before = good(running.url)
        slow(b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nA: ", 100)
        after = good(running.url)
        memory = resident_mib(running.pid)

    assert before == after == [200, 202, 200, 200]
    assert memory < 500


def good(url: str) -> list[int]:
    """A peer and a visitor on connections of their own."""
    bob = Client(url, "bob")
    with closing(requests.Session()) as session:
        return [
            bob.get("collections/bobs/objects/").status_code,
            bob.post("bobs", an_indicator()).status_code,
            bob.get("/taxii2/").status_code,
            session.get(f"{url}/sign-in", timeout=20).status_code,
        ]


def resident_mib(parent: int) -> int:
    """Of the largest process below it."""
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    sizes = [
        int(line.split()[1]) // 1024
        for pid in listed
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmRSS")
    ]
    return max(sizes)
