"""Recalls for pages: the list, and one with who has read of it and who not yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import from_us, to_us
from cirt.kernel.db import UtcDateTime
from cirt.kernel.work import Work
from cirt.objects.index import called
from cirt.objects.models import ObjectFacts, ObjectVersion, StixObject
from cirt.parties.models import Account, Person
from cirt.register.pages import Query
from cirt.release.handing.queries import HandoverLine, mails_of_recalls
from cirt.release.holdings.queries import holds_of
from cirt.release.models import Feed, FeedRow, ProposalObject, ProposalState
from cirt.release.paging import PAGE, NamedPage, page_around, read_place
from cirt.release.reach import ReachLine, reach, reaches, spread
from cirt.release.recalling.letters.queries import LetterLine, letters_of
from cirt.release.recalling.models import LetterState, PeerLetter, Recall, RecallKind
from cirt.release.recalling.rights import may_recall
from cirt.release.recalling.service import left_of
from cirt.release.requests import get_proposal
from cirt.sharing.narrow import visible_facts
from cirt.sharing.queries import staff_reader


@dataclass(frozen=True, slots=True)
class Told:
    """A peer to which the object went. ``read_at``: when it fetched the revocation; owed: it waits there for it."""

    peer: str
    slug: str
    peer_id: int
    read_at: datetime | None
    is_owed: bool


@dataclass(frozen=True, slots=True)
class RecallView:
    """One recall. ``may_act``: letters may be sent by whoever looks."""

    id: int
    version_id: int | None
    kind: RecallKind
    at: datetime
    by: str | None
    reason: str
    told: list[Told]
    letters: list[LetterLine]
    mails: list[HandoverLine]  # to named persons who had it by mail
    may_act: bool

    @property
    def waiting(self) -> list[Told]:
        return [each for each in self.told if each.is_owed]


@dataclass(frozen=True, slots=True)
class RecallLine:
    stix_id: str
    name: str | None
    kind: RecallKind
    at: datetime
    by: str | None
    offered: int  # revocations that stand in feeds
    unread: int  # and were not fetched
    letters: int  # that wait for a person


def recalls_of(
    work: Work, object_id: int, lines: Sequence[ReachLine] | None = None
) -> list[RecallView]:
    """The youngest first; most objects have none."""
    query = (
        sa.select(Recall, Person.name)
        .outerjoin(Account, Account.id == Recall.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(Recall.object_id == object_id)
        .order_by(Recall.at.desc(), Recall.id.desc())
    )
    rows = work.session.execute(query).all()
    if not rows:
        return []
    told = _told(reach(work, object_id) if lines is None else lines)
    mails = mails_of_recalls(work, object_id)
    letters = letters_of(work.session, PeerLetter.recall_id.in_([row.Recall.id for row in rows]))
    may_act = may_recall(work, object_id)
    return [
        RecallView(
            id=recall.id,
            version_id=recall.version_id,
            kind=recall.kind,
            at=recall.at,
            by=name,
            reason=recall.reason,
            told=told if recall.version_id is not None else [],
            letters=[each for each in letters if each.recall_id == recall.id],
            mails=mails.get(recall.version_id or 0, []),
            may_act=may_act,
        )
        for recall, name in rows
    ]


def _told(lines: Sequence[ReachLine]) -> list[Told]:
    """Those who had it, by name; by whatever way they were told first. Persons who had it by mail are told by mail."""
    lines = [line for line in lines if line.is_of_peer]
    of_all = spread(lines)
    found: dict[str, Told] = {}
    for line in lines:
        if line.peer not in of_all.have:
            continue
        mine = [each for each in lines if each.peer == line.peer]
        read = [each.newest.at for each in mine if each.knows and each.newest]
        found[line.peer] = Told(
            line.peer,
            line.slug,
            line.peer_id,
            min(read, default=None),
            line.peer in of_all.not_told,
        )
    return list(found.values())


def recall_page(work: Work, cursor: str = "") -> NamedPage[RecallLine]:
    """The youngest first; only of objects that the reader may see. Cursors are a date and a STIX id, no row's number."""
    shown = visible_facts(staff_reader(work.actor), None, work.now)
    query = _lines(shown).where(shown)
    place = read_place(cursor)
    backward = place is not None and place.backward
    key = sa.tuple_(Recall.at, StixObject.stix_id)
    if place is not None:
        at = sa.literal(from_us(place.at_us), UtcDateTime())
        there = sa.tuple_(at, sa.literal(place.name, sa.String))
        query = query.where(key > there if backward else key < there)
    order: list[sa.SQLColumnExpression[Any]] = [Recall.at, StixObject.stix_id]
    sorting = [each.asc() if backward else each.desc() for each in order]
    found = work.session.execute(query.order_by(*sorting).limit(PAGE + 1)).all()
    return page_around(
        found,
        place,
        lambda row: (to_us(row.at), row.stix_id),
        lambda rows: _with_unread(work, rows),
    )


def _with_unread(work: Work, rows: Sequence[sa.Row[Any]]) -> list[RecallLine]:
    """Pages that were answered a moment ago count; a peer that fetched it in one collection has it."""
    holds = holds_of(work.session, {row.object_id for row in rows if row.offered})
    lines = []
    for row in rows:
        mine = holds.get(row.object_id, [])
        owed = {hold.peer_id for hold in mine if hold.owed}
        got = {
            hold.peer_id
            for hold in mine
            for each in hold.got
            if hold.is_of_peer and each.version_id == row.version_id
        }
        lines.append(
            RecallLine(
                row.stix_id,
                row.name,
                row.kind,
                row.at,
                row.by,
                row.offered,
                len(owed - got),
                row.letters,
            )
        )
    return lines


def _lines(shown: sa.ColumnElement[bool]) -> Query:
    standing = (
        sa.select(sa.func.count(sa.distinct(Feed.peer_id)))
        .select_from(FeedRow)
        .join(Feed, Feed.id == FeedRow.feed_id)
        .where(
            FeedRow.object_id == Recall.object_id,
            FeedRow.version_id == Recall.version_id,
            FeedRow.recall.is_(True),
        )
    )
    letters = sa.select(sa.func.count()).where(
        PeerLetter.recall_id == Recall.id, PeerLetter.state == LetterState.PREPARED
    )
    query: Query = (
        sa.select(
            StixObject.stix_id,
            called(shown).label("name"),
            Recall.kind,
            Recall.at,
            Person.name.label("by"),
            standing.correlate(Recall).scalar_subquery().label("offered"),
            letters.correlate(Recall).scalar_subquery().label("letters"),
            Recall.object_id,
            Recall.version_id,
        )
        .select_from(Recall)
        .join(StixObject, StixObject.id == Recall.object_id)
        .join(ObjectVersion, ObjectVersion.id == StixObject.newest_id)
        .join(ObjectFacts, ObjectFacts.id == ObjectVersion.facts_id)
        .outerjoin(Account, Account.id == Recall.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
    )
    return query


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a release that has left: how much was taken back, and who has something of it."""

    objects: int
    gone: int
    left: int
    have: list[str]
    not_told: list[str]


_HAS_LEFT = (ProposalState.RELEASED, ProposalState.RECALLED_IN_PART, ProposalState.RECALLED)


def standing_of(work: Work, reference: str) -> Standing | None:
    """None of a release of which nothing has left.

    Raises:
        NoSuchRelease.
    """
    proposal = get_proposal(work.session, reference)
    if proposal.state not in _HAS_LEFT:
        return None
    named = sa.select(ProposalObject.object_id).where(ProposalObject.proposal_id == proposal.id)
    ids = list(work.session.scalars(named))
    lines = [line for each in reaches(work, ids).values() for line in each]
    left = len(left_of(work.session, proposal.id))
    return Standing(
        objects=len(ids),
        gone=len(ids) - left,
        left=left,
        have=sorted({line.peer for line in lines if line.had_it}),
        not_told=sorted({line.peer for line in lines if line.owed and not line.knows}),
    )
