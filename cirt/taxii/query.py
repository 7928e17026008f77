"""Reads filters and paging from a query string (TAXII 2.1, sections 3.4 and 3.5).

A defined parameter that is malformed or repeated is refused; an unknown one is left out of account.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

import orjson
from werkzeug.datastructures import MultiDict

from cirt.kernel.ids import STIX_ID
from cirt.kernel.keys import Keys, TokenWrong
from cirt.objects.timestamps import parse_us
from cirt.release.filters import ALL, FIRST, LAST, Filter
from cirt.taxii.errors import ParameterRepeated, ParameterWrong, TokenRefused

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,249}", re.ASCII)
_SPEC_VERSION = re.compile(r"\d{1,4}\.\d{1,4}", re.ASCII)
_LIMIT = re.compile(r"0*([1-9]\d*)", re.ASCII)
_MANY_DIGITS = 9  # more than any page; int() is not asked about thousands of them
_NAMED_VERSIONS = (FIRST, LAST, ALL)
_PURPOSE = "taxii-next"
_TOKEN_FORM = 1

PAGED = frozenset({"added_after", "limit", "next"})
ALL_FIELDS = PAGED | {"match[id]", "match[type]", "match[version]", "match[spec_version]"}
OBJECT_FIELDS = PAGED | {"match[version]", "match[spec_version]"}
VERSIONS_FIELDS = PAGED | {"match[spec_version]"}
DELETE_FIELDS = frozenset({"match[version]", "match[spec_version]"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was asked: what is wanted, how much of it, and after which page."""

    filter: Filter
    limit: int
    token: str | None


def read_query(
    args: "MultiDict[str, str]",
    fields: frozenset[str],
    *,
    page_max: int,
    object_id: str | None = None,
    default_version: str = LAST,
) -> Asked:
    """``fields`` are those that the endpoint defines.

    Raises:
        ParameterWrong, ParameterRepeated.
    """
    given = {name: _once(args, name) for name in fields if name in args}
    ids = (object_id,) if object_id else _values(given, "match[id]", STIX_ID, "indicator--<UUID>")
    wanted = Filter(
        ids=ids,
        types=_values(given, "match[type]", _TYPE, "indicator,malware"),
        versions=_versions(given.get("match[version]", default_version)),
        spec_versions=_values(given, "match[spec_version]", _SPEC_VERSION, "2.1"),
        added_after_us=_added_after(given.get("added_after")),
    )
    return Asked(wanted, _limit(given.get("limit"), page_max), given.get("next"))


def make_token(keys: Keys, peer_id: int, collection: str, wanted: Filter, after_us: int) -> str:
    """A signed position: it holds on every worker, after a restart, and for ever."""
    return keys.sign(_PURPOSE, [_TOKEN_FORM, after_us, _digest(peer_id, collection, wanted)])


def open_token(keys: Keys, peer_id: int, collection: str, wanted: Filter, token: str) -> int:
    """The date_added, in microseconds, after which the next page begins.

    Raises:
        TokenRefused: altered, or made for another account, collection or filter.
    """
    try:
        said = keys.open(_PURPOSE, token)
    except TokenWrong:
        raise TokenRefused from None
    match said:
        case [int(form), int(after_us), str()] if form == _TOKEN_FORM:
            # Made again, so that it holds for this query only, and in one spelling only.
            expected = make_token(keys, peer_id, collection, wanted, after_us)
            if hmac.compare_digest(expected.encode(), token.encode()):
                return after_us
    raise TokenRefused


def _digest(peer_id: int, collection: str, wanted: Filter) -> str:
    """Of what a walk must keep; ``limit`` and ``added_after`` may change (the position wins)."""
    said = orjson.dumps([peer_id, collection, wanted.as_data()], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(said).hexdigest()[:32]


def _once(args: "MultiDict[str, str]", name: str) -> str:
    values = args.getlist(name)
    if len(values) > 1:
        raise ParameterRepeated(name=name)
    return values[0]


def _values(
    given: dict[str, str], name: str, form: re.Pattern[str], example: str
) -> tuple[str, ...]:
    if name not in given:
        return ()
    values = given[name].split(",")
    if not all(form.fullmatch(value) for value in values):
        raise ParameterWrong(name=name, wanted=f"give values like {example}, without spaces.")
    return tuple(sorted(set(values)))


def _versions(text: str) -> tuple[str | int, ...]:
    values = [_version(value) for value in text.split(",")]
    if len(set(values)) < len(values):
        raise ParameterWrong(name="match[version]", wanted="give each value once.")
    if ALL in values and len(values) > 1:
        raise ParameterWrong(name="match[version]", wanted="all stands alone.")
    return tuple(sorted(values, key=str))


def _version(text: str) -> str | int:
    if text in _NAMED_VERSIONS:
        return text
    instant_us = parse_us(text)
    if instant_us is None:
        wanted = "give first, last, all or a timestamp like 2026-01-31T12:00:00.000Z."
        raise ParameterWrong(name="match[version]", wanted=wanted)
    return instant_us


def _added_after(text: str | None) -> int | None:
    if text is None:
        return None
    after_us = parse_us(text)
    if after_us is None:
        wanted = "give a UTC timestamp like 2026-01-31T12:00:00.000000Z."
        raise ParameterWrong(name="added_after", wanted=wanted)
    return after_us


def _limit(text: str | None, page_max: int) -> int:
    if text is None:
        return page_max
    number = _LIMIT.fullmatch(text)
    if number is None:
        raise ParameterWrong(name="limit", wanted="give an integer above 0.")
    return page_max if len(number[1]) > _MANY_DIGITS else min(int(number[1]), page_max)
