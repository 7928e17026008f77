"""What people report in that year. Everything is invented; addresses are from the ranges kept for documentation."""

import json
import random
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_LANGUAGES = {"en": 46, "fr": 15, "es": 15, "ru": 9, "ar": 8, "zh": 7}  # shares of who writes
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_WORDS = ("harbour", "lantern", "meadow", "copper", "willow", "saffron", "quartz", "ember")
_ORGANISATIONS = {
    "citizens": ("",),
    "firms": (
        "Northquay Bakery",
        "Lindow & Daughters",
        "Old Town Pharmacy",
        "Tideline Travel",
        "Valdora Rowing Association",
    ),
    "operators": (
        "Northgrid Energy",
        "Harbour Water Utility",
        "Eastbrook Savings Bank",
        "Valdora Rail",
        "Southfield Hospital",
        "Valdora Telecom",
        "Ministry of Finance",
        "University of Northquay",
    ),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What is reported in many words: one small matter that comes again and again, or a campaign."""

    said: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.said["title"])

    def text(self, dice: random.Random) -> tuple[str, str]:
        """One report of it and its language."""
        there = {code: share for code, share in _LANGUAGES.items() if code in self.said["texts"]}
        [language] = dice.choices(list(there), list(there.values()))
        return _filled(dice.choice(self.said["texts"][language]), dice), language

    def organisation(self, dice: random.Random) -> str:
        return dice.choice(_ORGANISATIONS[self.said["from"]])


@cache
def small() -> list[Kind]:
    return _read("small.json")


@cache
def campaigns() -> list[Kind]:
    return _read("campaigns.json")


def _read(name: str) -> list[Kind]:
    text = files("cirt.boot.year").joinpath(name).read_text("utf-8")
    return [Kind(one) for one in json.loads(text)]


def _filled(text: str, dice: random.Random) -> str:
    values = {
        "{domain}": f"{dice.choice(_WORDS)}-{dice.randrange(300)}.{dice.choice(('example', 'test'))}",
        "{ip}": _address(dice),
        "{ip2}": _address(dice),
        "{port}": str(dice.randrange(1024, 65536)),
        "{number}": str(dice.randrange(12, 9000)),
        "{hour}": f"{dice.randrange(24):02}",
        "{word}": f"{dice.choice(_WORDS)}{dice.randrange(1000)}",
        "{sha256}": f"{dice.getrandbits(256):064x}",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _address(dice: random.Random) -> str:
    return f"{dice.choice(_NETWORKS)}.{dice.randrange(1, 255)}"
