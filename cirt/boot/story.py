"""The demo's day: a phishing wave meets two neighbouring countries within a day.

Everything is invented; addresses are from the ranges kept for documentation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.boot.stage import HANDLER, LEAD, TRIAGE, Stage, Team
from cirt.boot.year import DAYS
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.observables.kinds import Kind
from cirt.parties.accounts import AddAccount, add_account
from cirt.parties.peers import PeerFacts, add_peer, ourselves, set_credentials, set_peer
from cirt.parties.roles import ROLE_NAMES
from cirt.register.commands import (
    AcceptReport,
    ClaimReport,
    DecideObservables,
    EditFacts,
    PlaceObservable,
    Promote,
    TakeReport,
    WriteNote,
)
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from cirt.register.constituents.service import add_party
from cirt.register.facts.commands import MoreFacts
from cirt.register.facts.kinds import Pap
from cirt.register.findings import decide_observables
from cirt.register.incidents import edit_facts
from cirt.register.indicators import promote
from cirt.register.intake import take_report
from cirt.register.models import Incident, IncidentObservable, ObservableState, Severity, Side
from cirt.register.notes import write_note
from cirt.register.placing import place_observable
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.relations.service import link_incidents
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.severity.service import score_severity
from cirt.register.sight import get_incident
from cirt.register.triage.claims import claim_report
from cirt.register.triage.decisions import accept_report
from cirt.release.asking import ask_release
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import AskRelease, DecideRelease
from cirt.release.deciding import decide_release
from cirt.release.founding import found
from cirt.release.models import CollectionKind, Ruling
from cirt.release.queries import proposal_view
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement

_DAY = timedelta(hours=26)
_EVERY_S = 10  # so that nobody waits in a demo
OUT, IN = "indicators", "from-peers"  # the same two collections on both sides


@dataclass(frozen=True, slots=True)
class CastMember:
    name: str
    title: str
    email: str
    password: str  # one-time


@dataclass(slots=True)
class Cast:
    members: dict[Team, list[CastMember]] = field(default_factory=dict)


_LURE = """Since this morning our staff get a mail about an unpaid customs fee. It links to
hxxps://customs-fee[.]pay-portal[.]example/login and asks for the mailbox password. Two colleagues typed theirs.
The sender was notice@pay-portal[.]example. Our proxy shows calls to 198.51.100[.]23 right after.
"""

_LOADER = """A clerk opened fee_notice.zip from the same kind of mail. The antivirus names
SHA-256 3f786850e387550fdab836ed7e6dc881de23001b8a1f3a6c0e7a1bd4b1c5a7f2.
The computer is unplugged. Before that it called 203[.]0[.]113[.]77 and cdn-update[.]fee-office[.]example.
"""

_IMPACT = {
    "functional-impact": "minimal-non-critical",
    "observed-activity": "presence",
    "location": "business-network",
    "actor": "criminal",
    "information-impact": "suspected",
    "recoverability": "regular",
    "cross-sector": "energy",
    "potential-impact": "high",
}

_VALDORA_WAITING = (
    (
        5.2,
        "Port Authority of Northquay",
        (
            "Our booking page was slow for an hour last night. The provider saw"
            " many requests from 192.0.2[.]140 and 192.0.2[.]141. It stopped by itself."
        ),
    ),
    (
        2.1,
        "",
        (
            "I got a text message: my parcel waits, pay 1.99 at hxxp://parcel-fee[.]example/track"
            " I did not pay but I opened it on my phone. What should I do?"
        ),
    ),
    (
        0.7,
        "Eastbrook Savings Bank",
        (
            "Another mail with hxxps://customs-fee[.]pay-portal[.]example/login reached"
            " 40 of our customers. One of them called 198.51.100[.]23 her new bank. We blocked both. See headers attached?"
        ),
    ),
)


def tell(
    valdora: Program, meridia: Program, *, year: Callable[[Stage, datetime], object] | None = None
) -> Cast:
    """Set both up, link them, and play the day so far; before it, in Valdora, a year if one is given."""
    cast = Cast()
    stages = []
    for team, program in ((Team.VALDORA, valdora), (Team.MERIDIA, meridia)):
        present = program.clock.now()
        clock = FakeClock(present - _DAY - (timedelta(days=DAYS) if year else timedelta()))
        stage = Stage(team, replace(program, clock=clock), clock, present)
        cast.members[team] = _found(stage)
        stages.append(stage)
    _link(*stages)
    for stage in stages:
        if year and stage.team is Team.VALDORA:
            year(stage, stage.present - _DAY)
        stage.clock.at = stage.present - _DAY
    _day_in_valdora(stages[0])
    _day_in_meridia(stages[1])
    return cast


def _found(stage: Stage) -> list[CastMember]:
    members = []
    with stage.program.work(CONSOLE) as work:
        found(work, name=stage.team.title, country=stage.team.country)
        for name, role in stage.team.people:
            made = add_account(work, AddAccount(stage.team.email(name), name, (role,)))
            members.append(CastMember(name, ROLE_NAMES[role], made.email, made.password or ""))
    return members


def _link(one: Stage, other: Stage) -> None:
    """Record each with the other: peer, account, agreement, collections, links."""
    given = {}
    for here, there in ((one, other), (other, one)):
        with there.program.work(CONSOLE, write=False) as work:
            identity = ourselves(work.session).identity_id
        with here.program.work(CONSOLE) as work:
            facts = PeerFacts(there.team.title, there.team.country, identity=identity)
            peer = add_peer(work, here.program.keys, there.team.slug, facts)
            name, password = set_credentials(work, there.team.slug)
            add_agreement(work, AddAgreement(there.team.slug, ceiling=Tlp.AMBER))
            for alias, title, kind in (
                (OUT, f"Indicators of {here.team.title}", CollectionKind.PUBLISHED),
                (IN, f"To {here.team.title}", CollectionKind.INBOX),
            ):
                add_member(work, add_collection(work, AddCollection(alias, title, kind)), peer)
        given[here.team] = (name, password)
    for here, there in ((one, other), (other, one)):
        name, password = given[there.team]
        url = f"{there.program.settings.base_url}/taxii2/"
        with here.program.work(CONSOLE) as work:
            reach = PeerFacts(discovery_url=url, username=name, password=password)
            set_peer(work, here.program.keys, there.team.slug, reach)
            for remote, direction in ((OUT, LinkDirection.PULL), (IN, LinkDirection.PUSH)):
                add_link(work, AddLink(there.team.slug, remote, direction, every_s=_EVERY_S))


def _day_in_valdora(stage: Stage) -> None:
    """A loader handled and shared, a second incident begun, three reports waiting."""
    stage.clock.forward(hours=1)
    loader = _incident(
        stage, _LOADER, "Northgrid Energy", "Loader from a false customs notice", Severity.HIGH
    )
    stage.clock.forward(hours=2)
    _let_block(stage, loader)
    _share(stage, loader)
    stage.clock.forward(hours=12)
    lure = _incident(
        stage,
        _LURE,
        "Harbour Water Utility",
        "Customs fee lure takes mail passwords",
        Severity.MEDIUM,
    )
    _judge(stage, loader, lure)
    for hours, organisation, text in _VALDORA_WAITING:
        stage.clock.at = stage.present - timedelta(hours=hours)
        with stage.program.work(CONSOLE) as work:
            take_report(work, TakeReport(text=text, organisation=organisation, language="en"))


def _day_in_meridia(stage: Stage) -> None:
    """The same address was seen there, in an incident of its own."""
    stage.clock.forward(hours=9)
    text = """Our mail gateway let through notices of a customs fee. Two computers then called 198.51.100[.]23
and 203[.]0[.]113[.]77 every minute. Nobody here has business with these addresses."""
    _incident(
        stage,
        text,
        "Meridia Rail",
        "Computers call an unknown address after a fee notice",
        Severity.MEDIUM,
    )
    stage.clock.at = stage.present - timedelta(hours=1)
    with stage.program.work(CONSOLE) as work:
        waiting = "A student found our test server open on port 3389 from 192.0.2[.]200. Is it scanned by others too?"
        take_report(
            work, TakeReport(text=waiting, organisation="Meridia University", language="en")
        )


def _incident(stage: Stage, text: str, organisation: str, title: str, severity: Severity) -> str:
    """A report comes in, is claimed, accepted, and its observables confirmed. The incident's reference."""
    with stage.program.work(CONSOLE) as work:
        report, _ = take_report(
            work, TakeReport(text=text, organisation=organisation, language="en")
        )
    stage.clock.forward(minutes=25)
    with stage.program.work(stage.actor(TRIAGE)) as work:
        report = claim_report(work, ClaimReport(report.reference, report.version))
        accept = AcceptReport(
            reference=report.reference,
            version=report.version,
            title=title,
            rsit_class="fraud",
            rsit_type="phishing",
            severity=severity,
            tlp=Tlp.AMBER,
            reason="Fits the wave that neighbours report.",
        )
        incident = accept_report(work, accept).reference
    stage.clock.forward(minutes=40)
    with stage.program.work(stage.actor(HANDLER)) as work:
        write_note(
            work,
            WriteNote(incident, f"Called {organisation}. They keep the logs of the last 14 days."),
        )
        add_party(work, AddParty(incident, organisation, PartyRole.VICTIM))
    return incident


def _judge(stage: Stage, loader: str, lure: str) -> None:
    """Whose the addresses are, how severe it is, and that the two belong together."""
    with stage.program.work(stage.actor(HANDLER)) as work:
        row = _observables(work, loader)[0]
        place_observable(work, PlaceObservable(loader, row.id, Side.ATTACKER))
        incident = get_incident(work, loader)
        score_severity(
            work,
            ScoreSeverity(
                loader, incident.version, _IMPACT, Severity.HIGH, "An energy supplier is hit."
            ),
        )
        link_incidents(work, LinkIncidents(lure, loader, Wish.RELATED, "The same false notice"))


def _let_block(stage: Stage, incident: str) -> None:
    """What the incident tells may be acted on: its indicators carry that."""
    with stage.program.work(stage.actor(HANDLER)) as work:
        found = get_incident(work, incident)
        facts = found.title, found.rsit_class, found.rsit_type, found.severity, found.tlp
        more = MoreFacts(pap=Pap.GREEN)
        edit_facts(work, EditFacts(incident, found.version, *facts, found.owner_id, more=more))


def _share(stage: Stage, incident: str) -> None:
    """Confirm, promote, ask and approve: what the other side can fetch when the demo starts."""
    handler, lead = stage.actor(HANDLER), stage.actor(LEAD)
    with stage.program.work(handler) as work:
        rows = [row for row in _observables(work, incident) if row.state is ObservableState.OFFERED]
        decide_observables(work, DecideObservables(incident, confirm=tuple(row.id for row in rows)))
    with stage.program.work(handler) as work:
        ids = tuple(
            row.id for row in _observables(work, incident) if row.kind is not Kind.FILE_NAME
        )
        marked = Promote(incident, ids, Tlp.AMBER, valid_days=90, confidence=70)
        made = promote(work, replace(marked, personal=False))  # the sender is the attacker's own
    stage.clock.forward(minutes=10)
    with stage.program.work(handler) as work:
        asked = ask_release(
            work,
            AskRelease(
                title=f"Loader indicators of {incident}",
                reason="The addresses are active; neighbours get the same mails.",
                collections=(find_collection(work.session, OUT).alias,),
                stix_ids=tuple(one.stix_id for one in made),
                incident=incident,
            ),
        )
    stage.clock.forward(minutes=30)
    with stage.program.work(lead) as work:
        digest = proposal_view(work, asked.reference).digest
        decide_release(work, DecideRelease(asked.reference, Ruling.APPROVED, "", digest))


def _observables(work: Work, incident: str) -> list[IncidentObservable]:
    query = (
        sa.select(IncidentObservable)
        .join(Incident, Incident.id == IncidentObservable.incident_id)
        .where(Incident.reference == incident)
    )
    return list(work.session.scalars(query.order_by(IncidentObservable.id)))
