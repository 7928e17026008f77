"""What a peer says of its errors, and of what it holds: read without effort, however large or odd it is."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from cirt.exchange.remote.answers import problem_of, retry_after_s
from cirt.exchange.remote.records import read_record
from cirt.kernel.net import Answer

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MANY = b"[" + b",".join([b"{}"] * 2_000_000) + b"]"  # 6 MB, and 150 MB once it is built
LITTLE = 60 * 1024 * 1024


@contextmanager
def in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < LITTLE
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "said",
    [
        "soon",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
        "Mon, 01 Jan 99999999999999999999 00:00:00 +0000",
    ],
)
def test_nonsense_about_when_to_come_back_is_passed_over(said: str) -> None:
    assert retry_after_s(Answer("", 503, {"retry-after": said}, b""), NOW) is None


def test_a_huge_error_is_not_read() -> None:
    with in_little_memory():
        error = problem_of(Answer("", 400, {}, b'{"title":"No","more":' + MANY + b"}"))
    assert error.values["words"] == "-"


def test_of_an_entry_of_a_manifest_only_what_is_used_is_built() -> None:
    entry = b'{"id":"tool--1","version":' + MANY + b',"date_added":3,"more":' + MANY + b"}"
    with in_little_memory():
        found = read_record(entry)
    assert found == ("tool--1", "", None)


@pytest.mark.parametrize("entry", [b"3", b"[]", b"{}", b'{"id":3}', b'{"id":""}', b"null"])
def test_an_entry_that_names_no_object_is_left_out(entry: bytes) -> None:
    assert read_record(entry) is None
