"""Our sync against medallion, a foreign TAXII 2.1 server, served over loopback."""

import json
import threading
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from cirt.exchange.arrivals import take
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing, Quarantined, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.pushing.push import push_link
from cirt.exchange.runs import Caps
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.models import ObjectVersion, StixObject
from cirt.parties.peers import PASSWORD_SEAL, find_peer
from cirt.release.collections import find_collection
from cirt.sharing.gate import show
from cirt.worker.loop import ask_for_due, run_one
from tests.support.databases import Databases
from tests.support.release import a_collection, our_indicator, published, revised
from tests.support.ring import call_it
from tests.support.store import indicator, numbered
from tests.support.sync import a_link, have

COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
MANY = 230  # three pages of medallion's, which all carry one date
MEDIA = "application/stix+json;version=2.1"


class Medallion:
    """A medallion with one collection, filled by one POST, and its address."""

    def __init__(self, url: str, app: Any) -> None:
        self.url, self._app = url, app

    def ids(self, kind: str) -> list[str]:
        return sorted(
            one["id"]
            for one in self._app.medallion_backend.data["root"]["collections"][0]["objects"]
            for one in [getattr(one, "data", one)]
            if one["type"] == kind
        )


def data(numbers: range) -> dict[str, Any]:
    objects = [indicator(n).content() for n in numbers]
    added = "2026-01-01T00:00:00.000001Z"
    return {
        "/discovery": {"title": "Foreign", "default": "/root/", "api_roots": ["/root/"]},
        "root": {
            "information": {
                "title": "Root",
                "versions": ["application/taxii+json;version=2.1"],
                "max_content_length": 9765625,
            },
            "status": [],
            "collections": [
                {
                    "id": COLLECTION,
                    "title": "Everything",
                    "can_read": True,
                    "can_write": True,
                    "media_types": [MEDIA],
                    "objects": objects,
                    "manifest": [
                        {
                            "id": one["id"],
                            "date_added": added,
                            "version": one["modified"],
                            "media_type": MEDIA,
                        }
                        for one in objects
                    ],
                }
            ],
        },
    }


@pytest.fixture
def medallion(tmp_path: Path) -> Iterator[Medallion]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a foreign program
        import medallion as foreign
        from medallion.backends.memory_backend import MemoryBackend

    app = Flask("medallion")
    file = tmp_path / "medallion.json"
    file.write_text(json.dumps(data(range(1, MANY + 1))))
    app.medallion_backend = MemoryBackend(filename=str(file))  # type: ignore[attr-defined]
    app.users_backend = {"us": "our password"}  # type: ignore[attr-defined]
    app.taxii_config = {"max_page_size": 100}  # type: ignore[attr-defined]
    foreign.register_blueprints(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Medallion(f"http://127.0.0.1:{server.server_port}/taxii2/", app)
    finally:
        server.shutdown()
        thread.join()


def test_everything_is_read_though_all_has_one_date(program: Program, medallion: Medallion) -> None:
    run = pull_link(program, a_link(program, medallion.url, COLLECTION), caps=Caps(page_size=100))

    assert (run.state, run.error, run.pages) == (RunState.DONE, None, 3)
    assert have(program) == sorted(numbered("indicator", n) for n in range(1, MANY + 1))


def test_a_second_sync_brings_nothing_twice(program: Program, medallion: Medallion) -> None:
    link_id = a_link(program, medallion.url, COLLECTION)
    pull_link(program, link_id)

    again = pull_link(program, link_id)

    assert (again.state, again.taken, again.refused) == (RunState.DONE, 0, 0)


def test_a_walk_that_breaks_off_amid_one_date_loses_nothing(
    program: Program, medallion: Medallion
) -> None:
    link_id = a_link(program, medallion.url, COLLECTION)
    short = pull_link(program, link_id, caps=Caps(page_size=100, pages=1))
    pull_link(program, link_id, caps=Caps(page_size=100))

    assert short.error == "run-too-long"
    assert len(have(program)) == MANY


def test_a_sighting_is_posted_and_stands_there(
    program: Program, medallion: Medallion, clock: FakeClock
) -> None:
    link_id = a_link(program, medallion.url, COLLECTION, LinkDirection.PUSH)
    with program.work(CONSOLE) as work:
        peer = find_peer(work.session, "cert-b")
        take(work, [indicator(1, tlp=Tlp.GREEN).raw], peer=peer)
        cmd = ReportSighting(numbered("indicator", 1), work.now, work.now, 2)
        sighting = report_sighting(work, cmd).stix_id

    run = push_link(program, link_id)

    assert (run.state, run.error, run.taken) == (RunState.DONE, None, 1)
    assert medallion.ids("sighting") == [sighting]


def test_a_wrong_password_is_named(program: Program, medallion: Medallion) -> None:
    link_id = a_link(program, medallion.url, COLLECTION)
    with program.work(CONSOLE) as work:
        find_peer(work.session, "cert-b").sealed_password = program.keys.seal(
            PASSWORD_SEAL, str(uuid.uuid4())
        )

    assert pull_link(program, link_id).error == "sign-in-refused"


def work_off(program: Program) -> None:
    """What the worker does when its second has come."""
    ask_for_due(program)
    while run_one(program):
        pass


def bodies(program: Program, stix_id: str) -> list[Any]:
    """The content of every version here, oldest first."""
    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(ObjectVersion.id)
            .join(StixObject, StixObject.id == ObjectVersion.object_id)
            .where(StixObject.stix_id == stix_id)
            .order_by(ObjectVersion.version_us)
        )
        return [json.loads(show(work, each).body) for each in work.session.scalars(query).all()]


def test_the_worker_brings_there_what_is_released_and_another_instance_has_it_from_there(
    program: Program,
    medallion: Medallion,
    databases: Databases,
    backend: str,
    tmp_path: Path,
    clock: FakeClock,
) -> None:
    ahead = (
        datetime.now(UTC) - clock.now()
    )  # medallion and our template go by the clock on the wall
    clock.forward(seconds=max(0, ahead.total_seconds()))
    a_link(program, medallion.url, COLLECTION)
    with program.work(CONSOLE) as work:
        collection = a_collection(work, find_peer(work.session, "cert-b"))
        push = AddLink("cert-b", COLLECTION, LinkDirection.PUSH, collection="indicators")
        add_link(work, push)
        ours = [our_indicator(work, f"192.0.2.{n}") for n in range(1, 4)]
        published(work, collection, *ours)
    every = sorted(
        [*(numbered("indicator", n) for n in range(1, MANY + 1)), *(o.stix_id for o in ours)]
    )

    for _ in range(3):  # ours come back, and are known
        work_off(program)
        clock.forward(minutes=10)
    with databases.program(backend, tmp_path / "other", clock) as other:
        call_it(other, "CERT-C")
        a_link(other, medallion.url, COLLECTION)
        work_off(other)
        with program.work(CONSOLE) as work:
            revised_one = revised(ours[0].raw, program, name="Mended")
            published(work, find_collection(work.session, "indicators"), revised_one)
        clock.forward(minutes=10)
        work_off(program)
        clock.forward(minutes=10)
        work_off(other)

        assert have(other) == every
        assert bodies(other, ours[0].stix_id) == [ours[0].content(), revised_one.content()]
        assert errors(other) == set()

    assert have(program) == every
    assert sorted(set(medallion.ids("indicator"))) == every
    assert len(medallion.ids("indicator")) == len(every) + 1  # one of them in two versions
    assert errors(program) == set()
    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalars(sa.select(Quarantined.code)).all() == []
        sent = sa.select(Outgoing.version_id).where(Outgoing.sent_at.is_not(None))
        versions = work.session.scalars(sent).all()
        assert len(versions) == len(set(versions))


def errors(program: Program) -> set[str | None]:
    """Why runs have failed."""
    with program.work(CONSOLE, write=False) as work:
        return set(work.session.scalars(sa.select(Run.error).where(Run.error.is_not(None))))
