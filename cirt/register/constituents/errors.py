"""What can be wrong with those whom an incident concerns."""

from cirt.kernel.errors import Conflict, NotFound
from cirt.kernel.text import mark


class NoSuchParty(NotFound):
    code = "no-such-party"


class PartyChanged(Conflict):
    code = "party-changed"
    message = mark("Somebody changed {name} first. Compare with what is saved now, and save again.")


class PartyThere(Conflict):
    code = "party-there"
    message = mark("{name} is on this incident in that role already.")
