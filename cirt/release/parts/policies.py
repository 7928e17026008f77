"""What a part keeps of the markings of what it is made of: PAP, policies and statements, all but the TLP."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Work
from cirt.objects import codec
from cirt.objects.codec import StixObject
from cirt.objects.definitions import texts_of
from cirt.objects.markings import PAP_IDS, PAP_REFS, TLP_IDS, strictest, tlp_of_definition
from cirt.objects.models import StixObject as ObjectRow
from cirt.register.facts.carrying import Counted, carried, counted_around
from cirt.release.parts.originals import Original
from cirt.release.parts.rules import Carried
from cirt.sharing.gate import release
from cirt.sharing.queries import staff_reader
from cirt.sharing.uses import implied_pap


def carried_by(work: Work, chosen: Sequence[Original], tlp: Tlp) -> dict[str, Carried]:
    """By STIX id, what a part so marked of each keeps: nothing more may be done with it than with any of its origins."""
    around = counted_around(work, [each.object_id for each in chosen])
    named = {each.stix_id: _refs(each) for each in chosen}
    definitions = _definitions(work, {ref for refs in named.values() for ref in refs})
    return {
        each.stix_id: _carried(
            [_counted(each), *around.get(each.object_id, ())], tlp, named[each.stix_id], definitions
        )
        for each in chosen
    }


def _counted(original: Original) -> Counted:
    return Counted(original.pap or implied_pap(original.tlp), original.pap is not None)


def _refs(original: Original) -> list[str]:
    """Without TLP and PAP; what marked a part of it marks the whole, for what it selected may be gone."""
    read = codec.read(original.raw)
    if isinstance(read, codec.Refusal):
        return []
    refs = dict.fromkeys(read.marking_refs + read.granular_refs)
    return [ref for ref in refs if ref not in TLP_IDS and ref not in PAP_IDS]


def _definitions(work: Work, refs: Iterable[str]) -> dict[str, StixObject]:
    query = sa.select(ObjectRow.newest_id).where(among(ObjectRow.stix_id, sorted(refs)))
    version_ids = [each for each in work.session.scalars(query) if each is not None]
    found = release(work, staff_reader(work.actor), None, version_ids) if version_ids else []
    read = [codec.read(each.body) for each in found]
    return {one.stix_id: one for one in read if not isinstance(one, codec.Refusal)}


def _carried(
    origins: Sequence[Counted],
    tlp: Tlp,
    refs: Sequence[str],
    definitions: Mapping[str, StixObject],
) -> Carried:
    pap = carried(origins, tlp)
    said = [definitions[ref] for ref in refs if ref in definitions]
    return Carried(
        refs=(*([PAP_REFS[pap.value]] if pap else []), *refs),
        pap=pap,
        names=tuple(one.name or one.stix_id for one in said),
        texts=tuple(texts_of(said)),
        tlp=strictest(tlp_of_definition(one.content()) for one in said),
    )
