"""What a peer says of what we sent it, whatever it writes."""

from typing import Any

import pytest

from cirt.exchange.remote.replies import read_reply

SENT = ("indicator--1", "2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize("status_id", ["", "x" * 65, "a\0b", "a\nb", 7, None, ["a"]])
def test_a_status_that_cannot_be_asked_for_is_complete(status_id: Any) -> None:
    reply = read_reply({"id": status_id, "status": "pending"})

    assert (reply.status_id, reply.is_complete) == (None, True)


@pytest.mark.parametrize("count", [0, -1, True, "2", None, 1.5, [1]])
def test_a_count_of_no_sense_speaks_of_no_failure(count: Any) -> None:
    reply = read_reply({"id": "s", "status": "complete", "failure_count": count})

    assert reply.refusal_of(*SENT) is None


def test_failures_that_are_named_are_all_there_are_whatever_the_sum() -> None:
    named = {"id": "indicator--2", "message": "no"}
    reply = read_reply({"status": "complete", "failure_count": 9, "failures": [named]})

    assert reply.refusal_of(*SENT) is None
    assert reply.refusal_of("indicator--2", SENT[1]) == "no"


def test_while_it_is_pending_no_sum_counts() -> None:
    reply = read_reply({"id": "s", "status": "pending", "failure_count": 1})

    assert not reply.is_complete
    assert reply.refusal_of(*SENT) is None
