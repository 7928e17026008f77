"""The Traffic Light Protocol 2.0: five levels, in order."""

import re
from enum import StrEnum
from typing import Self

from cirt.kernel.errors import Invalid
from cirt.kernel.text import mark

_NOISE = re.compile(r"[\s:_+-]+")


class TlpUnknown(Invalid):
    code = "tlp-unknown"
    message = mark(
        "“{text}” is not a TLP level. Write one of: clear, green, amber, amber+strict, red."
    )


class Tlp(StrEnum):
    """Compares by strictness, so ``Tlp.GREEN < Tlp.RED``; as text it is the lower-case name."""

    CLEAR = "clear"
    GREEN = "green"
    AMBER = "amber"
    AMBER_STRICT = "amber+strict"
    RED = "red"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read how people and programs write it: ``TLP:WHITE``, ``amber_strict``, ``Tlp Red``.

        Raises:
            TlpUnknown: it is none of the levels, nor WHITE, the old name of CLEAR.
        """
        words = _NOISE.split(text.strip().casefold())
        name = "+".join(words[1:] if words[0] == "tlp" else words)
        try:
            return cls("clear" if name == "white" else name)
        except ValueError:
            raise TlpUnknown(text=text) from None

    @property
    def rank(self) -> int:
        """0 for CLEAR to 4 for RED."""
        return _RANK[self.value]

    @property
    def label(self) -> str:
        """As FIRST writes it: ``TLP:AMBER+STRICT``."""
        return f"TLP:{self.value.upper()}"

    # StrEnum would order by text, and by text "amber" is the least strict.
    def __lt__(self, other: str) -> bool:
        return self.rank < _rank_of(other)

    def __le__(self, other: str) -> bool:
        return self.rank <= _rank_of(other)

    def __gt__(self, other: str) -> bool:
        return self.rank > _rank_of(other)

    def __ge__(self, other: str) -> bool:
        return self.rank >= _rank_of(other)


def _rank_of(other: str) -> int:
    if not isinstance(other, Tlp):
        raise TypeError(f"A TLP level is ordered against levels only, not {type(other).__name__}")
    return other.rank


_RANK = {level.value: rank for rank, level in enumerate(Tlp)}
