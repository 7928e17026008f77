"""Filters and paging, as they are read from a query string."""

from urllib.parse import parse_qsl

import pytest
from werkzeug.datastructures import MultiDict

from cirt.kernel.keys import Keys
from cirt.objects.timestamps import parse_us
from cirt.taxii.errors import ParameterRepeated, ParameterWrong, TokenRefused
from cirt.taxii.query import (
    ALL_FIELDS,
    DELETE_FIELDS,
    OBJECT_FIELDS,
    Asked,
    make_token,
    open_token,
    read_query,
)

KEYS = Keys(b"a secret of the tests, 32 bytes!!")
ONE = "indicator--9f1c3d1e-7d0a-4a53-9b36-0c0d3c4e2a10"
TWO = "malware--0c9d8b7a-1e2f-4a3b-8c4d-5e6f7a8b9c0d"


def asked(query: str, fields: frozenset[str] = ALL_FIELDS) -> Asked:
    args = MultiDict(parse_qsl(query, keep_blank_values=True))
    return read_query(args, fields, page_max=1000)


def test_nothing_asked_means_the_last_versions_from_the_oldest_on() -> None:
    found = asked("")

    assert found.filter.versions == ("last",)
    assert found.filter.added_after_us is None
    assert (found.limit, found.token) == (1000, None)


def test_several_values_stand_behind_commas() -> None:
    found = asked(
        f"match[id]={ONE},{TWO}&match%5Btype%5D=malware,ipv4-addr&match[spec_version]=2.1"
    )

    assert found.filter.ids == (ONE, TWO)
    assert found.filter.types == ("ipv4-addr", "malware")
    assert found.filter.spec_versions == ("2.1",)


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"])
def test_instants_are_read_whatever_their_digits(text: str) -> None:
    found = asked(f"added_after={text}&match[version]={text},first")

    assert found.filter.added_after_us == parse_us(text)
    assert found.filter.versions == (parse_us(text), "first")


@pytest.mark.parametrize(("limit", "expected"), [("1", 1), ("007", 7), ("1000000000", 1000)])
def test_the_limit_is_at_most_ours(limit: str, expected: int) -> None:
    assert asked(f"limit={limit}").limit == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=-1",
        "limit=abc",
        "limit=1.5",
        "limit=",
        "limit=٣",
        "limit=%2B5",
        "added_after=yesterday",
        "added_after=2026-13-01T00:00:00Z",
        "added_after=2026-02-30T00:00:00Z",
        "added_after=2026-01-01T00:00:00+01:00",
        "added_after=",
        "match[version]=all,last",
        "match[version]=last,last",
        "match[version]=2026-01-31T12:00:00Z,2026-01-31T12:00:00.000Z",
        "match[version]=newest",
        "match[version]=",
        "match[id]=",
        "match[id]=indicator",
        f"match[id]={ONE}, {TWO}",
        f"match[id]={ONE},,",
        "match[id]=%00",
        "match[type]=malware'",
        "match[type]=" + "a" * 10_000,
        "match[spec_version]=two",
    ],
)
def test_a_malformed_value_is_refused(query: str) -> None:
    with pytest.raises(ParameterWrong):
        asked(query)


@pytest.mark.parametrize("name", sorted(ALL_FIELDS))
def test_a_repeated_parameter_is_refused(name: str) -> None:
    with pytest.raises(ParameterRepeated):
        asked(f"{name}=a&{name}=b")


def test_what_an_endpoint_does_not_define_is_left_out() -> None:
    found = asked("match[colour]=red&x=1&match[type]=malware", OBJECT_FIELDS)

    assert found.filter.types == ()
    assert asked("limit=0", DELETE_FIELDS).limit == 1000


def test_a_token_holds_for_the_filter_in_any_order() -> None:
    token = make_token(KEYS, 1, "c", asked(f"match[id]={ONE},{TWO}").filter, 77)

    again = asked(f"match[id]={TWO},{ONE}&limit=3&added_after=2026-01-01T00:00:00Z").filter

    assert open_token(KEYS, 1, "c", again, token) == 77


@pytest.mark.parametrize(
    ("peer_id", "collection", "query"),
    [(2, "c", ""), (1, "d", ""), (1, "c", "match[type]=malware"), (1, "c", "match[version]=all")],
)
def test_a_token_holds_for_nothing_else(peer_id: int, collection: str, query: str) -> None:
    token = make_token(KEYS, 1, "c", asked("").filter, 77)

    with pytest.raises(TokenRefused):
        open_token(KEYS, peer_id, collection, asked(query).filter, token)


@pytest.mark.parametrize("token", ["", "garbage", "a.b", "é", "\0", "x" * 10_000])
def test_what_we_did_not_sign_is_no_token(token: str) -> None:
    with pytest.raises(TokenRefused):
        open_token(KEYS, 1, "c", asked("").filter, token)


def test_an_altered_token_is_refused_wherever_it_is_altered() -> None:
    token = make_token(KEYS, 1, "c", asked("").filter, 77)

    for place in range(len(token)):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenRefused):
            open_token(KEYS, 1, "c", asked("").filter, altered)
