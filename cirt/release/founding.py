"""The first objects of an installation: our STIX identity and the definitions of TLP 2.0 and PAP."""

from cirt.kernel.errors import Conflict
from cirt.kernel.text import mark
from cirt.kernel.work import Work
from cirt.objects import build, store
from cirt.objects.definitions import fixed_definitions
from cirt.parties.models import Ourselves


class AlreadyFounded(Conflict):
    code = "already-founded"
    message = mark("{name} is already set up here. Choose another data directory.")


def found(work: Work, *, name: str, country: str) -> Ourselves:
    """Record who we are.

    Raises:
        AlreadyFounded: there is an Ourselves already.
    """
    present = work.session.get(Ourselves, 1)
    if present is not None:
        raise AlreadyFounded(name=present.name)
    identity = build.new_identity(name=name, at=work.now)
    ourselves = Ourselves(
        id=1, name=name, country=country.upper(), identity_id=identity.stix_id, created_at=work.now
    )
    work.session.add(ourselves)
    store.put_many(work, [identity, *fixed_definitions()], origin_id=None, companion=True)
    work.audit("founded", identity.stix_id, name=name, country=ourselves.country)
    return ourselves
