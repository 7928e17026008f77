"""Who would get what and why, and what leaves and stays by kind: the two tables of a release page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.text import mark
from cirt.objects.models import ObjectObservable
from cirt.objects.observables.kinds import Kind
from cirt.parties.models import Peer
from cirt.release.offers import chunks
from cirt.release.weighing import Asked, Row, Weighed
from cirt.sharing.agreements.persons import named_readers
from cirt.sharing.previewing import NamedRow, PreviewRow
from cirt.sharing.verdicts import Decision

Who: TypeAlias = tuple[str, int]  # a peer or a person, by id

_FILE = frozenset(
    {
        Kind.MD5,
        Kind.SHA1,
        Kind.SHA256,
        Kind.SHA512,
        Kind.SSDEEP,
        Kind.TLSH,
        Kind.FILE_NAME,
        Kind.FILE_PATH,
    }
)
_NETWORK = frozenset(
    {
        Kind.IPV4,
        Kind.IPV6,
        Kind.DOMAIN,
        Kind.URL,
        Kind.EMAIL,
        Kind.MAC,
        Kind.ASN,
        Kind.USER_AGENT,
        Kind.SERIAL,
    }
)
_BY_MARKING = frozenset({"ceiling", "table-no", "red-to-organisations"})
KIND_LABELS = {
    "indicator-network": mark("Indicators, network"),
    "indicator-file": mark("Indicators, file"),
    "indicator": mark("Indicators, other"),
    "sighting": mark("Sightings"),
    "relationship": mark("Relationships between them"),
}


@dataclass(frozen=True, slots=True)
class Because:
    """One reason and for how many objects it speaks; ``decision.sentence`` with its values says it."""

    decision: Decision
    count: int

    @property
    def leaves(self) -> bool:
        return self.decision.lets_leave()


@dataclass(frozen=True, slots=True)
class PeerLine:
    peer_id: int
    slug: str
    name: str
    gets: int  # objects
    agreement: str | None
    reasons: list[Because]  # the most frequent first

    @property
    def held_by_marking(self) -> bool:
        """Whether a lower marking would help."""
        return any(not each.leaves and each.decision.rule in _BY_MARKING for each in self.reasons)


@dataclass(frozen=True, slots=True)
class KindLine:
    """Objects of one kind with one fate. ``except_for``: peers that do not get all of them."""

    kind: str  # in KIND_LABELS, else the STIX type
    count: int
    leaves: bool
    except_for: list[str]
    reasons: list[Because]  # why they stay, or stay from some


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A named person of a peer; what they get goes by mail, encrypted for the key of this fingerprint."""

    person_id: int
    name: str
    email: str
    peer: str
    fingerprint: str
    gets: int
    agreement: str | None
    reasons: list[Because]


def peer_lines(session: Session, weighed: Weighed) -> list[PeerLine]:
    """Those who get something first. In several collections the mildest verdict on an object counts."""
    best: dict[int, dict[int, PreviewRow]] = defaultdict(dict)
    for row in weighed.rows:
        held = best[row.peer_id].get(row.version_id)
        if held is None or _strictness(row) < _strictness(held):
            best[row.peer_id][row.version_id] = row
    peers = {each.id: each for each in session.scalars(sa.select(Peer).where(Peer.id.in_(best)))}
    lines = [_peer_line(peers[peer_id], list(rows.values())) for peer_id, rows in best.items()]
    return sorted(lines, key=lambda line: (-line.gets, line.name))


def _peer_line(peer: Peer, rows: Sequence[PreviewRow]) -> PeerLine:
    return PeerLine(
        peer_id=peer.id,
        slug=peer.slug,
        name=peer.name,
        gets=sum(row.decision.lets_leave() for row in rows),
        agreement=next((row.agreement for row in rows if row.agreement), None),
        reasons=_reasons(rows),
    )


def _strictness(row: PreviewRow) -> int:
    return row.decision.verdict.strictness


def _reasons(rows: Iterable[Row]) -> list[Because]:
    counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    decisions: dict[tuple[str, tuple[tuple[str, str], ...]], Decision] = {}
    for row in rows:
        key = row.decision.rule, tuple(sorted(row.decision.values.items()))
        counts[key] += 1
        decisions[key] = row.decision
    return [Because(decisions[key], count) for key, count in counts.most_common()]


def person_lines(session: Session, weighed: Weighed, now: datetime) -> list[PersonLine]:
    """Those who get something first."""
    rows: dict[int, list[NamedRow]] = defaultdict(list)
    for row in weighed.hands:
        rows[row.person_id].append(row)
    readers = named_readers(session, rows, now) if rows else {}
    lines = [
        PersonLine(
            person_id=person_id,
            name=readers[person_id].name,
            email=readers[person_id].email,
            peer=readers[person_id].peer.name,
            fingerprint=several[0].fingerprint,
            gets=sum(row.decision.lets_leave() for row in several),
            agreement=next((row.agreement for row in several if row.agreement), None),
            reasons=_reasons(several),
        )
        for person_id, several in rows.items()
    ]
    return sorted(lines, key=lambda line: (-line.gets, line.peer, line.name))


def kind_lines(
    session: Session, weighed: Weighed, peers: Sequence[PeerLine], persons: Sequence[PersonLine]
) -> list[KindLine]:
    """What leaves and what stays, by kind. ``peers`` and ``persons`` are those of the other table, with their names."""
    kinds = _kinds(session, weighed.objects)
    rows: dict[int, list[tuple[Who, Row]]] = defaultdict(list)
    for row in weighed.every:
        rows[row.version_id].append((_who(row), row))
    getting = {_who(row) for row in weighed.every if row.decision.lets_leave()}
    groups: dict[tuple[str, bool, frozenset[Who]], list[int]] = defaultdict(list)
    for each in weighed.objects:
        gets = {who for who, row in rows[each.version_id] if row.decision.lets_leave()}
        without = frozenset(getting - gets) if gets else frozenset[Who]()
        groups[kinds[each.version_id], bool(gets), without].append(each.version_id)
    names: dict[Who, str] = {("peer", line.peer_id): line.name for line in peers}
    names |= {("person", line.person_id): line.name for line in persons}
    lines = [
        KindLine(
            kind=kind,
            count=len(version_ids),
            leaves=leaves,
            except_for=sorted(names[each] for each in without),
            reasons=_reasons(
                row
                for version_id in version_ids
                for who, row in rows[version_id]
                if not row.decision.lets_leave() and (not leaves or who in without)
            ),
        )
        for (kind, leaves, without), version_ids in groups.items()
    ]
    return sorted(lines, key=lambda line: (not line.leaves, -line.count, line.kind))


def _who(row: Row) -> Who:
    return ("person", row.person_id) if isinstance(row, NamedRow) else ("peer", row.peer_id)


def _kinds(session: Session, objects: Sequence[Asked]) -> dict[int, str]:
    indicators = [each.object_id for each in objects if each.type == "indicator"]
    seen: dict[int, set[Kind]] = defaultdict(set)
    for part in chunks(indicators):
        rows = session.execute(
            sa.select(ObjectObservable.object_id, ObjectObservable.kind)
            .where(ObjectObservable.object_id.in_(part))
            .distinct()
        )
        for object_id, kind in rows:
            seen[object_id].add(kind)
    return {each.version_id: _kind(each, seen[each.object_id]) for each in objects}


def _kind(asked: Asked, seen: set[Kind]) -> str:
    if asked.type != "indicator":
        return asked.type
    if seen & _FILE:
        return "indicator-file"
    return "indicator-network" if seen & _NETWORK else "indicator"
