"""What is too much, and who pays for it."""

from dataclasses import dataclass, field

import pytest

from cirt.boot import limits
from cirt.boot.limits import Rate, refuse_body, refuse_request, to_close, to_give_up


@dataclass
class AConnection:
    source: str = "s"
    since: float = 0.0
    asker: str = "a"
    held: int = 0
    owed: int = 0
    requests: list[object] = field(default_factory=list)


def test_a_bucket_holds_a_burst_and_fills_again() -> None:
    rate = Rate(per_s=2, burst=3)

    assert [rate.takes("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [rate.takes("a", 1.0) for _ in range(3)] == [True, True, False]
    assert rate.takes("b", 1.0)


def test_a_clock_that_steps_back_gives_nothing() -> None:
    rate = Rate(per_s=2, burst=1)

    assert [rate.takes("a", at) for at in (5.0, 4.0, 4.1)] == [True, False, False]


def test_the_longest_unused_buckets_are_forgotten() -> None:
    rate = Rate(per_s=0, burst=1)
    for number in range(10_000):
        rate.takes(f"source {number}", 0.0)

    assert rate.takes("source 0", 0.0)
    assert not rate.takes("source 9999", 0.0)


def test_requests_above_a_number_are_refused_with_a_time_to_come_back() -> None:
    most = limits.REQUESTS_PER_ASKER

    assert refuse_request("a", most - 1, Rate(), []) is None
    problem = refuse_request("a", most, Rate(), [])
    assert problem is not None
    assert problem.wait_s > 0
    assert str(most) in problem.why


def test_more_than_the_rate_is_refused() -> None:
    problem = refuse_request("a", 0, Rate(per_s=0, burst=0), [])

    assert problem is not None
    assert problem.code == "too-many-requests"


def test_who_takes_no_answers_gets_no_more_and_others_do() -> None:
    owing = [AConnection(owed=limits.OWED_PER_ASKER), AConnection(owed=1)]

    assert refuse_request("a", 0, Rate(), owing) is not None
    assert refuse_request("b", 0, Rate(), owing) is None


@pytest.mark.parametrize(("held", "is_refused"), [(0, False), (1, True)])
def test_bodies_of_one_asker_are_bounded(held: int, is_refused: bool) -> None:
    holders = [AConnection(held=limits.BODIES_PER_ASKER), AConnection(held=held)]

    assert (refuse_body("a", holders) is not None) == is_refused
    assert refuse_body("b", holders) is None


def test_bodies_of_all_are_bounded() -> None:
    some = [AConnection(asker=f"a{n}", held=limits.BODIES // 5) for n in range(6)]

    assert refuse_body("b", some[:5]) is None
    assert refuse_body("b", some) is not None


def connections(number: int, source: str) -> list[AConnection]:
    return [AConnection(source, float(at)) for at in range(number)]


def test_a_source_over_its_number_loses_what_waited_longest() -> None:
    full = connections(limits.CONNECTIONS_PER_SOURCE, "s")
    full[0].requests.append("in work")
    newest = AConnection("s", 9999.0)

    assert to_close(newest, [*full[1:], newest], is_shared=False) is None
    assert to_close(newest, [*full, newest], is_shared=False) is full[1]
    assert to_close(newest, [*full, newest], is_shared=True) is None


def test_where_all_are_in_work_the_newest_goes() -> None:
    full = connections(limits.CONNECTIONS_PER_SOURCE, "s")
    for one in full:
        one.requests.append("in work")
    newest = AConnection("s", 9999.0)

    assert to_close(newest, [*full, newest], is_shared=False) is newest


def test_where_there_are_too_many_the_busiest_source_pays() -> None:
    many, few = connections(350, "many"), connections(10, "few")
    others = [AConnection(f"o{n}") for n in range(limits.CONNECTIONS - 360)]
    newest = AConnection("new", 9999.0)

    assert to_close(newest, [*few, *many, *others, newest], is_shared=False) is many[0]


def test_of_answers_not_taken_the_oldest_are_given_up_first() -> None:
    third = limits.OWED // 3
    owing = [AConnection(since=float(at), owed=third) for at in (3, 1, 2)]
    extra = AConnection(since=4.0, owed=third)

    assert to_give_up(owing) == []
    assert to_give_up([*owing, extra]) == [owing[1]]
