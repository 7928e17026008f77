"""Forms of accounts and peers."""

from dataclasses import dataclass

from cirt.inputs.base import Choice, CommandInput, Line
from cirt.inputs.several import Members
from cirt.kernel.text import mark
from cirt.parties.accounts import AddAccount
from cirt.parties.models import SightingsBack
from cirt.parties.roles import Role


@dataclass(frozen=True, slots=True)
class SetRoles:
    roles: tuple[Role, ...]


class AddAccountInput(CommandInput[AddAccount]):
    """Without a password: a one-time password is made and shown once."""

    command = AddAccount

    email = Line(254, missing=mark("Enter an e-mail address like name@example.org."))
    name = Line(200, missing=mark("Enter the name by which the team knows this person."))
    roles = Members(Role)


class SetRolesInput(CommandInput[SetRoles]):
    command = SetRoles

    roles = Members(Role)


@dataclass(frozen=True, slots=True)
class SendBack:
    back: SightingsBack


class SendBackInput(CommandInput[SendBack]):
    command = SendBack

    back = Choice(SightingsBack, say=mark("Choose what goes back."))
