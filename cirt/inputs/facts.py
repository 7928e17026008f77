"""Forms for what an incident is beyond its first facts: classes, sectors, parties, links, score."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

import marshmallow as ma
from marshmallow import fields

from cirt.inputs.base import Choice, CommandInput, Flag, Line, Text, Whole
from cirt.inputs.several import Names
from cirt.kernel.text import mark
from cirt.register import commands
from cirt.register.constituents.commands import AddParty, EditParty
from cirt.register.constituents.models import PartyRole
from cirt.register.facts import rules
from cirt.register.facts.commands import MoreFacts
from cirt.register.facts.kinds import Pap, Priority
from cirt.register.models import Severity, Side
from cirt.register.relations.commands import LinkIncidents, UnlinkIncidents, Wish
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.severity.table import table

F = TypeVar("F", commands.OpenIncident, commands.EditFacts)

_COUNTRY = mark("Enter countries as two letters each, like KE, TZ.")
_SECTOR = mark("Choose sectors from the list.")
_CLASS = mark("Choose further classes from the list.")
_VERSION = mark("Open the page again: the form does not say which version it shows.")


class Codes(fields.Field[tuple[str, ...]]):
    """Countries as people write them: ``ke, TZ``."""

    def __init__(self) -> None:
        super().__init__(load_default=())

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> tuple[str, ...]:
        if not isinstance(value, str):
            raise ma.ValidationError(_COUNTRY)
        codes = value.replace(",", " ").replace(";", " ").upper().split()
        if rules.unknown_countries(codes):
            raise ma.ValidationError(_COUNTRY)
        return tuple(dict.fromkeys(codes))


class Place(fields.Field[Priority]):
    """A place in the order of work; nothing chosen leaves it to the rule."""

    def __init__(self) -> None:
        super().__init__(allow_none=True, load_default=None)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Priority:
        found = next((each for each in Priority if value in (each.value, str(each.value))), None)
        if found is None or isinstance(value, bool):
            raise ma.ValidationError(mark("Choose one of the list."))
        return found


class FactsInput(CommandInput[F]):
    """Gives ``more`` where the form has those fields, which ``has_more`` says; else they stay as they are."""

    has_more = Flag()
    more_classes = Names()
    another_class = Line(128)
    sectors = Names()
    countries = Codes()
    pap = Choice(Pap, optional=True, say=mark("Choose what may be done with it."))
    is_cross_border = Flag()
    priority = Place()

    _MORE: ClassVar = ("sectors", "countries", "pap", "is_cross_border", "priority")

    @ma.post_load
    def _gather(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = {name: values.pop(name) for name in self._MORE}
        classes = (*values.pop("more_classes"), *filter(None, [values.pop("another_class")]))
        more = MoreFacts(classes=tuple(dict.fromkeys(classes)), **given)
        has_more = values.pop("has_more")
        return {**values, "more": more if has_more else None}

    def problems(self, command: F) -> dict[str, list[str]]:
        found = class_problems(command.rsit_class, command.rsit_type)
        if command.more is not None:
            if rules.unknown_classes(command.more.classes):
                found["another_class"] = [_CLASS]
            if rules.unknown_sectors(command.more.sectors):
                found["sectors"] = [_SECTOR]
        return found


def class_problems(rsit_class: str, rsit_type: str | None) -> dict[str, list[str]]:
    if rules.unknown_classes([rules.class_code(rsit_class, None)]):
        return {"rsit_class": [mark("Choose the class that fits best.")]}
    if rules.unknown_classes([rules.class_code(rsit_class, rsit_type)]):
        return {"rsit_type": [mark("Choose a type of this class, or none.")]}
    return {}


class _PartyInput(CommandInput[Any]):
    name = Line(200, missing=mark("Enter the name of the organisation or person."))
    role = Choice(PartyRole, say=mark("Choose how the incident concerns them."))
    sector = Line(60, optional=True)
    country = Line(2, optional=True, long=_COUNTRY)
    note = Text(2000)

    @ma.post_load
    def _upper(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        country = values["country"]
        return {**values, "country": country.upper() if country else None}

    def problems(self, command: AddParty | EditParty) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if command.country and rules.unknown_countries([command.country]):
            found["country"] = [mark("Enter the country as two letters, like KE.")]
        if command.sector and rules.unknown_sectors([command.sector]):
            found["sector"] = [_SECTOR]
        return found


class AddPartyInput(_PartyInput):
    command = AddParty


class EditPartyInput(_PartyInput):
    command = EditParty

    version = Whole(1, say=_VERSION)


class PlaceObservableInput(CommandInput[commands.PlaceObservable]):
    command = commands.PlaceObservable

    side = Choice(Side, optional=True)
    comment = Text(2000)


class LinkIncidentsInput(CommandInput[LinkIncidents]):
    command = LinkIncidents

    other = Line(40, missing=mark("Enter a reference like INC-2026-0042."))
    wish = Choice(Wish, say=mark("Choose how the two belong together."))
    note = Text(2000)

    @ma.post_load
    def _upper(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**values, "other": values["other"].upper()}


class UnlinkIncidentsInput(CommandInput[UnlinkIncidents]):
    command = UnlinkIncidents

    other = Line(40, missing=mark("Enter a reference like INC-2026-0042."))


class Answer(fields.Field[str]):
    """One of the options of one question."""

    def __init__(self, options: Mapping[str, int]) -> None:
        sentence = mark("Choose an answer.")
        said: dict[str, Any] = dict.fromkeys(("required", "null"), sentence)
        super().__init__(required=True, error_messages=said)
        self._options, self._sentence = options, sentence

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str) or value not in self._options:
            raise ma.ValidationError(self._sentence)
        return value


class ScoreSeverityInput(CommandInput[ScoreSeverity]):
    """A field for each question of the newest table."""

    command = ScoreSeverity

    version = Whole(1, say=_VERSION)
    severity = Choice(Severity, optional=True, say=mark("Choose how severe it is."))
    reason = Text(4000, long=mark("Shorten the reason to 4000 characters."))

    class Meta:
        include: ClassVar = {c.code: Answer(c.options) for c in table().categories}

    @ma.post_load
    def _gather(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        answers = {c.code: values.pop(c.code) for c in table().categories}
        return {**values, "answers": answers}
