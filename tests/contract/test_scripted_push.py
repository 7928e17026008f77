"""A peer that takes what we push in odd ways: nothing is lost, nothing doubled, and its decision is the one shown."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing, Run, RunState
from cirt.exchange.pushing import queuing
from cirt.exchange.pushing.push import push_link
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.parties.peers import find_peer
from cirt.release.collections import find_collection, remove_member
from cirt.release.commands import Revoke
from cirt.release.recalling.revoking import revoke_indicator
from tests.support.hostile import Asked, Handler, Mode, Peer, hostile, status_of
from tests.support.release import a_collection, our_indicator, published
from tests.support.sync import a_far_peer

COUNT = 6
EVERY = COUNT + 2  # our identity and the definition of GREEN go along


def an_outbox(program: Program, peer: Peer, count: int = COUNT) -> tuple[int, list[str]]:
    """A push link with objects of ours waiting; their ids."""
    with program.work(CONSOLE) as work:
        far = a_far_peer(program, work, f"{peer.base}/taxii2/")
        made = [our_indicator(work) for _ in range(count)]
        ids = published(work, a_collection(work, far), *made)
        link = add_link(work, AddLink("cert-b", "c", LinkDirection.PUSH, "indicators"))
        queuing.queue(work, link, ids)
        return link.id, [one.stix_id for one in made]


def rows(program: Program) -> list[Outgoing]:
    with program.work(SYSTEM, write=False) as work:
        return list(work.session.scalars(sa.select(Outgoing).order_by(Outgoing.id)))


def objects_in(body: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body)["objects"]
    return found


def minds(which: Callable[[list[dict[str, Any]]], bool], status: int = 400) -> Mode:
    """Refuses a POST as a whole where its objects are so (OpenTAXII for one bad object)."""

    def act(handler: Handler, _asked: Asked) -> None:
        if which(objects_in(handler.peer.posted[-1])):
            handler._json({"title": "No", "description": "cannot take this"}, status)
        else:
            handler._json(status_of("complete", 1), 202)

    return act


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_object_that_a_peer_minds_does_not_keep_the_others(
    program: Program, status: int
) -> None:
    with hostile("good") as peer:
        link_id, ids = an_outbox(program, peer)
        peer.acts = {"post": minds(lambda all_: ids[3] in [one["id"] for one in all_], status)}

        run = push_link(program, link_id)
        posts = len(peer.posted)
        push_link(program, link_id)

        assert (run.state, run.offered, run.taken, run.refused) == (
            RunState.DONE,
            EVERY,
            EVERY - 1,
            1,
        )
        assert len(peer.posted) == posts
    [failed] = [row for row in rows(program) if row.failure]
    assert failed.failure == f"{status}: cannot take this"
    assert failed.sent_at is None


def test_a_peer_that_minds_everything_is_left_until_the_next_run(program: Program) -> None:
    with hostile("good", acts={"post": minds(lambda _all: True)}) as peer:
        link_id, _ = an_outbox(program, peer, 15)

        run = push_link(program, link_id)

        assert (run.error, run.refused) == ("request-refused", 10)
    assert sum(row.failure is None for row in rows(program)) == 7


def _status(**more: Any) -> dict[str, Any]:
    return {**status_of("complete", COUNT), **more}


@pytest.mark.parametrize("version", ["as sent", "in six digits", None])
def test_a_refusal_counts_however_its_version_is_written_and_its_sums_come_out(
    program: Program, version: str | None
) -> None:
    def act(handler: Handler, _asked: Asked) -> None:
        sent = objects_in(handler.peer.posted[-1])
        one = next(each for each in sent if each["type"] == "indicator")
        detail = {"id": one["id"], "message": "no room"}
        if version:
            detail["version"] = one["modified"]
        if version == "in six digits":
            detail["version"] = one["modified"].replace("Z", "000Z")
        handler._json(_status(failures=[detail], failure_count=77), 200)

    with hostile("good", acts={"post": act}) as peer:
        link_id, _ = an_outbox(program, peer)

        run = push_link(program, link_id)

    assert (run.taken, run.refused) == (EVERY - 1, 1)
    assert [row.failure for row in rows(program)].count("no room") == 1


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"null",
        b"<html>",
        b'{"id":7}',
        b'{"failures":[1,null,{}]}',
        b"{",
        pytest.param(b'{"words":"%b"}' % (b"a" * 3_000_000), id="large"),
        pytest.param(b'{"failures":[%b]}' % b",".join([b"0"] * 500_000), id="many"),
    ],
)
def test_an_answer_that_cannot_be_read_means_that_it_was_accepted(
    program: Program, said: bytes
) -> None:
    act: Mode = lambda handler, _asked: handler._raw(202, said)  # noqa: E731
    with hostile("good", acts={"post": act}) as peer:
        link_id, _ = an_outbox(program, peer)

        run = push_link(program, link_id)
        push_link(program, link_id)

        assert (run.error, run.taken, len(peer.posted)) == (None, EVERY, 1)


def _pending(handler: Handler, _asked: Asked) -> None:
    handler._json(status_of("pending", COUNT), 202)


def test_a_status_is_asked_for_until_it_is_complete_and_its_refusals_are_kept(
    program: Program,
) -> None:
    ids: list[str] = []
    asked = []

    def status(handler: Handler, _asked: Asked) -> None:
        asked.append(1)
        if len(asked) < 3:
            _pending(handler, {})
        else:
            handler._json(_status(failures=[{"id": ids[1], "message": "not so"}]))

    with hostile("good", acts={"post": _pending, "status": status}) as peer:
        link_id, ids = an_outbox(program, peer)
        run = push_link(program, link_id)
        push_link(program, link_id)

    assert len(asked) == 3
    assert (run.offered, run.taken, run.refused) == (EVERY, EVERY - 1, 1)
    assert [row.failure for row in rows(program)].count("not so") == 1
    assert {row.status_id for row in rows(program)} == {None}


def test_a_decision_that_comes_after_the_run_is_heard_by_a_later_one(
    program: Program, clock: FakeClock
) -> None:
    with hostile("good", acts={"post": _pending, "status": _pending}) as peer:
        link_id, ids = an_outbox(program, peer)
        first = push_link(program, link_id)
        clock.forward(minutes=5)
        detail = {"id": ids[0], "message": "too late"}
        peer.acts = {"status": lambda handler, _: handler._json(_status(failures=[detail]))}

        later = push_link(program, link_id)

        assert len(peer.posted) == 1
    assert (first.taken, later.offered, later.refused) == (EVERY, 1, 1)
    assert [row.failure for row in rows(program)].count("too late") == 1


@pytest.mark.parametrize("status", [404, 500, 200])
def test_a_status_that_cannot_be_had_sends_nothing_twice(
    program: Program, clock: FakeClock, status: int
) -> None:
    broken: Mode = lambda handler, _asked: handler._raw(status, b"<html>")  # noqa: E731
    with hostile("good", acts={"post": _pending, "status": broken}) as peer:
        link_id, _ = an_outbox(program, peer)
        run = push_link(program, link_id)
        clock.forward(hours=25)
        push_link(program, link_id)

        assert (run.error, run.taken, len(peer.posted)) == (None, EVERY, 1)
    assert {row.status_id for row in rows(program)} == {None}


def test_a_status_that_is_pending_for_ever_is_left_after_a_day(
    program: Program, clock: FakeClock
) -> None:
    with hostile("good", acts={"post": _pending, "status": _pending}) as peer:
        link_id, _ = an_outbox(program, peer)
        push_link(program, link_id)
        clock.forward(hours=25)
        push_link(program, link_id)
        asked = len(peer.requests)

        push_link(program, link_id)

        assert len(peer.requests) == asked


def test_what_is_withdrawn_while_the_peer_keeps_us_waiting_is_not_sent_again(
    program: Program,
) -> None:
    def act(handler: Handler, _asked: Asked) -> None:
        if len(handler.peer.posted) == 1:
            with program.work(CONSOLE) as work:
                far = find_peer(work.session, "cert-b")
                remove_member(work, find_collection(work.session, "indicators"), far)
            handler._raw(503, b"{}", **{"Retry-After": "5"})
        else:
            handler._json(status_of("complete", COUNT), 202)

    with hostile("good", acts={"post": act}) as peer:
        link_id, _ = an_outbox(program, peer)

        run = push_link(program, link_id)
        push_link(program, link_id)

        assert run.error == "peer-busy"
        assert len(peer.posted) == 1


def test_what_is_withdrawn_between_two_pieces_stays(program: Program) -> None:
    def root(handler: Handler, _asked: Asked) -> None:
        handler._json({"title": "R", "versions": [], "max_content_length": 4096})

    def act(handler: Handler, _asked: Asked) -> None:
        if len(handler.peer.posted) == 1:
            with program.work(CONSOLE) as work:
                far = find_peer(work.session, "cert-b")
                remove_member(work, find_collection(work.session, "indicators"), far)
        handler._json(status_of("complete", 1), 202)

    with hostile("good", acts={"post": act, "root": root}) as peer:
        link_id, _ = an_outbox(program, peer, 12)

        run = push_link(program, link_id)

        assert len(peer.posted) == 1
        assert run.taken == len(objects_in(peer.posted[0])) < 12


def test_of_two_pushes_at_once_the_later_goes_on_alone(program: Program) -> None:
    later: list[Run] = []

    def act(handler: Handler, _asked: Asked) -> None:
        if not later:
            later.append(Run())
            later[0] = push_link(program, link_id)
        handler._json(status_of("complete", 1), 202)

    def root(handler: Handler, _asked: Asked) -> None:
        handler._json({"title": "R", "versions": [], "max_content_length": 4096})

    with hostile("good", acts={"post": act, "root": root}) as peer:
        link_id, ids = an_outbox(program, peer)
        earlier = push_link(program, link_id)
        sent = [one["id"] for body in peer.posted for one in objects_in(body)]

    assert (earlier.error, later[0].error) == ("overtaken", None)
    assert later[0].taken == EVERY
    assert set(ids) <= set(sent)
    assert all(row.sent_at for row in rows(program))
    first = [one["id"] for one in objects_in(peer.posted[0])]
    assert sorted(sent) == sorted(
        [*first, *set(sent)]
    )  # of the earlier one only what was under way


@pytest.mark.parametrize("said", [-1, 0, 1, "much", None, True, 1.5])
def test_a_limit_of_no_sense_is_none(program: Program, said: Any) -> None:
    def root(handler: Handler, _asked: Asked) -> None:
        handler._json({"title": "R", "max_content_length": said})

    with hostile("good", acts={"root": root}) as peer:
        link_id, _ = an_outbox(program, peer)

        assert push_link(program, link_id).taken == EVERY
        assert len(peer.posted) == 1


def _gets_no_answer(handler: Handler, _asked: Asked) -> None:
    handler.close_connection = True
    handler.connection.close()


def test_the_account_of_a_run_holds_what_was_lost_on_the_way(
    program: Program, clock: FakeClock
) -> None:
    """All answers are lost; the next run sends the same bytes, which the peer knows."""

    with hostile("good", acts={"post": _gets_no_answer}) as peer:
        link_id, _ = an_outbox(program, peer)
        lost = push_link(program, link_id)
        peer.acts = {}
        clock.forward(minutes=5)

        found = push_link(program, link_id)

        assert (lost.error, lost.taken, found.taken) == ("connection-lost", 0, EVERY)
        assert len(set(peer.posted)) == 1
    with program.work(SYSTEM, write=False) as work:
        runs = work.session.scalars(sa.select(Run)).all()
        assert sum(run.taken for run in runs) == EVERY


def test_what_may_have_come_there_is_in_the_ledger_and_is_revoked_there(
    program: Program, clock: FakeClock
) -> None:
    """The peer has it and its answer was lost; before it is sent again, it is recalled."""
    with hostile("good", acts={"post": _gets_no_answer}) as peer:
        link_id, ids = an_outbox(program, peer, 2)
        assert push_link(program, link_id).error == "connection-lost"
        with program.work(CONSOLE) as work:
            recalled = revoke_indicator(work, Revoke(ids[0], "It was ours"))
            assert len(recalled.told) == 1
        peer.acts = {}
        peer.posted.clear()
        clock.forward(minutes=5)

        push_link(program, link_id)

        sent = {one["id"]: one for body in peer.posted for one in objects_in(body)}
        assert sent[ids[0]].get("revoked") is True
        assert "revoked" not in sent[ids[1]]
