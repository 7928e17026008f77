"""A served installation with a filled collection, and what may be asked of it."""

import base64
import http.client
import json
import os
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import sqlalchemy as sa

from cirt.kernel.work import CONSOLE
from cirt.release.collections import find_collection
from tests.bench.filling import FRIEND, PASSWORD, SPACE, befriend, fill, indicators
from tests.bench.floor import Answer, Answers
from tests.bench.walk import PAGE
from tests.support.databases import Databases
from tests.support.served import serve

MEDIA = "application/taxii+json;version=2.1"
WORKERS = 2
FIRST = f"objects/?limit={PAGE}"
_SEED, _SAMPLED = 2, 500
_OF_THIS_CONNECTION = {"date", "server", "content-length", "connection", "x-request-id"}


@dataclass(frozen=True, slots=True)
class Target:
    """A collection at ``path`` of a server, with a user's name and password."""

    port: int
    path: str
    user: str = FRIEND
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def headers(self) -> dict[str, str]:
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}", "Accept": MEDIA}

    def get(self, path: str) -> bytes:
        """The bytes of a GET for ``path`` below the collection, for a load generator."""
        lines = [f"GET {self.path}{path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


class Client:
    """One kept connection to a target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the answer; ``path`` is below the collection, or begins with a slash."""
        kind = {"Content-Type": MEDIA} if body else {}
        path = path if path.startswith("/") else self._target.path + path
        self._connection.request(method, path, body, self._target.headers | kind | dict(headers))
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status in (200, 202), (response.status, answer[:500])
        return answer, {name.lower(): value for name, value in response.getheaders()}


@dataclass(frozen=True, slots=True)
class Server:
    """What to ask, and whose processes answer."""

    target: Target
    pid: int
    postgres_pid: int | None  # of the server that its database is on, where that runs here


@dataclass(frozen=True, slots=True)
class Site(Server):
    """``objects`` in one collection of a served installation."""

    backend: str
    data_dir: Path
    objects: int
    ids: tuple[str, ...]  # some of them


@contextmanager
def site(databases: Databases, backend: str, place: Path, objects: int) -> Iterator[Site]:
    with serve(databases, backend, place, workers=WORKERS) as served:
        postgres_pid = _as_shipped(served.program.engine) if backend == "postgresql" else None
        befriend(served.program)
        fill(served.program, indicators(objects, _SEED), SPACE)
        if backend == "postgresql":
            with served.program.engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as connection:
                connection.exec_driver_sql("ANALYZE")  # as autovacuum does within a minute
        port = urlsplit(served.url).port
        assert port is not None
        with served.program.work(CONSOLE, write=False) as work:
            collection = find_collection(work.session, SPACE).uuid  # taxii2-client takes no alias
        target = Target(port, f"/taxii2/national/collections/{collection}/")
        first = [json.loads(one)["id"] for one in islice(indicators(objects, _SEED), 10_000)]
        ids = tuple(random.Random(1).sample(first, _SAMPLED))
        yield Site(target, served.pid, postgres_pid, backend, place, objects, ids)


def _as_shipped(engine: sa.Engine) -> int | None:
    """Undo what lets tests not wait for the disk; the process id of the server's parent."""
    if "TEST_POSTGRES_URL" in os.environ:
        return None
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ALTER SYSTEM RESET ALL")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
        backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk teaches: all pages as a client gets them, where the last full one is, the newest date."""

    answers: Answers
    deep: str
    newest: str


def walked(target: Target, headers: Mapping[str, str] = MappingProxyType({})) -> Walked:
    """Every page with ``headers``, ready to be served again from memory."""
    client = Client(target)
    pages: dict[str, Answer] = {}
    paths = [FIRST]
    token, more = "", True
    while more:
        plain = json.loads(client.send("GET", paths[-1])[0])
        body, got = client.send("GET", paths[-1], headers=headers)
        pages[token] = _answer(body, got)
        token, more = plain.get("next", ""), plain.get("more", False)
        paths.append(f"{FIRST}&next={quote(token, safe='')}")
    answers = Answers(pages, _answer(*client.send("GET", "", headers=headers)))
    return Walked(answers, paths[-3], got["x-taxii-date-added-last"])


def only_first_page(target: Target) -> Answers:
    client = Client(target)
    first = _answer(*client.send("GET", FIRST))
    return Answers({"": first}, first)


def poll_path(target: Target) -> str:
    return f"objects/?added_after={quote(walked(target).newest, safe='')}&limit={PAGE}"


def match_paths(ids: Iterable[str]) -> list[str]:
    return [f"objects/?match[id]={one}" for one in ids]


def object_paths(ids: Iterable[str]) -> list[str]:
    return [f"objects/{one}/" for one in ids]


def _answer(body: bytes, headers: dict[str, str]) -> Answer:
    kept = tuple(
        (name, value) for name, value in headers.items() if name not in _OF_THIS_CONNECTION
    )
    return Answer(body, (*kept, ("content-length", str(len(body))), ("x-request-id", "0" * 12)))
