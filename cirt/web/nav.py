"""The sections of the desk, each shown only to those who may open it, with what waits there for a person."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cirt.kernel.text import mark
from cirt.kernel.work import Actor
from cirt.register.models import Report, ReportState
from cirt.release.models import Proposal, ProposalState
from cirt.web.access import SECTIONS


@dataclass(frozen=True, slots=True)
class Counter:
    """How many wait, and in words what they wait for; hot where it is a fault."""

    count: int
    words: str
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    section: str
    label: str
    endpoint: str


ITEMS = (
    Item("desk", mark("Desk"), "desk.desk"),
    Item("triage", mark("Triage"), "triage.queue"),
    Item("incidents", mark("Incidents"), "incidents.incidents"),
    Item("indicators", mark("Indicators"), "indicators.indicators"),
    Item("release", mark("Release"), "release.releases"),
    Item("peers", mark("Peers"), "peers.peers"),
    Item("sync", mark("Sync"), "sync.health"),
    Item("admin", mark("Admin"), "admin.home"),
)


def items_for(actor: Actor) -> list[Item]:
    return [item for item in ITEMS if any(actor.may(right) for right in SECTIONS[item.section])]


def counters(session: Session) -> Mapping[str, Counter]:
    """By section; sections without anything waiting are absent."""
    waiting = _count(session, Report.id, Report.state == ReportState.RECEIVED)
    asked = _count(session, Proposal.id, Proposal.state == ProposalState.ASKED)
    found = {
        "triage": Counter(waiting, mark("waiting")),
        "release": Counter(asked, mark("to decide")),
    }
    return {section: counter for section, counter in found.items() if counter.count}


def _count(
    session: Session, column: sa.orm.InstrumentedAttribute[int], condition: sa.ColumnElement[bool]
) -> int:
    return session.scalar(sa.select(sa.func.count(column)).where(condition)) or 0
