"""Schemas of permissions."""

from datetime import datetime, timedelta
from typing import Any

from cirt.inputs.base import Choice, CommandInput, LastDay, Line, Marking, Text
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp
from cirt.sharing.permissions.commands import EndPermission, RecordPermission, Scope
from cirt.sharing.permissions.models import Audience

_DAY_LONG = len("2026-12-18")


class FirstDay(LastDay):
    """A day from which on something holds, or an instant."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        end = super()._deserialize(value, *args, **kwargs)
        return end - timedelta(days=1) if len(str(value).strip()) <= _DAY_LONG else end


class RecordPermissionInput(CommandInput[RecordPermission]):
    command = RecordPermission

    scope = Choice(Scope, say=mark("Choose what it is for."))
    stix_id = Line(300)
    origin = Line(60)
    given_by = Line(200, missing=mark("Say who gave the permission: a peer, or a person there."))
    audience = Choice(Audience, say=mark("Choose for whom it is."))
    reader = Line(60)
    up_to = Marking()
    given_on = FirstDay()
    until = LastDay()
    evidence = Text(10_000)
    tlp = Marking(default=Tlp.AMBER)

    def problems(self, command: RecordPermission) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if command.scope is Scope.OBJECT and not command.stix_id:
            found["stix_id"] = [mark("Give the STIX id of the object.")]
        if command.scope is Scope.PEER and not command.origin:
            found["origin"] = [mark("Choose whose objects it is for.")]
        if command.audience is Audience.PEER and not command.reader:
            found["reader"] = [mark("Choose which peer may have it.")]
        return found


class EndPermissionInput(CommandInput[EndPermission]):
    command = EndPermission

    reason = Text(2000, missing=mark("Say why it ends."))
