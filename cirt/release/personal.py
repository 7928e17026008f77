"""A person says whether an object holds personal data; what hangs on it follows at once."""

from cirt.kernel.work import Work
from cirt.objects.index import find_listed
from cirt.objects.stating import state_facts
from cirt.parties.four_eyes.errors import ReasonNeeded
from cirt.release.commands import SayPersonal
from cirt.release.errors import NoSuchObject
from cirt.release.settling import settle_objects
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader


def say_personal(work: Work, cmd: SayPersonal) -> None:
    """That it does, a handler may say; that it does not lets go what was held, and takes a lead.

    Raises:
        NoSuchObject, ReasonNeeded, NotAllowed.
    """
    work.require("indicator:write" if cmd.personal else "release:decide")
    if not cmd.reason.strip():
        raise ReasonNeeded
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    found = find_listed(work.session, cmd.stix_id, shown)
    if found is None:
        raise NoSuchObject(stix_id=cmd.stix_id[:300])
    state_facts(work, [found.object_id], personal=cmd.personal)
    work.audit("object.personal", found.stix_id, personal=cmd.personal, reason=cmd.reason)
    settle_objects(work, {found.object_id})
