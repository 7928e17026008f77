"""How strict what came and was not taken is to be kept, by all that its text shows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.among import among
from cirt.kernel.tlp import Tlp
from cirt.objects.glimpse import Glimpse, glimpse
from cirt.objects.markings import strictest
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.objects.resolve import Meanings, meanings

_UNMARKED = Tlp.AMBER


def level_of(session: Session, raw: bytes, stix_id: str | None) -> Tlp | None:
    [level] = levels_of(session, [(glimpse(raw), stix_id)])
    return level


def levels_of(session: Session, pieces: Sequence[tuple[Glimpse, str | None]]) -> list[Tlp | None]:
    """Of each the strictest of what it says itself and what is known of its object; None: nobody can say yet."""
    known = meanings(session, [], chain.from_iterable(seen.refs for seen, _ in pieces))
    named = {stix_id for _, stix_id in pieces if stix_id and stix_id.isascii()}
    here = _here(session, {stix_id for stix_id in named if stix_id.isprintable()})
    return [_level(seen, known, here[stix_id or ""]) for seen, stix_id in pieces]


def _level(seen: Glimpse, known: Meanings, here: Sequence[Tlp]) -> Tlp | None:
    if any(ref not in known and ref not in seen.stated for ref in seen.refs):
        return None
    said = [known.get(ref) for ref in seen.refs]
    return strictest([*said, *seen.stated.values(), *here]) or _UNMARKED


def _here(session: Session, stix_ids: set[str]) -> Mapping[str, list[Tlp]]:
    found: dict[str, list[Tlp]] = defaultdict(list)
    query = (
        sa.select(StixObject.stix_id, ObjectFacts.tlp)
        .join(ObjectVersion, ObjectVersion.object_id == StixObject.id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .where(among(StixObject.stix_id, stix_ids))
        .distinct()
    )
    for stix_id, tlp in session.execute(query) if stix_ids else ():
        found[stix_id].append(tlp)
    return found
