"""Reads STIX 2.1 patterns: the whole grammar, without recursion, in one pass over the tokens."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from cirt.objects.patterns.lexer import KEYWORDS, Broken, PatternError, tokens, unquote
from cirt.objects.patterns.regexes import look_at
from cirt.objects.timestamps import parse_us

MAX_LENGTH = 1_000_000
MAX_DIGITS = 19


class Literal(NamedTuple):
    """``kind`` is one of string, int, float, bool, time, hex, binary."""

    kind: str
    value: str | int | float | bool


class Comparison(NamedTuple):
    """One test of one property. A list step of the path is written ``[*]`` or ``[0]``."""

    object_type: str
    path: tuple[str, ...]
    op: str  # = != < > <= >= IN LIKE MATCHES ISSUBSET ISSUPERSET EXISTS
    negated: bool
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that follows the grammar.

    ``level`` is the conformance level: 1 for one bracket without qualifiers, 2 with AND or OR between
    brackets, 3 for everything else. ``any_bracket`` says that each bracket alone fulfils the pattern.
    ``crosses_types`` says that some AND joins tests which no single object can fulfil.
    """

    comparisons: tuple[Comparison, ...]
    level: int
    any_bracket: bool
    crosses_types: bool
    warnings: tuple[str, ...]


_ORDERABLE = frozenset({"string", "int", "float", "time", "hex", "binary"})
_SIGNS_EQUAL = frozenset({"=", "!="})
_SIGNS_ORDER = frozenset({"<", ">", "<=", ">="})
_TEXT_OPS = frozenset({"LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET"})
_OPS = _SIGNS_EQUAL | _SIGNS_ORDER | _TEXT_OPS | {"IN"}

# Most patterns of a feed are one test for one text; no part can match in two ways, so this is linear.
_ONE_TEST = re.compile(
    r"\[ *([A-Za-z_][A-Za-z0-9_-]*)"
    r":([A-Za-z_][A-Za-z0-9_]*)((?:\.(?:[A-Za-z_][A-Za-z0-9_]*|'[^'\\]*'))*)"
    r" *= *'([^'\\]*)' *\]"
)
_FURTHER_STEP = re.compile(r"\.(?:([A-Za-z_][A-Za-z0-9_]*)|'([^'\\]*)')")


def parse(pattern: str) -> Pattern | PatternError:
    """Check a pattern against the grammar and hand out what it compares."""
    if len(pattern) > MAX_LENGTH:
        return PatternError(
            MAX_LENGTH, "more text", f"the end after at most {MAX_LENGTH} characters"
        )
    try:
        return _one_test(pattern) or _Parser(pattern).pattern()
    except Broken as broken:
        return broken.error


def _one_test(pattern: str) -> Pattern | None:
    """What the parser makes of such a pattern, in a tenth of its time; None: it is another, or broken."""
    match = _ONE_TEST.fullmatch(pattern)
    if match is None:
        return None
    object_type, first, further, text = match.groups()
    steps = _FURTHER_STEP.findall(further) if further else []
    if not KEYWORDS.isdisjoint([object_type, first, *(name for name, _ in steps)]):
        return None
    path = (first, *(name or quoted for name, quoted in steps))
    test = Comparison(object_type, path, "=", negated=False, literals=(Literal("string", text),))
    return Pattern((test,), level=1, any_bracket=True, crosses_types=False, warnings=())


class _Parser:
    """One token of look-ahead; nesting is kept on lists, so depth costs memory and no stack."""

    def __init__(self, pattern: str) -> None:
        self._next = tokens(pattern).__next__
        self.token = self._next()
        self.comparisons: list[Comparison] = []
        self.warnings: dict[str, None] = {}
        self.crosses_types = False
        self.joins: set[str] = set()
        self.qualified = False

    def pattern(self) -> Pattern:
        self._observations()
        is_ordered = self.qualified or "FOLLOWEDBY" in self.joins
        return Pattern(
            comparisons=tuple(self.comparisons),
            level=3 if is_ordered else 2 if self.joins else 1,
            any_bracket=not is_ordered and "AND" not in self.joins,
            crosses_types=self.crosses_types,
            warnings=tuple(self.warnings),
        )

    def _take(self, kind: str, expected: str = "") -> str:
        token = self.token
        if token.kind != kind:
            self._fail(expected or kind)
        self.token = self._next()
        return token.text

    def _try(self, kind: str) -> bool:
        if self.token.kind != kind:
            return False
        self.token = self._next()
        return True

    def _fail(self, expected: str) -> None:
        raise Broken(self.token.position, self.token.text, expected)

    def _observations(self) -> None:
        depth = 0
        while True:
            while self._try("("):
                depth += 1
            self._take("[", "[ or (")
            self._bracket()
            self._qualifiers(only_once=True)
            while depth and self._try(")"):
                depth -= 1
                self._qualifiers(only_once=False)
            join = self.token.kind
            if join not in ("AND", "OR", "FOLLOWEDBY"):
                break
            self.joins.add(join)
            self.token = self._next()
        self._take(")" if depth else "end", ")" if depth else "AND, OR, FOLLOWEDBY or the end")

    def _qualifiers(self, *, only_once: bool) -> None:
        seen: set[str] = set()
        while (kind := self.token.kind) in ("WITHIN", "REPEATS", "START"):
            if only_once and kind in seen:
                self._fail(f"no second {kind} on the same bracket")
            seen.add(kind)
            self.qualified = True
            self.token = self._next()
            self._qualifier(kind)

    def _qualifier(self, kind: str) -> None:
        if kind == "START":
            self._literal(frozenset({"time"}), "a time such as t'2025-01-01T00:00:00Z'")
            self._take("STOP")
            self._literal(frozenset({"time"}), "a time such as t'2025-01-01T00:00:00Z'")
            return
        if self.token.text.startswith("-"):
            self._fail("a positive number")
        kinds = frozenset({"int", "float"}) if kind == "WITHIN" else frozenset({"int"})
        self._literal(kinds, "a positive number")
        self._take("SECONDS" if kind == "WITHIN" else "TIMES")

    def _bracket(self) -> None:
        """All tests up to the closing bracket, and which object types could fulfil them."""
        any_of: list[set[str]] = [set()]  # per open parenthesis: types of the finished OR branches
        all_of: list[set[str] | None] = [None]  # types that fulfil the AND chain so far
        while True:
            while self._try("("):
                any_of.append(set())
                all_of.append(None)
            all_of[-1] = self._both(all_of[-1], {self._test()})
            while len(any_of) > 1 and self._try(")"):
                inner = _merge(any_of.pop(), all_of.pop() or set())
                all_of[-1] = self._both(all_of[-1], inner)
            if self._try("OR"):
                any_of[-1] = _merge(any_of[-1], all_of[-1] or set())
                all_of[-1] = None
            elif not self._try("AND"):
                break
        if len(any_of) > 1:
            self._fail(")")
        self._take("]", "AND, OR or ]")

    def _both(self, left: set[str] | None, right: set[str]) -> set[str]:
        if left is None:
            return right
        both = left & right
        if both:
            return both
        self.crosses_types = True
        return _merge(left, right)

    def _test(self) -> str:
        negated = self._try("NOT")
        if negated or self.token.kind == "EXISTS":
            self._take("EXISTS")
            object_type, path = self._path()
            self.comparisons.append(Comparison(object_type, path, "EXISTS", negated, ()))
            return object_type
        object_type, path = self._path()
        negated = self._try("NOT")
        op = self.token.kind
        if op not in _OPS:
            self._fail("a comparison such as =")
        self.token = self._next()
        position = self.token.position
        if op in _SIGNS_EQUAL:
            literals: tuple[Literal, ...] = (self._literal(_ORDERABLE, "a literal", or_bool=True),)
        elif op in _SIGNS_ORDER:
            literals = (self._literal(_ORDERABLE, "a literal"),)
        elif op in _TEXT_OPS:
            literals = (
                Literal("string", unquote(self._take("string", "a text in single quotes"))),
            )
        else:
            literals = self._set()
        if op == "MATCHES":
            self._regex(str(literals[0].value), position)
        self.comparisons.append(Comparison(object_type, path, op, negated, literals))
        return object_type

    def _path(self) -> tuple[str, tuple[str, ...]]:
        if self.token.kind not in ("name", "hyphenated"):
            self._fail("an object path such as ipv4-addr:value")
        object_type = self.token.text
        self.token = self._next()
        self._take(":")
        steps = [self._key()]
        while True:
            if self._try("."):
                steps.append(self._key())
            elif self._try("["):
                index = self.token.text
                if not self._try("int"):
                    self._take("*", "a list position or *")
                self._take("]")
                steps.append(f"[{index}]")
            else:
                return object_type, tuple(steps)

    def _key(self) -> str:
        if self.token.kind == "string":
            return unquote(self._take("string"))
        return self._take("name", "a property name (quote it if it has a hyphen)")

    def _set(self) -> tuple[Literal, ...]:
        self._take("(")
        literals: list[Literal] = []
        while not self._try(")"):
            if literals:
                self._take(",", ", or )")
            literals.append(self._literal(_ORDERABLE, "a literal", or_bool=True))
        return tuple(literals)

    def _literal(self, kinds: frozenset[str], expected: str, *, or_bool: bool = False) -> Literal:
        kind, text, position = self.token
        if kind in kinds:
            literal = _literal(kind, text, position)
        elif or_bool and kind in ("true", "false"):
            literal = Literal("bool", kind == "true")
        else:
            raise Broken(position, text, expected)
        self.token = self._next()
        return literal

    def _regex(self, regex: str, position: int) -> None:
        look = look_at(regex)
        if look.fault:
            raise Broken(position, regex, f"a regular expression without the fault “{look.fault}”")
        for doubt in look.doubts:
            self.warnings[f"regular expression: {doubt}"] = None


def _merge(left: set[str], right: set[str]) -> set[str]:
    """The union, made in the larger of the two, so that nested ORs do not copy it again and again."""
    small, large = sorted((left, right), key=len)
    large |= small
    return large


def _literal(kind: str, text: str, position: int) -> Literal:
    if kind == "string":
        return Literal(kind, unquote(text))
    if kind == "int":
        if len(text) > MAX_DIGITS + 1:
            raise Broken(position, text, f"a number of at most {MAX_DIGITS} digits")
        return Literal(kind, int(text))
    if kind == "float":
        return Literal(kind, float(text))
    inner = text[2:-1]
    if kind == "time" and parse_us(inner) is None:
        raise Broken(position, text, "a date that exists")
    return Literal(kind, inner)
