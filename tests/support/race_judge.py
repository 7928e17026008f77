"""What came of raced pairs: read from the audit trail and the ledger by plain statements, nothing of the product's own
answers or states is asked.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from cirt.kernel.program import Program
from tests.support.race import Act, Pair


class Line(NamedTuple):
    seq: int
    actor: str
    facts: dict[str, object]


@dataclass(slots=True)
class Found:
    """Over all pairs: how many were released, how often the approval and how often the other act came first, and all
    that is wrong.
    """

    pairs: int = 0
    released: int = 0
    approval_first: Counter[Act] = field(default_factory=Counter)
    other_first: Counter[Act] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Books:
    """Trail and ledger as they stand."""

    trail: dict[tuple[str, str], list[Line]]  # by act and subject, in order
    entries: dict[tuple[str, str], int]  # by object and collection
    offers: dict[tuple[str, str], int]  # by object and peer

    def lines(self, act: str, subject: str) -> list[Line]:
        return self.trail.get((act, subject), [])


def read_books(program: Program) -> Books:
    trail: dict[tuple[str, str], list[Line]] = defaultdict(list)
    with program.engine.connect() as connection:
        for row in connection.execute(_TRAIL):
            line = Line(row.seq, row.actor_name, json.loads(row.facts))
            trail[row.act, row.subject].append(line)
        entries = {(row[0], row[1]): row[2] for row in connection.execute(_ENTRIES)}
        offers = {(row[0], row[1]): row[2] for row in connection.execute(_OFFERS)}
    return Books(dict(trail), entries, offers)


_TRAIL = sa.text("SELECT seq, act, subject, actor_name, facts FROM audit_entry ORDER BY seq")
_ENTRIES = sa.text(
    "SELECT o.stix_id, c.alias, count(*) FROM collection_entry e JOIN stix_object o ON o.id = e.object_id"
    " JOIN collection c ON c.id = e.collection_id GROUP BY o.stix_id, c.alias"
)
_OFFERS = sa.text(
    "SELECT o.stix_id, p.slug, count(*) FROM feed_row r JOIN stix_object o ON o.id = r.object_id"
    " JOIN feed f ON f.id = r.feed_id JOIN peer p ON p.id = f.peer_id GROUP BY o.stix_id, p.slug"
)


def judge(program: Program, pairs: Sequence[Pair]) -> Found:
    found, books = Found(), read_books(program)
    for pair in pairs:
        published = books.lines("release.publish", pair.reference)
        found.pairs += 1
        found.released += len(published)
        first = found.approval_first if _approval_came_first(books, pair) else found.other_first
        first[pair.act] += 1
        found.wrong += [
            f"{pair.act} {pair.number}: {one}" for one in _faults(books, pair, published)
        ]
    return found


def _approval_came_first(books: Books, pair: Pair) -> bool:
    """Of two approvals, that of the one who is on the side of the approval in the other kinds."""
    if pair.act is not Act.APPROVE:
        return bool(books.lines("release.publish", pair.reference))
    raced = books.lines("release.approve", pair.reference)[pair.given :]
    return bool(raced) and raced[0].actor == "Irena"


def _faults(books: Books, pair: Pair, published: Sequence[Line]) -> Iterator[str]:
    if len(published) > 1:
        yield "published twice"
    entries = books.entries.get((pair.stix_id, pair.room.alias), 0)
    offers = books.offers.get((pair.stix_id, pair.room.peer), 0)
    if entries != len(published):
        yield f"stands {entries} times in the collection, published {len(published)} times"
    if offers != len(published):
        yield f"offered {offers} times to its first member, published {len(published)} times"
    if published:
        yield from _faults_of_release(books, pair, published[0].seq)
    elif pair.act is Act.APPROVE:
        yield "of two approvals none published"
    elif _other_act(books, pair) is None:
        yield "neither act came about"


def _faults_of_release(books: Books, pair: Pair, published: int) -> Iterator[str]:
    approved = [
        line.actor
        for line in books.lines("release.approve", pair.reference)
        if line.seq < published and line.facts["digest"] == pair.digest
    ]
    if len(approved) != pair.needed or len(set(approved)) != pair.needed:
        yield f"published with the approvals of {approved}, needed {pair.needed}"
    if "Tomas" in approved:
        yield "approved by who asked"
    other = _other_act(books, pair)
    if other is not None and (other < published or pair.act is Act.WITHDRAW):
        yield f"stale: line {other} of the trail stands before the release, line {published}"


def _other_act(books: Books, pair: Pair) -> int | None:
    """The line of the act beside the approval, where it came about."""
    if pair.act is Act.APPROVE:
        return None
    act, subject = {
        Act.ROLE: ("race.role", pair.reference),
        Act.EDIT: ("race.edit", pair.stix_id),
        Act.WITHDRAW: ("release.withdraw", pair.reference),
        Act.AGREEMENT: ("agreement.end", pair.room.agreement),
        Act.MEMBER: ("member.add", pair.room.alias),
    }[pair.act]
    lines = books.lines(act, subject)
    if pair.act is Act.MEMBER:  # the first member is from before the request
        lines = [line for line in lines if line.facts["peer"] == pair.late]
    return lines[0].seq if lines else None
