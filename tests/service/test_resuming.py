"""From where a walk goes on: whatever breaks off in between, and whatever a peer's clock does, nothing is passed over."""

from datetime import UTC, datetime, timedelta

import pytest

from cirt.exchange.dates import format_added, parse_added
from cirt.exchange.links.service import change_link, terms_of
from cirt.exchange.models import Link, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.kernel.work import CONSOLE, SYSTEM
from tests.support.plain_peer import PlainPeer, added, plain_peer
from tests.support.store import indicator, numbered
from tests.support.sync import a_link, have

CAPS = Caps(page_size=2)
LATE = indicator(9).content()  # is added with an earlier date than what stands there


def first(count: int) -> list[dict[str, object]]:
    return [indicator(n).content() for n in range(1, count + 1)]


def add_late(peer: PlainPeer, before: int) -> None:
    """Ten seconds before the object of that number, as by a transaction that took its time."""
    late = datetime.fromisoformat(added(before)) - timedelta(seconds=10)
    peer.dates = [*(added(number) for number in range(len(peer.objects))), format_added(late)]
    peer.objects = [*peer.objects, LATE]


def test_a_run_that_failed_does_not_use_up_the_look_back(program: Program) -> None:
    with plain_peer(first(4)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, caps=CAPS)
        add_late(peer, before=3)
        peer.status = 403
        failed = pull_link(program, link_id, caps=CAPS)
        peer.status = 200
        pull_link(program, link_id, caps=CAPS)

    assert failed.state is RunState.FAILED
    assert numbered("indicator", 9) in have(program)


def test_the_rest_of_a_walk_that_broke_off_is_looked_back_at_too(program: Program) -> None:
    with plain_peer(first(4)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        broken = pull_link(program, link_id, caps=Caps(page_size=2, pages=1))
        peer.objects = first(2)  # the others are gone by now
        rest = pull_link(program, link_id, caps=CAPS)
        add_late(peer, before=1)
        again = pull_link(program, link_id, caps=CAPS)
        last = pull_link(program, link_id, caps=CAPS)

    assert (broken.error, broken.taken) == ("run-too-long", 2)
    assert (rest.error, rest.taken) == (None, 0)
    assert (again.error, again.taken) == (None, 1)
    assert last.error is None
    assert numbered("indicator", 9) in have(program)


def test_a_peer_whose_clock_was_ahead_and_is_set_right_loses_nothing(
    program: Program, clock: FakeClock
) -> None:
    ahead = clock.now() + timedelta(hours=5)
    with plain_peer(first(1), dates=[format_added(ahead)]) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, caps=CAPS)
        peer.objects = [*peer.objects, LATE]
        peer.dates = [*peer.dates, format_added(clock.now() + timedelta(minutes=3))]
        for _ in range(3):  # also after it has looked back
            clock.forward(minutes=2)
            pull_link(program, link_id, caps=CAPS)

    assert len(have(program)) == 2


def test_a_later_start_holds_where_the_cursor_lies_before_it(program: Program) -> None:
    since = datetime(2026, 1, 1, 0, 3, 30, tzinfo=UTC)
    with plain_peer(first(6)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        pull_link(program, link_id, caps=Caps(page_size=2, pages=1))
        with program.work(CONSOLE) as work:
            link = work.session.get_one(Link, link_id)
            terms = terms_of(link)
            change_link(work, link_id, type(terms)(every_s=terms.every_s, since=since))
        pull_link(program, link_id, caps=CAPS)

    assert have(program) == [numbered("indicator", n) for n in (1, 2, 5, 6)]
    with program.work(SYSTEM, write=False) as work:
        cursor = parse_added(work.session.get_one(Link, link_id).cursor)
    assert cursor == datetime.fromisoformat(added(5))


@pytest.mark.parametrize(("same", "error"), [(8, None), (20, "no-progress")])
def test_where_many_have_one_date_and_a_longer_page_is_too_long_one_between_is_asked_for(
    program: Program, same: int, error: str | None
) -> None:
    """Without tokens; a dozen of them are as much as is read at once."""
    many = first(20)
    dates = [added(0)] * same + [added(n) for n in range(same, 20)]
    caps = Caps(page_size=2, pages=40, request=Limits(max_bytes=13 * len(indicator(1).raw)))
    with plain_peer(many, dates=dates, page=1000, has_tokens=False) as peer:
        run = pull_link(program, a_link(program, f"{peer.base}/taxii2/"), caps=caps)

    assert run.error == error
    assert error or len(have(program)) == 20
    assert len(peer.requests) < 30


def test_where_pages_are_too_long_none_of_two_with_one_date_is_passed_over(
    program: Program,
) -> None:
    """Without tokens; five of them are as much as is read at once."""
    dates = [added(n // 2) for n in range(12)]
    caps = Caps(page_size=10, request=Limits(max_bytes=6 * len(indicator(1).raw)))
    with plain_peer(first(12), dates=dates, page=1000, has_tokens=False) as peer:
        run = pull_link(program, a_link(program, f"{peer.base}/taxii2/"), caps=caps)

    assert run.error is None
    assert len(have(program)) == 12
