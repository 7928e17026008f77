"""Two installations that differ only in what is hidden from a peer, the public and one reporter.

Both take the same steps in the same order; between them the one takes further steps that nobody outside may notice, and
the other consumes the numbers that those took (rulings 32).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cirt.exchange.arrivals import take
from cirt.kernel.ids import Reference, next_reference
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Actor
from cirt.objects.codec import StixObject
from cirt.objects.markings import IEP_EXTENSION, PAP_DEFINITIONS, PAP_REFS, TLP2_REFS
from cirt.parties.models import Peer
from cirt.parties.peers import PeerFacts, add_peer, find_peer, ourselves, set_credentials
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import AddObservables, TakeReport, WriteNote
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.service import ask_reporter
from cirt.register.models import ReportSource
from cirt.register.webhook.service import add_webhook
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import Revoke
from cirt.release.models import CollectionKind
from cirt.release.publishing import publish
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.support.browse import PASSWORD
from tests.support.register import a_person, a_report, accepting, an_incident
from tests.support.release import asked
from tests.support.stix import an_object
from tests.support.store import indicator, numbered, put, relationship, taken

RANA = "rana@utility.example"
GIVEN, HELD_BACK, BROUGHT, LATER = 1, 40, 60, 90  # numbers of indicators, visible and not
WITHHELD = (*range(HELD_BACK, HELD_BACK + 4), BROUGHT, BROUGHT + 1, LATER)
OTHERS = "identity--22222222-2222-4222-8222-222222222222"


@dataclass
class Twin:
    """One of the two, with what its peer and its reporter were told."""

    program: Program
    has_more: bool
    codes: dict[str, str] = field(default_factory=dict)  # of reports, by reference
    token: str = ""  # of the webhook
    uuids: dict[str, str] = field(default_factory=dict)  # of collections, by alias

    def further(self, act: Callable[["Twin"], None], **numbers: int) -> None:
        """Only in the one; the other consumes as many references: ``report=2, incident=1``."""
        if self.has_more:
            act(self)
            return
        with self.program.work(CONSOLE) as work:
            for kind, count in numbers.items():
                for _ in range(count):
                    next_reference(work, Reference[kind.upper()])


def a_twin(program: Program, *, has_more: bool) -> Twin:
    twin = Twin(program, has_more)
    officer = a_person(program, "Omar", Role.LEAD)
    _add_member(twin)
    twin.further(_other_members, agreement=1)
    _give(twin)
    twin.further(_objects_behind)
    _give_bound(twin)
    _take_a_report(twin, officer)
    twin.further(_red_incident, report=2, incident=2)
    twin.further(_requests, release=1)
    with program.work(CONSOLE) as work:
        twin.token = add_webhook(work, "siem", {"title": ("title",), "key": ("key",)}, Tlp.AMBER)
    twin.further(_arrivals)
    return twin


def _add_member(twin: Twin) -> None:
    with twin.program.work(CONSOLE) as work:
        peer = add_peer(work, twin.program.keys, "member", PeerFacts("Member", "XP"))
        set_credentials(work, "member", "member", PASSWORD)
        add_agreement(work, AddAgreement("member", Tlp.AMBER))
        for alias, kind in (
            ("wide", CollectionKind.PUBLISHED),
            ("shared", CollectionKind.SHARED),
            ("inbox", CollectionKind.INBOX),
        ):
            made = add_collection(work, AddCollection(alias, alias.title(), kind))
            add_member(work, made, peer)
            twin.uuids[alias] = made.uuid


def _other_members(twin: Twin) -> None:
    with twin.program.work(CONSOLE) as work:
        other = add_peer(work, twin.program.keys, "other", PeerFacts("Other", "XQ"))
        set_credentials(work, "other", "other", PASSWORD)
        add_agreement(work, AddAgreement("other", Tlp.AMBER_STRICT))
        for alias in ("wide", "shared", "inbox"):
            add_member(work, find_collection(work.session, alias), other)
        theirs = add_collection(work, AddCollection("theirs", "Theirs", CollectionKind.PUBLISHED))
        add_member(work, theirs, other)


def _give(twin: Twin) -> None:
    """Ten of three markings, one in two versions, and one that the peer never fetched and that is revoked."""
    with twin.program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        levels = (Tlp.CLEAR, Tlp.GREEN, Tlp.AMBER)
        made = [
            indicator(number, tlp=levels[number % 3], created_by_ref=us)
            for number in range(GIVEN, GIVEN + 10)
        ]
        made.append(indicator(GIVEN, tlp=levels[GIVEN % 3], created_by_ref=us, day=2))
        stored = put(work, *made)
        publish(work, find_collection(work.session, "wide"), [each.version_id for each in stored])
    with twin.program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(numbered("indicator", GIVEN + 9), "Wrong"))


def _objects_behind(twin: Twin) -> None:
    """Above the ceiling, for others, of nobody yet, newer than what was given; RED; and what hangs together with it."""
    with twin.program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        strict, theirs, draft = (
            indicator(HELD_BACK + n, tlp=tlp, created_by_ref=us)
            for n, tlp in enumerate((Tlp.AMBER_STRICT, Tlp.GREEN, Tlp.CLEAR))
        )
        policy = a_policy()
        put(work, policy)
        bound = indicator(
            HELD_BACK + 3,
            object_marking_refs=[TLP2_REFS[Tlp.AMBER_STRICT], PAP_REFS["amber"], policy.stix_id],
            created_by_ref=us,
        )
        red = indicator(LATER, tlp=Tlp.RED, created_by_ref=us)
        newer = indicator(GIVEN + 1, tlp=Tlp.AMBER, created_by_ref=us, day=3, name="Draft")
        link = relationship(strict.stix_id, numbered("indicator", GIVEN))
        stored = [
            put(work, each)[0].version_id
            for each in (strict, theirs, draft, red, newer, link, bound)
        ]
        wide = [stored[0], stored[3], stored[5], stored[6]]
        publish(work, find_collection(work.session, "wide"), wide)
        publish(work, find_collection(work.session, "theirs"), [stored[1]])


def _give_bound(twin: Twin) -> None:
    """One that names a definition which stands there already in the one, for the sake of what is hidden; and another."""
    with twin.program.work(CONSOLE) as work:
        us = ourselves(work.session).identity_id
        made = [
            indicator(
                GIVEN + 10 + number,
                object_marking_refs=[TLP2_REFS[Tlp.GREEN], PAP_REFS[pap]],
                created_by_ref=us,
            )
            for number, pap in enumerate(("amber", "red"))
        ]
        stored = put(work, *made)
        publish(work, find_collection(work.session, "wide"), [each.version_id for each in stored])
    with twin.program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(numbered("indicator", GIVEN + 11), "Wrong"))


def a_policy() -> StixObject:
    return taken(
        an_object(
            "marking-definition",
            id=numbered("marking-definition", HELD_BACK),
            name="A policy of which nobody outside hears",
            modified=None,
            extensions={IEP_EXTENSION: {"extension_type": "property-extension"}},
        )
    )


def _take_a_report(twin: Twin, officer: Actor) -> None:
    with twin.program.work(PUBLIC) as work:
        cmd = TakeReport(text="The portal asks for passwords.", contact=RANA)
        report, code = service.take_report(work, cmd)
    twin.codes[report.reference] = code
    with twin.program.work(officer) as work:
        service.accept_report(work, accepting(report, tlp=Tlp.AMBER))
    with twin.program.work(officer) as work:
        ask_reporter(work, AskReporter(report.reference, "Since when?", is_letter=False))


def _red_incident(twin: Twin) -> None:
    program = twin.program
    nadia = a_person(program, "Nadia", Role.HANDLER)
    with program.work(nadia) as work:
        red = TakeReport(text="Rana's portal 198.51.0.1", tlp=Tlp.RED, source=ReportSource.DESK)
        service.take_report(work, red)
    incident = an_incident(program, nadia, tlp=Tlp.RED)
    with program.work(nadia) as work:
        service.write_note(work, WriteNote(incident.reference, "198.51.0.1 and the portal"))
        given = AddObservables(incident.reference, "198.51.0.1 evil.example", confirm=True)
        service.add_observables(work, given)
    an_incident(program, nadia, tlp=Tlp.AMBER)
    a_report(program, "Another portal asks for passwords too.", contact="noor@bank.example")


def _requests(twin: Twin) -> None:
    asked(
        twin.program,
        replace(a_person(twin.program, "Hana", Role.HANDLER)),
        numbered("indicator", HELD_BACK + 2),
        alias="wide",
    )


def _arrivals(twin: Twin) -> None:
    """What another peer brought: taken, posted for others only, held, refused for being RED."""
    with twin.program.work(CONSOLE) as work:
        other: Peer = find_peer(work.session, "other")
        shared = find_collection(work.session, "shared")
        held = {"object_marking_refs": ["marking-definition--11111111-1111-4111-8111-111111111111"]}
        take(work, [indicator(BROUGHT, tlp=Tlp.GREEN).raw], peer=other)
        strict = indicator(BROUGHT + 1, tlp=Tlp.AMBER_STRICT).raw
        take(work, [strict], peer=other, collection=shared)
        given = json.loads(indicator(BROUGHT + 2).raw)
        take(work, [json.dumps({**given, **held}).encode()], peer=other)
        take(work, [indicator(BROUGHT + 3, tlp=Tlp.RED).raw], peer=other)
        other_words = json.loads(PAP_DEFINITIONS[PAP_REFS["amber"]])
        take(work, [json.dumps({**other_words, "created_by_ref": OTHERS}).encode()], peer=other)
        sighting = {
            "type": "sighting",
            "spec_version": "2.1",
            "id": numbered("sighting", 1),
            "created": "2025-03-01T10:00:00.000Z",
            "modified": "2025-03-01T10:00:00.000Z",
            "sighting_of_ref": numbered("indicator", GIVEN),
            "count": 3,
            "object_marking_refs": [TLP2_REFS[Tlp.AMBER]],
        }
        take(work, [json.dumps(sighting).encode()], peer=other)
