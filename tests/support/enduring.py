"""A sync with a peer that misbehaves in one way, and what must be so afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from cirt.exchange.models import Link, Run
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.kernel.work import CONSOLE
from cirt.objects.models import ObjectVersion, StixObject
from cirt.sharing.gate import show
from tests.support.hostile import Peer, hostile
from tests.support.scripted import ALL, Scripted
from tests.support.store import numbered
from tests.support.sync import a_link

CAPS = Caps(page_size=2, pages=60, request=Limits(30, 30, 60, 2_000_000))
IMPATIENT = replace(CAPS, time=timedelta(seconds=2), request=Limits(2, 2, 2, 2_000_000))
GOOD = {numbered("indicator", n) for n in range(1, ALL + 1)}

Pull = Callable[[Program, int, Caps], Run]


def pull_here(program: Program, link_id: int, caps: Caps) -> Run:
    return pull_link(program, link_id, caps=caps)


def check(
    program: Program,
    mode: Scripted,
    pull: Pull = pull_here,
    caps: Caps = CAPS,
    impatient: Caps = IMPATIENT,
    **more: Any,
) -> None:
    """The run ends as it must; the next one, with the peer well again, brings the rest of the good ones.

    ``more`` is for the peer.
    """
    with hostile("good", acts={mode.at: mode.act}, **more) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")

        run = pull(program, link_id, impatient if mode.slow else caps)

        assert run.error == mode.code, run.error_values
        if run.error:
            assert LINK_ERRORS[run.error].format(**run.error_values)
        assert (run.taken, run.held, run.refused) == (mode.taken, mode.held, mode.refused)
        assert run.offered == run.taken + run.known + run.held + run.refused
        assert not any("Cookie" in headers for headers in peer.headers)

        peer.acts = {}
        again = pull_link(program, link_id, caps=CAPS)

        assert again.error is None, again.error_values
        assert _kept(program) == _good_bytes(peer)
        with program.work(CONSOLE, write=False) as work:
            assert work.session.get_one(Link, link_id).error is None
            assert {one.state for one in work.session.scalars(sa.select(Run))} <= {"done", "failed"}


def _kept(program: Program) -> dict[str, list[bytes]]:
    """The bytes of every version of the six, by id."""
    found: dict[str, list[bytes]] = {}
    with program.work(CONSOLE, write=False) as work:
        query = (
            sa.select(StixObject.stix_id, ObjectVersion.id)
            .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
            .where(StixObject.stix_id.in_(GOOD))
        )
        for stix_id, version_id in work.session.execute(query).all():
            found.setdefault(stix_id, []).append(show(work, version_id).body)
    return found


def _good_bytes(peer: Peer) -> dict[str, list[bytes]]:
    """What a good run leaves: each of the six once, as the peer writes it."""
    return {one["id"]: [json.dumps(one).encode()] for one in peer.objects(0, ALL)}
