"""Two runs of one link at once, of the worker and somebody at the console: the later one goes on alone."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from cirt.exchange.models import Link, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps, Running, new_run
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import SYSTEM
from tests.support.databases import Databases
from tests.support.enduring import GOOD
from tests.support.hostile import Asked, Handler, good, hostile
from tests.support.sync import a_link, have

CAPS = Caps(page_size=2, reads_ahead=False)


def test_the_earlier_run_ends_and_says_nothing_of_the_link(program: Program) -> None:
    later: list[Run] = []

    def meanwhile(handler: Handler, asked: Asked) -> None:
        if "next" in asked and not later:
            later.append(Run())
            later[0] = pull_link(program, link_id, caps=CAPS)
        good(handler, asked)

    with hostile("good", acts={"objects": meanwhile}) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        earlier = pull_link(program, link_id, caps=CAPS)

    assert (earlier.state, earlier.error, earlier.taken) == (RunState.FAILED, "overtaken", 2)
    assert (later[0].state, later[0].error) == (RunState.DONE, None)
    assert earlier.taken + later[0].taken == len(GOOD)
    assert set(have(program)) == GOOD
    with program.work(SYSTEM, write=False) as work:
        link = work.session.get_one(Link, link_id)
        assert (link.error, link.failures) == (None, 0)
        assert link.last_run_at == later[0].started_at


def test_no_other_run_begins_while_a_piece_is_let_go(
    databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    """Else it would not know that this piece leaves. SQLite has one writer at a time anyway."""
    with databases.program("postgresql", tmp_path, clock) as program:
        link_id = a_link(program, "http://127.0.0.1:9/taxii2/")
        with program.work(SYSTEM) as work:
            run = new_run(link_id, work)
            work.session.add(run)
        with program.work(SYSTEM) as letting:
            Running(program, link_id, run.id, CAPS).check(letting, held=True)
            with program.work(SYSTEM) as other:
                other.session.execute(sa.text("SET LOCAL lock_timeout = '100ms'"))
                begun = sa.update(Run).where(Run.id == run.id)
                with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                    other.session.execute(begun.values(state=RunState.FAILED))
                other.session.rollback()
