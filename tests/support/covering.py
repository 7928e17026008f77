"""A covering helper: few rows in which every allowed pair of values of any two factors occurs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import TypeAlias

Factors: TypeAlias = Mapping[str, Sequence[str]]  # of each the first value is the open one
Row: TypeAlias = dict[str, str]
Pair: TypeAlias = tuple[str, str, str, str]  # factor and value, twice, in the order of the factors
Allowed: TypeAlias = Callable[[Row], bool]


def opened(factors: Factors) -> Row:
    return {name: values[0] for name, values in factors.items()}


def one_by_one(factors: Factors, allowed: Allowed) -> list[Row]:
    """The open row, and every other value with all else open."""
    base = opened(factors)
    rows = [base | {name: value} for name, values in factors.items() for value in values[1:]]
    return [base, *(row for row in rows if allowed(row))]


def all_pairs(factors: Factors, allowed: Allowed) -> list[Pair]:
    """Those that can stand together with all else open."""
    base = opened(factors)
    return [
        (one, first, other, second)
        for one, other in combinations(factors, 2)
        for first, second in product(factors[one], factors[other])
        if allowed(base | {one: first, other: second})
    ]


def covering(factors: Factors, allowed: Allowed) -> list[Row]:
    """The same rows at every call. Each begins with a pair that is missing and takes in what more it can."""
    missing = dict.fromkeys(all_pairs(factors, allowed))
    rows: list[Row] = []
    while missing:
        one, first, other, second = next(iter(missing))
        row = _filled(factors, allowed, {one: first, other: second}, missing)
        for pair in _pairs_in(factors, row):
            missing.pop(pair, None)
        rows.append(row)
    return rows


def _filled(factors: Factors, allowed: Allowed, begun: Row, missing: Mapping[Pair, None]) -> Row:
    row = opened(factors) | begun
    for name in sorted(factors.keys() - begun.keys(), key=list(factors).index):
        tried = [row | {name: value} for value in factors[name]]
        good = [each for each in tried if allowed(each)]
        row = max(
            good,
            key=lambda each: sum(pair in missing for pair in _pairs_in(factors, each)),
            default=row,
        )
    return row


def _pairs_in(factors: Factors, row: Row) -> Iterator[Pair]:
    for one, other in combinations(factors, 2):
        yield one, row[one], other, row[other]
