"""Forms of releases: asking, deciding, revoking, empty collections."""

from typing import Any

import marshmallow as ma

from cirt.inputs.base import Choice, CommandInput, Flag, Line, Text, Wholes
from cirt.inputs.several import Names
from cirt.kernel.text import mark
from cirt.release import commands
from cirt.release.collections import AddCollection
from cirt.release.models import CollectionKind, Ruling
from cirt.release.recalling.letters.service import SendLetter

_LONG_TITLE = mark("Shorten the title to 200 characters.")
_LONG_REASON = mark("Shorten this to 4000 characters.")
_TITLE = mark("Enter a title that tells peers' readers apart: what it is, and of which wave.")
_WHY = mark("Say why peers should have it; whoever decides reads this first.")
_OBJECTS = mark("Tick at least one object.")
_COLLECTIONS = mark("Tick at least one collection, or a named person.")
_RULING = mark("Choose what becomes of the request.")
_DIGEST = mark("Open the page again: the form does not say what it showed.")
_ADDRESS = mark("Enter the mail address of the peer's contact.")
_REVOKE = mark("Say why it is revoked; the reason stays in the house.")


def _title() -> Line:
    return Line(200, missing=_TITLE, long=_LONG_TITLE)


def _reason() -> Text:
    return Text(4000, missing=_WHY, long=_LONG_REASON)


class AskReleaseInput(CommandInput[commands.AskRelease]):
    """The edge adds ``incident`` where the objects came of one. Collections, or persons in their place."""

    command = commands.AskRelease

    title = _title()
    reason = _reason()
    collections = Names()
    persons = Wholes()
    stix_ids = Names(missing=_OBJECTS)
    sector = Line(60, optional=True)
    anyway = Flag()

    @ma.validates_schema(skip_on_field_errors=False)  # said together with what else is missing
    def _goes_somewhere(self, data: dict[str, Any], **_rest: Any) -> None:
        if not data.get("collections") and not data.get("persons"):
            raise ma.ValidationError(_COLLECTIONS, "collections")


class ForeseeReleaseInput(AskReleaseInput):
    """The same, before it has a title or a reason."""

    title = Line(200, long=_LONG_TITLE)
    reason = Text(4000, long=_LONG_REASON)


class AskAgainInput(CommandInput[commands.AskAgain]):
    """The edge adds ``reference``."""

    command = commands.AskAgain

    title = _title()
    reason = _reason()


class WithdrawReleaseInput(CommandInput[commands.WithdrawRelease]):
    """The edge adds ``reference``."""

    command = commands.WithdrawRelease


class DecideReleaseInput(CommandInput[commands.DecideRelease]):
    """The edge adds ``reference``; ``digest`` is that of the page on which the decision was taken."""

    command = commands.DecideRelease

    ruling = Choice(Ruling, say=_RULING)
    comment = Text(4000, long=_LONG_REASON)
    digest = Line(64, missing=_DIGEST)

    def problems(self, command: commands.DecideRelease) -> dict[str, list[str]]:
        if command.ruling is not Ruling.APPROVED and not command.comment.strip():
            return {"comment": [mark("Say why: a comment is needed to send back or to refuse.")]}
        return {}


class RevokeInput(CommandInput[commands.Revoke]):
    """The edge adds ``stix_id``."""

    command = commands.Revoke

    reason = Text(4000, missing=_REVOKE, long=_LONG_REASON)


class AddCollectionInput(CommandInput[AddCollection]):
    command = AddCollection

    alias = Line(60, missing=mark("Enter a short name like indicators-green."))
    title = Line(200, missing=mark("Enter a title that peers will read."))
    kind = Choice(CollectionKind)
    description = Text(2000)


class SayPersonalInput(CommandInput[commands.SayPersonal]):
    command = commands.SayPersonal

    personal = Flag()
    reason = Text(2000, missing=mark("Say why, for whoever asks later."))


class WithdrawInput(CommandInput[commands.Withdraw]):
    """The edge adds ``stix_id``."""

    command = commands.Withdraw

    reason = Text(4000, missing=_REVOKE, long=_LONG_REASON)


class RecallReleaseInput(CommandInput[commands.RecallRelease]):
    """The edge adds ``reference``."""

    command = commands.RecallRelease

    reason = Text(4000, missing=_REVOKE, long=_LONG_REASON)
    stix_ids = Names(missing=_OBJECTS)


class SendLetterInput(CommandInput[SendLetter]):
    """The edge adds ``letter``."""

    command = SendLetter

    address = Line(254, missing=_ADDRESS)
