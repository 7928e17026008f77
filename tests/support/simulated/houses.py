"""The instances, what each has agreed with whom, and what its people do."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from cirt.boot.app import create_app
from cirt.exchange.links import due
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import Link, LinkDirection, LinkState
from cirt.exchange.runs import Caps
from cirt.exchange.sightings import ReportSighting, report_sighting
from cirt.exchange.sync import sync_link
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.objects import build
from cirt.objects.content import ObjectContent
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import StixObject as ObjectRow
from cirt.objects.store import put_many
from cirt.parties import peers
from cirt.parties.peers import PeerFacts, add_peer, find_peer, set_credentials
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.settling import offer_missing, settle_due, settle_objects
from cirt.sharing.agreements.commands import AddAgreement, ChangeAgreement
from cirt.sharing.agreements.service import add_agreement, change_agreement
from cirt.sharing.models import Agreement, AgreementState
from cirt.worker.loop import run_one
from tests.support.release import our_indicator
from tests.support.ring import call_it
from tests.support.simulated.clocks import HouseClock, Killed
from tests.support.simulated.wire import Wire
from tests.support.taxii import PASSWORD

OUT, INBOX = "indicators", "inbox"
_CAPS = Caps(page_size=4, reads_ahead=False)  # several pages a walk, one after the other


@dataclass(slots=True)
class Terms:
    """One house's record of what it has agreed with another."""

    ceiling: Tlp
    transit: bool
    since: datetime | None = None  # by that house's clock
    until: datetime | None = None
    suspended: bool = False


@dataclass(slots=True)
class House:
    number: int
    program: Program
    clock: HouseClock
    identity: str
    terms: dict[int, Terms] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)  # ids of what its people have released
    lowest: dict[str, Tlp] = field(default_factory=dict)  # ids of its own objects, as first made

    @property
    def slug(self) -> str:
        return f"cert-{'abcdefgh'[self.number]}"

    # What its people do.

    def give(self, tlp: Tlp, *, release: bool = True) -> str:
        with self.program.work(CONSOLE) as work:
            made = our_indicator(work, tlp=tlp)
            [kept] = put_many(work, [made], origin_id=None)
            if release:
                publish(work, find_collection(work.session, OUT), [kept.version_id])
                self.released.add(made.stix_id)
            self.lowest[made.stix_id] = tlp
            return made.stix_id

    def edit(self, stix_id: str, tlp: Tlp) -> None:
        """A newer version, which is released as well unless it is for named persons only."""
        with self.program.work(CONSOLE) as work:
            changes = {
                "description": f"Edited {work.now:%d %H:%M:%S.%f}",
                "object_marking_refs": [TLP2_REFS[tlp]],
            }
            newer = build.new_version(_newest(work.session, stix_id), changes, work.now)
            [kept] = put_many(work, [newer], origin_id=None)
            settle_objects(work, [kept.object_id])
            if tlp is not Tlp.RED:
                publish(work, find_collection(work.session, OUT), [kept.version_id])

    def recall(self, stix_id: str) -> None:
        with self.program.work(CONSOLE) as work:
            revoke_indicator(work, Revoke(stix_id, "It was a mistake"))

    def sight(self, stix_id: str) -> None:
        with self.program.work(CONSOLE) as work:
            report_sighting(work, ReportSighting(stix_id, work.now, work.now))

    def hand_on(self) -> None:
        """What it holds of others goes into its own collection; the gate says to whom it goes."""
        with self.program.work(CONSOLE) as work:
            theirs = sa.select(ObjectRow.newest_id, ObjectRow.stix_id).where(
                ObjectRow.brought_by_id.is_not(None), ObjectRow.newest_id.is_not(None)
            )
            rows = work.session.execute(theirs).all()
            publish(work, find_collection(work.session, OUT), [row[0] or 0 for row in rows])
            self.released |= {row[1] for row in rows}

    def agree(self, other: "House", terms: Terms) -> None:
        with self.program.work(CONSOLE) as work:
            settle_due(work)
            terms.since = work.now
            self.terms[other.number] = terms
            made = add_agreement(
                work,
                AddAgreement(
                    other.slug, terms.ceiling, transit=terms.transit, valid_until=terms.until
                ),
            )
            offer_missing(work, made.peer_id)

    def expects_end(self, other: "House", after: timedelta) -> None:
        """The agreement as it is ends at a time of its own; nobody needs to do anything then."""
        with self.program.work(CONSOLE) as work:
            settle_due(work)
            peer = find_peer(work.session, other.slug)
            reference = work.session.scalars(
                sa.select(Agreement.reference)
                .where(Agreement.peer_id == peer.id, Agreement.state == AgreementState.IN_FORCE)
                .order_by(Agreement.id.desc())
                .limit(1)
            ).one()
            self.terms[other.number].until = work.now + after
            change_agreement(work, ChangeAgreement(reference, valid_until=work.now + after))
            offer_missing(work, peer.id)

    def suspend(self, other: "House", *, suspended: bool) -> None:
        if self.terms[other.number].suspended is suspended:
            return
        with self.program.work(CONSOLE) as work:
            (peers.suspend_peer if suspended else peers.resume_peer)(work, other.slug)
            offer_missing(work, find_peer(work.session, other.slug).id)
        self.terms[other.number].suspended = suspended

    def rest(self, *, resting: bool) -> None:
        """All its links, by a person's hand."""
        with self.program.work(CONSOLE) as work:
            state = LinkState.PAUSED if resting else LinkState.ACTIVE
            work.session.execute(sa.update(Link).values(state=state))

    # What its worker does.

    def work(self, *, all_links: bool = False, dies_in: int | None = None) -> None:
        """What is due now, or a run of every link; a worker that is killed stops in the middle."""
        self.clock.dies_in = dies_in
        try:
            with self.program.work(SYSTEM) as work:
                settle_due(work)
                if not all_links:
                    due.put_due(work)
            if all_links:
                self._run_all()
            while run_one(self.program, {due.JOB: _sync}):
                pass
        except Killed:
            return
        finally:
            self.clock.dies_in = None

    def _run_all(self) -> None:
        with self.program.work(SYSTEM, write=False) as work:
            ids = list(work.session.scalars(sa.select(Link.id).order_by(Link.id)))
        for each in ids:
            sync_link(self.program, each, caps=_CAPS)


def _sync(program: Program, payload: dict[str, int]) -> None:
    sync_link(program, payload["link"], caps=_CAPS)


def _newest(session: sa.orm.Session, stix_id: str) -> bytes:
    query = sa.select(ObjectContent.body).join(
        ObjectRow, ObjectRow.newest_id == ObjectContent.version_id
    )
    return session.scalars(query.where(ObjectRow.stix_id == stix_id)).one()


def move_in(program: Program, clock: HouseClock, number: int, wire: Wire) -> House:
    """A house with its collections and its place on the wire."""
    program = replace(program, dial=wire.dial_of(number))
    identity = call_it(program, f"CERT-{'ABCDEFGH'[number]}")
    with program.work(CONSOLE) as work:
        add_collection(work, AddCollection(OUT, OUT, CollectionKind.PUBLISHED))
        add_collection(work, AddCollection(INBOX, INBOX, CollectionKind.INBOX))
    wire.apps[number] = create_app(program)
    return House(number, program, clock, identity)


def introduce(one: House, other: House) -> None:
    """The one writes down who the other is, and how to reach them."""
    with one.program.work(CONSOLE) as work:
        facts = PeerFacts(
            name=other.slug.upper(),
            country="XX",
            identity=other.identity,
            discovery_url=f"http://127.0.1.{other.number}/taxii2/",
            username=one.slug,
            password=PASSWORD,
        )
        add_peer(work, one.program.keys, other.slug, facts)
        set_credentials(work, other.slug, other.slug, PASSWORD)
        peer = find_peer(work.session, other.slug)
        for alias in (OUT, INBOX):
            add_member(work, find_collection(work.session, alias), peer)


def connect(one: House, other: House, direction: LinkDirection, every_s: int) -> None:
    """The one reads what the other gives out, or sends it what it gives out itself."""
    with one.program.work(CONSOLE) as work:
        if direction is LinkDirection.PULL:
            add_link(work, AddLink(other.slug, OUT, direction, every_s=every_s))
        else:
            add_link(work, AddLink(other.slug, INBOX, direction, OUT, every_s=every_s))
