"""A scripted peer does every wrong and odd thing there is; each has its name, and nothing is lost by it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.models import Link, Run
from cirt.exchange.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.net import Limits
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.objects.models import ObjectVersion, StixObject
from cirt.sharing.gate import show
from tests.support.hostile import Peer, hostile
from tests.support.hostile_doors import DOORS
from tests.support.hostile_pages import PAGES
from tests.support.hostile_wire import WIRE
from tests.support.scripted import ALL, Scripted
from tests.support.store import numbered
from tests.support.sync import a_link

CAPS = Caps(page_size=2, pages=60, request=Limits(30, 30, 60, 2_000_000))
IMPATIENT = replace(CAPS, time=timedelta(seconds=2), request=Limits(2, 2, 2, 2_000_000))
GOOD = {numbered("indicator", n) for n in range(1, ALL + 1)}


def kept(program: Program) -> dict[str, list[bytes]]:
    """The bytes of every version of the six, by id."""
    found: dict[str, list[bytes]] = {}
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(StixObject.stix_id, ObjectVersion.id).join(
            ObjectVersion, ObjectVersion.object_id == StixObject.id
        )
        for stix_id, version_id in work.session.execute(query).all():
            if stix_id in GOOD:
                found.setdefault(stix_id, []).append(show(work, version_id).body)
    return found


def good_bytes(peer: Peer) -> dict[str, list[bytes]]:
    """What a good run leaves: each of the six once, as the peer writes it."""
    return {one["id"]: [json.dumps(one).encode()] for one in peer.objects(0, ALL)}


def check(program: Program, mode: Scripted, **more: Any) -> None:
    with hostile("good", acts={mode.at: mode.act}, **more) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")

        run = pull_link(program, link_id, caps=IMPATIENT if mode.slow else CAPS)

        assert run.error == mode.code, run.error_values
        if run.error:
            assert LINK_ERRORS[run.error].format(**run.error_values)
        assert (run.taken, run.held, run.refused) == (mode.taken, mode.held, mode.refused)
        assert run.offered == run.taken + run.known + run.held + run.refused
        assert not any("Cookie" in headers for headers in peer.headers)

        peer.acts = {}
        again = pull_link(program, link_id, caps=CAPS)

        assert again.error is None, again.error_values
        assert kept(program) == good_bytes(peer)
        with program.work(CONSOLE, write=False) as work:
            assert work.session.get_one(Link, link_id).error is None
            assert {one.state for one in work.session.scalars(sa.select(Run))} <= {"done", "failed"}


@pytest.mark.parametrize("name", PAGES)
def test_in_its_pages(program: Program, name: str) -> None:
    check(program, PAGES[name])


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", DOORS)
def test_at_its_doors(program: Program, name: str) -> None:
    with hostile("good") as other:
        check(program, DOORS[name], elsewhere=other.base)

        assert other.requests == []


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", WIRE)
def test_on_the_wire(program: Program, name: str) -> None:
    check(program, WIRE[name])
