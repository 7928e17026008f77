"""What would become of versions, were they released: for the members of collections, and for named persons; nothing leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.sharing.facts import NamedReader
from cirt.sharing.judging import Question, judge
from cirt.sharing.queries import peer_readers
from cirt.sharing.standing import load
from cirt.sharing.verdicts import Decision


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who read one collection."""

    collection_id: int
    kind: str
    peer_ids: Sequence[int]


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """What would become of one version for one recipient in one collection, were it released."""

    version_id: int
    collection_id: int
    peer_id: int
    decision: Decision
    agreement: str | None  # reference and version of the terms, such as MOU-2026-0001 v2


@dataclass(frozen=True, slots=True)
class NamedRow:
    """What would become of one version for one named person, were it released to them."""

    version_id: int
    person_id: int
    peer_id: int
    fingerprint: str  # of the key for which it would be encrypted
    decision: Decision
    agreement: str | None  # reference and version of the terms, such as MOU-2026-0001 v2


def preview(
    work: Work,
    version_ids: Sequence[int],
    audiences: Sequence[Audience],
    *,
    sector: str | None = None,
) -> list[PreviewRow]:
    """What a release of these into these collections would do, row by row; nothing leaves.

    ``sector`` is what the release states. Nobody has posted these anywhere: a peer's objects need its
    permission, also for a shared collection.
    """
    loaded = load(work.connection, version_ids)
    everybody = {peer_id for audience in audiences for peer_id in audience.peer_ids}
    readers = peer_readers(work.session, everybody, work.now)
    rows: list[PreviewRow] = []
    for audience in audiences:
        for reader in (readers[peer_id] for peer_id in audience.peer_ids):
            question = Question(reader, audience.kind, work.now)
            decisions = judge(loaded, question, sector=sector)
            place, terms = (audience.collection_id, reader.peer_id), reader.agreement
            rows += [
                PreviewRow(each, *place, decisions[each], terms)
                for each in version_ids
                if each in decisions
            ]
    return rows


def preview_named(
    work: Work,
    version_ids: Sequence[int],
    readers: Iterable[NamedReader],
    *,
    sector: str | None = None,
) -> list[NamedRow]:
    """What a release of these to these persons would do. ``sector`` is what the release states."""
    loaded = load(work.connection, version_ids)
    rows: list[NamedRow] = []
    for reader in readers:
        decisions = judge(loaded, Question(reader, None, work.now), sector=sector)
        who, terms = (reader.person_id, reader.peer.peer_id, reader.key), reader.peer.agreement
        rows += [
            NamedRow(each, *who, decisions[each], terms)
            for each in version_ids
            if each in decisions
        ]
    return rows
