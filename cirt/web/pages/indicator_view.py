"""One indicator with all that is known of it, as far as its reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from cirt.exchange.loops.disputes import is_disputed
from cirt.exchange.remarks.queries import Remarks, remarks_of
from cirt.exchange.remarks.relating import RelationLine, relations_of
from cirt.exchange.remarks.sightings import Sightings, sightings_of
from cirt.kernel.clock import to_us
from cirt.kernel.errors import NotFound
from cirt.kernel.work import Work
from cirt.objects import codec, index
from cirt.objects.catalogue import Life, last_names, life_of
from cirt.objects.index import Listed
from cirt.objects.observables.kinds import Observable
from cirt.objects.ways import Passage, passages
from cirt.parties.models import Peer
from cirt.parties.peers import ourselves, peers
from cirt.register.queries import IncidentHit, ReportHit, incidents_of_object, known_of
from cirt.release.reach import ReachLine, ReleaseRef, Spread, reach, releases_of, spread
from cirt.release.recalling.queries import RecallView, recalls_of
from cirt.sharing.gate import show
from cirt.sharing.narrow import visible_facts
from cirt.sharing.permissions.queries import PermissionLine, permissions_for
from cirt.sharing.queries import staff_reader
from cirt.sharing.red import shown_objects

_OTHERS = 20  # lines of what others say


@dataclass(frozen=True, slots=True)
class _Said:
    """Another object on the same observable."""

    listed: Listed
    source: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Incidents that it was made from or that name what it looks for, and reports that do; each once.

    ``related`` name a domain or host that what it looks for lies within.
    """

    incidents: list[IncidentHit]
    reports: list[ReportHit]
    related: list[IncidentHit | ReportHit]
    is_common: bool  # what it looks for is on the warning list, and not matched


@dataclass(frozen=True, slots=True)
class Indicator:
    """One object with everything its page tells."""

    listed: Listed
    life: Life
    title: str
    observables: list[Observable]
    content: dict[str, Any]
    source: Peer | None
    author: str
    is_ours: bool
    mentions: Mentions
    others: list[_Said]
    sightings: Sightings
    remarks: Remarks
    relations: list[RelationLine]
    passages: list[Passage]
    peers: Mapping[int, Peer]
    is_disputed: bool
    reach: list[ReachLine]
    spread: Spread
    recalls: list[RecallView]
    releases: list[ReleaseRef]
    versions: int
    permits: list[PermissionLine]

    @property
    def seen_by(self) -> int:
        """Peers among the sightings shown that saw it themselves."""
        return len(self.sightings.witnesses)

    @property
    def about(self) -> list[str]:
        """The objects that a note, an opinion or a sighting speaks of; many are cut short."""
        said = self.content
        refs = (
            [said["sighting_of_ref"]] if "sighting_of_ref" in said else said.get("object_refs", [])
        )
        return list(refs)[:_OTHERS] if self.listed.type in ("note", "opinion", "sighting") else []

    @property
    def to_release(self) -> list[str]:
        """What a release of it names; of a sighting also the identity of where it was."""
        where = self.content.get("where_sighted_refs", []) if self.is_ours else []
        return [
            self.listed.stix_id,
            *(each for each in where if each != self.content["created_by_ref"]),
        ]

    @property
    def fetched(self) -> list[str]:
        return self.spread.have


def look_up(work: Work, stix_id: str) -> Indicator:
    """
    Raises:
        NotFound: there is none, or the actor may not see it.
    """
    session, now_us = work.session, to_us(work.now)
    listed = index.find_listed(session, stix_id, shown_objects(work))
    if listed is None:
        raise NotFound
    content, observables = _content(work, listed)
    named = {peer.id: peer for peer in peers(session)}
    team = ourselves(session)
    lines = reach(work, listed.object_id)
    return Indicator(
        listed=listed,
        life=life_of(listed, now_us),
        title=_title(session, listed, observables),
        observables=observables,
        content=content,
        source=named.get(listed.brought_by_id or 0),
        author=_author(content.get("created_by_ref"), team.identity_id, team.name, named),
        is_ours=listed.brought_by_id is None and content.get("created_by_ref") == team.identity_id,
        mentions=_mentions(work, listed, observables),
        others=[
            _Said(each, named[each.brought_by_id].name if each.brought_by_id else team.name)
            for each in _others(work, listed, observables)
        ],
        sightings=sightings_of(work, stix_id),
        remarks=remarks_of(work, stix_id),
        relations=relations_of(work, stix_id),
        passages=passages(session, listed.version_id),
        peers=named,
        is_disputed=is_disputed(session, listed.version_id),
        reach=lines,
        spread=spread(lines),
        recalls=recalls_of(work, listed.object_id, lines),
        releases=releases_of(work, listed.object_id),
        versions=len(index.versions_of(session, listed.object_id)),
        permits=permissions_for(session, listed.object_id, listed.brought_by_id),
    )


def _mentions(work: Work, listed: Listed, observables: list[Observable]) -> Mentions:
    known = known_of(work, observables, as_indicator=True).values()
    made_from = [
        IncidentHit(row.reference, row.title, row.state)
        for row in incidents_of_object(work, listed.object_id)
    ]
    incidents = [*made_from, *(hit for one in known for hit in one.incidents)]
    reports = [hit for one in known for hit in one.reports]
    related: dict[str, IncidentHit | ReportHit] = {}
    for one in known:
        if one.related is not None:
            related |= {hit.reference: hit for hit in one.related.incidents}
            related |= {hit.reference: hit for hit in one.related.reports}
    return Mentions(
        incidents=list({hit.reference: hit for hit in incidents}.values()),
        reports=list({hit.reference: hit for hit in reports}.values()),
        related=list(related.values()),
        is_common=any(one.is_common for one in known),
    )


def _others(work: Work, listed: Listed, observables: list[Observable]) -> list[Listed]:
    """Other objects on the same observables; not all where they are many."""
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    keys = index.keys_meeting(work.session, observables)
    found = {
        match.found.object_id: match.found
        for match in index.matching(work.session, keys, to_us(work.now), shown)
    }
    found.pop(listed.object_id, None)
    return list(found.values())[:_OTHERS]


def _content(work: Work, listed: Listed) -> tuple[dict[str, Any], list[Observable]]:
    """What the newest version says, revoked or not, and what it looks for."""
    read = codec.read(show(work, listed.version_id).body)
    if isinstance(read, codec.Refusal):
        return {}, []
    return read.content(), list(read.observables)


def _title(session: Session, listed: Listed, observables: list[Observable]) -> str:
    if len(observables) == 1:
        return observables[0].value
    names = last_names(session, [listed.object_id])
    return listed.name or names.get(listed.object_id) or listed.stix_id


def _author(ref: str | None, own: str, team: str, named: dict[int, Peer]) -> str:
    if ref == own:
        return team
    return next(
        (peer.name for peer in named.values() if ref and peer.identity_id == ref), ref or ""
    )
