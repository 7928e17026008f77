"""Forms on which findings are looked over: what is said of all, of kinds, of single ones."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from cirt.inputs.base import CommandInput, Text, Whole
from cirt.kernel.text import mark
from cirt.objects.observables.kinds import Kind
from cirt.register.checking.commands import CheckOffered, Ruling, Rulings, SavePaste
from cirt.register.findings import MAX_PASTE_BYTES

_CHOOSE = mark("Choose one of the list.")
_MOST = 2000  # rows of one form; a page shows far fewer
_LARGEST = 2**63
_NUMBER = re.compile(r"-?\d{1,19}\Z", re.ASCII)


class RulingsField(fields.Field[Rulings]):
    """``{"all": …, "kind-url": …, "do-17": …}`` as forms send it; an empty value says nothing."""

    def __init__(self) -> None:
        super().__init__(
            load_default=Rulings(), error_messages=dict.fromkeys(("invalid",), _CHOOSE)
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Rulings:
        given = {name: said for name, said in dict(value).items() if said}
        try:
            rulings = Rulings(
                rest=Ruling(given.get("all", Ruling.LATER)),
                kinds={Kind(name): said for name, said in _said(given, "kind-")},
                rows={_number(name): said for name, said in _said(given, "do-")},
            )
        except ValueError:
            raise self.make_error("invalid") from None
        if len(rulings.rows) > _MOST:
            raise self.make_error("invalid")
        return rulings


def _said(given: Mapping[str, str], prefix: str) -> list[tuple[str, Ruling]]:
    return [
        (name.removeprefix(prefix), Ruling(said))
        for name, said in given.items()
        if name.startswith(prefix)
    ]


def _number(text: str) -> int:
    if not _NUMBER.match(text) or not -_LARGEST <= int(text) < _LARGEST:
        raise ValueError(text)
    return int(text)


class SavePasteInput(CommandInput[SavePaste]):
    command = SavePaste

    text = Text(
        MAX_PASTE_BYTES, missing=mark("Paste the text in which observables are to be found.")
    )
    rulings = RulingsField()


class CheckOfferedInput(CommandInput[CheckOffered]):
    command = CheckOffered

    upto = Whole(0)
    rulings = RulingsField()
