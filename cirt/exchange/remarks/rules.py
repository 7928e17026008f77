"""The marking of what is said of an object: at least as strict as the object's own."""

from collections.abc import Sequence

from cirt.exchange.remarks.errors import MarkingLower, RedNotSaid
from cirt.kernel.tlp import Tlp
from cirt.objects.markings import TLP2_REFS, TLP_IDS


def markings_beside(refs: Sequence[str], least: Tlp, chosen: Tlp) -> list[str]:
    """The chosen level, and all of the object's other markings, which bind here too.

    ``refs`` are its object and granular markings; ``least`` is its effective level.

    Raises:
        RedNotSaid, MarkingLower.
    """
    if chosen is Tlp.RED:
        raise RedNotSaid
    if chosen < least:
        raise MarkingLower(chosen=chosen.label, least=least.label)
    others = [ref for ref in refs if ref not in TLP_IDS]
    return list(dict.fromkeys([TLP2_REFS[chosen], *others]))
