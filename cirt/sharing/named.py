"""What would become of versions for persons whom agreements name; nothing leaves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cirt.kernel.work import Work
from cirt.sharing.facts import NamedReader
from cirt.sharing.standing import Question, judge, load
from cirt.sharing.verdicts import Decision


@dataclass(frozen=True, slots=True)
class NamedRow:
    """What would become of one version for one named person, were it released to them."""

    version_id: int
    person_id: int
    peer_id: int
    fingerprint: str  # of the key for which it would be encrypted
    decision: Decision
    agreement: str | None  # reference and version of the terms, such as MOU-2026-0001 v2


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
        terms = reader.peer.terms
        agreement = f"{terms.reference} v{terms.version}" if terms else None
        decisions = judge(loaded, Question(reader, None, work.now), sector=sector)
        rows += [
            NamedRow(
                each,
                reader.person_id,
                reader.peer.peer_id,
                reader.key,
                decisions[each],
                agreement,
            )
            for each in version_ids
            if each in decisions
        ]
    return rows
