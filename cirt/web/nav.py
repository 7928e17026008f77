"""The sections of the desk, each shown only to those who may open it, with what waits there for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from cirt.exchange.loops.alarms import alarms_standing
from cirt.exchange.queries import lines_in_trouble
from cirt.kernel.text import mark
from cirt.kernel.work import Actor, Work
from cirt.parties.four_eyes.models import RequestState
from cirt.register.models import IS_WAITING, Report
from cirt.register.pages import Count, counted_rows
from cirt.register.sight import sees_report
from cirt.release.membership.models import MemberRequest
from cirt.release.models import Proposal, ProposalState
from cirt.sharing.agreements.models import AgreementChange
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


# Sections without an entry of their own, and where they are reached from.
_WITHIN = {
    "playbooks": "incidents",
    "bin": "incidents",
    "exports": "indicators",
    "warning": "indicators",
    "agreements": "peers",
    "agreement_persons": "peers",
    "withheld": "peers",
    "permissions": "peers",
    "ledger": "peers",
    "agreement_report": "peers",
}


def shown_in(section: str) -> str:
    """The entry that is marked as the present one."""
    return _WITHIN.get(section, section)


def items_for(actor: Actor) -> list[Item]:
    return [item for item in ITEMS if any(actor.may(right) for right in SECTIONS[item.section])]


def counters(work: Work) -> Mapping[str, Counter]:
    """By section, of what the reader may see; sections without anything waiting are absent."""
    each = [Count(found) for found in work.session.execute(_counting(work.actor)).one()]
    found = {
        "triage": Counter(each[0], mark("waiting")),
        "release": Counter(each[1], mark("to decide")),
        "peers": Counter(each[2], mark("to decide")),
        "sync": _sync(each[3], each[4]),
    }
    return {section: counter for section, counter in found.items() if counter.count}


@lru_cache(maxsize=256)
def _counting(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Made once for each who asks: it takes longer to make than to run."""
    waiting = sa.select(Report.id).where(IS_WAITING, sees_report(actor))
    asked = sa.select(Proposal.id).where(Proposal.state == ProposalState.ASKED)
    each = (waiting, asked, _of_agreements(), lines_in_trouble(), alarms_standing())
    return sa.select(*map(counted_rows, each))


def _sync(in_trouble: int, alarms: int) -> Counter:
    words = mark("links in trouble and alarms of loops") if alarms else mark("links in trouble")
    return Counter(in_trouble + alarms, words, hot=True)


def _of_agreements() -> sa.Select[int]:
    """Changes and members that wait for a second person."""
    changes = sa.select(AgreementChange.id).where(AgreementChange.state == RequestState.ASKED)
    members = sa.select(MemberRequest.id).where(MemberRequest.state == RequestState.ASKED)
    both = sa.union_all(changes, members).subquery()
    return sa.select(both.c.id)
