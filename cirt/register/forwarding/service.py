"""Handing a report on to whoever is competent, and the directory of those who are no peers.

What is kept is whom, why and the words; sending them is the mail's business.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from cirt.kernel.work import Work
from cirt.parties.models import Peer
from cirt.register.forwarding.commands import ForwardReport, RetireAgency, SaveAgency
from cirt.register.forwarding.errors import (
    AgencyChanged,
    AgencyExists,
    ForwardNeedsReason,
    ForwardNeedsWords,
    NoSuchAgency,
    RecipientUnknown,
)
from cirt.register.forwarding.models import Agency, Forwarding
from cirt.register.forwarding.rules import check_forwarding
from cirt.register.models import Report
from cirt.register.sight import for_trail, get_report
from cirt.register.texts import storable
from cirt.register.triage.decisions import decide_elsewhere
from cirt.sharing.queries import peer_reader


@dataclass(frozen=True, slots=True)
class Recipient:
    to: str  # peer:SLUG, agency:ID
    name: str
    about: str


def recipients(work: Work) -> list[Recipient]:
    """Agencies first, then peers, by name."""
    agencies = [
        Recipient(f"agency:{one.id}", one.name, one.purpose) for one in present_agencies(work)
    ]
    peers = work.session.scalars(sa.select(Peer).order_by(Peer.name))
    return [*agencies, *(Recipient(f"peer:{one.slug}", one.name, one.country) for one in peers)]


def forward_report(work: Work, cmd: ForwardReport) -> Forwarding:
    """
    Raises:
        ForwardForbidden: its marking does not let it go there.
        RecipientUnknown, ForwardNeedsReason, ForwardNeedsWords, IsMerged, AlreadyDecided, ReportChanged,
        NoSuchReport, NotAllowed.
    """
    work.require("report:decide")
    report = get_report(work, cmd.reference)
    peer, agency = _recipient(work, cmd.to)
    name = peer.name if peer else agency.name if agency else ""
    if not cmd.reason.strip():
        raise ForwardNeedsReason
    if not cmd.words.strip():
        raise ForwardNeedsWords(name=name)
    reader = peer_reader(work.session, peer.id, work.now) if peer else None
    check_forwarding(report.tlp, name, reader, work.now)
    decide_elsewhere(work, cmd.reference, cmd.version, cmd.reason)
    made = Forwarding(
        report_id=report.id,
        peer_id=peer.id if peer else None,
        agency_id=agency.id if agency else None,
        name=name,
        reason=storable(cmd.reason),
        words=storable(cmd.words),
        forwarded_at=work.now,
        forwarded_by_id=work.actor.id,
    )
    work.session.add(made)
    work.session.flush()
    reason = for_trail(report.tlp, cmd.reason)
    work.audit("report.forward", report.reference, to=cmd.to, name=name, reason=reason)
    return made


def forwardings_of(work: Work, report: Report) -> list[Forwarding]:
    """The latest first; the caller has seen to it that the asker may see the report."""
    query = sa.select(Forwarding).where(Forwarding.report_id == report.id)
    return list(work.session.scalars(query.order_by(Forwarding.id.desc())))


def present_agencies(work: Work) -> list[Agency]:
    query = sa.select(Agency).where(Agency.retired_at.is_(None)).order_by(Agency.name)
    return list(work.session.scalars(query))


def get_agency(work: Work, agency_id: int) -> Agency:
    """
    Raises:
        NoSuchAgency.
    """
    agency = work.session.get(Agency, agency_id)
    if agency is None or agency.retired_at is not None:
        raise NoSuchAgency
    return agency


def save_agency(work: Work, cmd: SaveAgency) -> Agency:
    """
    Raises:
        AgencyExists, AgencyChanged, NoSuchAgency, NotAllowed.
    """
    work.require("agency:write")
    twin = work.session.scalars(sa.select(Agency).where(Agency.name == cmd.name)).one_or_none()
    if twin is not None and twin.id != cmd.agency_id and twin.retired_at is None:
        raise AgencyExists(name=cmd.name)
    if cmd.agency_id is None:
        agency = twin or Agency(name=cmd.name, version=0)  # one that comes back keeps its row
        work.session.add(agency)
    else:
        agency = get_agency(work, cmd.agency_id)
        if agency.version != cmd.version:
            raise AgencyChanged
        if twin is not None and twin.id != agency.id:
            raise AgencyExists(name=cmd.name)
    agency.name, agency.address, agency.purpose = cmd.name, cmd.address, cmd.purpose
    agency.retired_at = None
    agency.version += 1
    work.session.flush()
    work.audit("agency.save", f"agency-{agency.id}", name=agency.name, address=agency.address)
    return agency


def retire_agency(work: Work, cmd: RetireAgency) -> None:
    """It is offered no longer; what was forwarded to it stays readable.

    Raises:
        NoSuchAgency, NotAllowed.
    """
    work.require("agency:write")
    agency = get_agency(work, cmd.agency_id)
    agency.retired_at = work.now
    agency.version += 1
    work.session.flush()
    work.audit("agency.retire", f"agency-{agency.id}", name=agency.name)


def _recipient(work: Work, to: str) -> tuple[Peer | None, Agency | None]:
    kind, _, name = to.partition(":")
    if kind == "peer":
        peer = work.session.scalars(sa.select(Peer).where(Peer.slug == name)).one_or_none()
        if peer is not None:
            return peer, None
    if kind == "agency" and name.isascii() and name.isdigit() and len(name) < 10:  # noqa: PLR2004
        agency = work.session.get(Agency, int(name))
        if agency is not None and agency.retired_at is None:
            return None, agency
    raise RecipientUnknown
