"""What can go wrong with permissions."""

from cirt.kernel.errors import Conflict, Invalid, NotFound
from cirt.kernel.text import mark


class NoSuchPermission(NotFound):
    code = "no-such-permission"
    message = mark("There is no permission {reference}.")


class PermissionObject(Invalid):
    code = "permission-object"
    message = mark("There is no object {stix_id} that you may see. Copy its STIX id from its page.")


class OwnObject(Invalid):
    code = "permission-own"
    message = mark("{stix_id} is our own: no other source has to permit anything.")


class PermissionPeer(Invalid):
    code = "permission-peer"
    message = mark("Choose a peer of the list: “{slug}” is none.")


class PermissionCircle(Invalid):
    code = "permission-circle"
    message = mark("{peer} brought it and has it already. Choose whom else the permission is for.")


class PermissionRed(Invalid):
    code = "permission-red"
    message = mark(
        "TLP:RED goes to named persons only, whatever is permitted. Choose a lower level."
    )


class EvidenceMissing(Invalid):
    code = "permission-evidence"
    message = mark("Say how we know, or add the file that shows it.")


class PermissionPeriod(Invalid):
    code = "permission-period"
    message = mark(
        "It would end before it begins, or is over already. Choose a later day, or none."
    )


class AlreadyEnded(Conflict):
    code = "permission-ended"
    message = mark("{reference} has been ended already.")
