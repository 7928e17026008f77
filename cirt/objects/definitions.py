"""The definitions of the standard that objects of ours name: kept once, under the ids that everybody knows."""

from collections.abc import Iterable

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.objects.codec import StixObject, read
from cirt.objects.markings import PAP_DEFINITIONS, PAP_REFS, TLP2_DEFINITIONS
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.policies import Pap
from cirt.objects.store import put_many

_FORMAL = frozenset({"type", "spec_version", "id", "created", "created_by_ref", "extension_type"})


def fixed_definitions() -> list[StixObject]:
    """TLP 2.0 and PAP, for a new installation."""
    return [_built_in(raw) for raw in (*TLP2_DEFINITIONS.values(), *PAP_DEFINITIONS.values())]


def pap_refs(work: Work, pap: Pap | None) -> list[str]:
    """What an object names to carry it; its definition is here then, also where an older version was set up first."""
    if pap is None:
        return []
    stix_id = PAP_REFS[pap.value]
    if work.session.scalar(sa.select(ObjectRow.id).where(ObjectRow.stix_id == stix_id)) is None:
        put_many(work, [_built_in(PAP_DEFINITIONS[stix_id])], origin_id=None, companion=True)
    return [stix_id]


def texts_of(definitions: Iterable[StixObject]) -> list[str]:
    """Every text in them that somebody wrote, for whoever must know what naming them tells."""
    return [text for one in definitions for text in _texts(one.content())]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [inner for name, inner in value.items() if name not in _FORMAL]
    return [text for each in value for text in _texts(each)] if isinstance(value, list) else []


def _built_in(raw: bytes) -> StixObject:
    """Bytes of the standard itself; that they do not read would be our own fault."""
    found = read(raw)
    if not isinstance(found, StixObject):
        raise TypeError(found.code)
    return found
