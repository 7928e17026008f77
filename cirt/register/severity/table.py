"""Scoring tables, read from files of the package by their version."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cirt.register.models import Severity

NEWEST = "2025-1"


@dataclass(frozen=True, slots=True)
class Category:
    """One question: what its answers count, and how much the question weighs."""

    code: str
    weight: int
    options: Mapping[str, int]

    @property
    def least(self) -> int:
        return self.weight * min(self.options.values())

    @property
    def most(self) -> int:
        return self.weight * max(self.options.values())


@dataclass(frozen=True, slots=True)
class Level:
    code: str
    begins_at: int
    severity: Severity


@dataclass(frozen=True, slots=True)
class Table:
    """``levels`` come highest first; the last begins at 0."""

    version: str
    categories: tuple[Category, ...]
    levels: tuple[Level, ...]

    @property
    def least(self) -> int:
        return sum(category.least for category in self.categories)

    @property
    def most(self) -> int:
        return sum(category.most for category in self.categories)


@cache
def table(version: str = NEWEST) -> Table:
    """
    Raises:
        FileNotFoundError: the package has no table of this version.
    """
    text = (files("cirt.register.severity") / "tables" / f"{version}.toml").read_text("utf-8")
    found = tomllib.loads(text)
    levels = tuple(
        Level(each["level"], each["from"], Severity(each["severity"])) for each in found["levels"]
    )
    categories = tuple(
        Category(code, part["weight"], part["options"])
        for code, part in found.items()
        if isinstance(part, dict)
    )
    return Table(found["version"], categories, levels)
