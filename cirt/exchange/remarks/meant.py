"""Which object a person means who typed its id, a value that it looks for, or a part of its name."""

from cirt.exchange.remarks.errors import NoSuchObject, SeveralFit
from cirt.kernel.clock import to_us
from cirt.kernel.ids import STIX_ID
from cirt.kernel.work import Work
from cirt.objects.catalogue import CatalogueFilter, catalogue
from cirt.register.extract import find
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader

_NAMED = 5  # of several that fit


def object_meant(work: Work, typed: str, *, but: str) -> str:
    """Its STIX id, as typed or that of the one indicator that fits, among those that the actor may see.

    ``but`` is the id of the object that is spoken of.

    Raises:
        NoSuchObject, SeveralFit.
    """
    if STIX_ID.fullmatch(typed):
        return typed
    keys = tuple(one.observable.key for one in find(typed))
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    page = catalogue(work.session, CatalogueFilter(keys, typed), shown, to_us(work.now))
    fit = [row.listed.stix_id for row in page.rows if row.listed.stix_id != but]
    if not fit:
        raise NoSuchObject(stix_id=typed[:80])
    if len(fit) > 1:
        raise SeveralFit(typed=typed[:80], ids=", ".join(fit[:_NAMED]))
    return fit[0]
