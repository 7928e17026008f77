"""Canaries: words that stand in one field each, and who may read them; and an installation full of them."""

import base64
import itertools
import json
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.arriving.taking import Arrival
from cirt.exchange.cases.commands import Do
from cirt.exchange.cases.models import AlikeDecision, Stage
from cirt.exchange.complete.models import CheckState, ManifestCheck
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.loops.models import RateAlarm
from cirt.exchange.models import LinkDirection, Outgoing, Quarantined
from cirt.exchange.remarks.commands import JudgeObject, Opinion
from cirt.exchange.remarks.service import judge_object
from cirt.exchange.watching.models import AlertKind, LineAlert, LineDay
from cirt.files.models import Attachment
from cirt.kernel.gpg import PublicKey
from cirt.kernel.program import Program, key_file
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, SYSTEM, Actor, ActorKind, Work
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import ObjectVersion
from cirt.objects.models import StixObject as StoredObject
from cirt.objects.stating import state_facts
from cirt.parties.accounts import AddAccount, add_account
from cirt.parties.models import Peer
from cirt.parties.peers import PeerFacts, add_peer, ourselves, set_credentials, suspend_peer
from cirt.parties.roles import Role, permissions_of
from cirt.register import service
from cirt.register.bin.commands import DeleteIncident, DeletePart
from cirt.register.bin.models import Binned
from cirt.register.bin.service import delete_incident, delete_part
from cirt.register.bulk.commands import TickReports
from cirt.register.bulk.models import BulkDo
from cirt.register.bulk.service import tick_reports
from cirt.register.commands import (
    AcceptReport,
    AddObservables,
    ChangeState,
    EditFacts,
    OpenIncident,
    PlaceObservable,
    Promote,
    SentFile,
    TakeReport,
    WriteNote,
)
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from cirt.register.dialogue.commands import AskReporter, NoteAnswer, TakeAnswer
from cirt.register.dialogue.models import Message
from cirt.register.forwarding.commands import ForwardReport, SaveAgency
from cirt.register.forwarding.service import forward_report, save_agency
from cirt.register.linking.commands import LinkReport
from cirt.register.linking.service import link_report
from cirt.register.linking.whereabouts import red_around
from cirt.register.mail.broken import BareMail, set_aside
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.merging.commands import Merge
from cirt.register.merging.service import merge_incident, merge_report
from cirt.register.models import Incident, IncidentState, Report, ReportSource, Severity, Side
from cirt.register.relations.commands import LinkIncidents, Wish
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.severity.table import table
from cirt.register.sight import get_incident, get_report
from cirt.register.tasks.commands import AddTask
from cirt.register.tasks.service import add_task
from cirt.register.timeline.attack import add_attack
from cirt.register.timeline.commands import AddAttack
from cirt.register.views.commands import SaveView
from cirt.register.views.service import save_view
from cirt.register.warned.commands import Warn
from cirt.register.warned.service import warn
from cirt.register.webhook.queries import get_webhook
from cirt.register.webhook.service import add_webhook
from cirt.release.asking import ask_release
from cirt.release.collections import AddCollection, add_collection, add_member, find_collection
from cirt.release.commands import AskRelease, Revoke
from cirt.release.handing.models import Handover, HandoverKind, HandoverState, HandoverVersion
from cirt.release.membership.service import ask_member
from cirt.release.models import Collection, CollectionKind
from cirt.release.permitting import record_permission
from cirt.release.publishing import publish
from cirt.release.recalling.models import PeerLetter
from cirt.release.recalling.revoking import revoke_indicator
from cirt.release.requests import get_proposal
from cirt.release.withholding import withhold
from cirt.sharing.agreements.commands import AddAgreement, SignedCopy
from cirt.sharing.agreements.persons import NamePerson, name_person_in
from cirt.sharing.agreements.record import Contact
from cirt.sharing.agreements.service import add_agreement
from cirt.sharing.models import Level
from cirt.sharing.permissions.commands import EvidenceFile, RecordPermission, Scope
from cirt.sharing.permissions.models import Audience
from cirt.sharing.withheld.commands import Withhold
from cirt.sources.models import SavedSetting, Source
from cirt.web.static_files import static_files
from tests.support.agreeing import asked_for, ruled
from tests.support.browse import PASSWORD
from tests.support.databases import TEST_SECRET
from tests.support.mail import a_mail
from tests.support.register import a_person, observables_of
from tests.support.stix import an_indicator, an_object
from tests.support.store import numbered, put

READERS = ("triage", "handler", "lead", "auditor")  # staff who read content up to TLP:AMBER+STRICT
PEERS = ("member", "careful", "without", "suspended")
RECIPIENTS = ("public", *READERS, "admin", *PEERS)
NOBODY: tuple[str, ...] = ()
REPORTER = "reporter"  # who has the code of the report
DIRECTORY = (*READERS, "admin", "console")  # who may know the peers, agreements, accounts


@dataclass
class Canaries:
    """Each word with the recipients that may read it."""

    may: dict[str, frozenset[str]] = field(default_factory=dict)

    def new(self, place: str, readers: Iterable[str]) -> str:
        """A word that survives being shown: small letters and digits alone."""
        word = f"zq{place.replace('-', '')}{len(self.may):03}zq"
        self.may[word] = frozenset(readers)
        return word

    def in_(self, answer: bytes | str) -> set[str]:
        """Every one that stands in this answer, however its letters are written."""
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
        text = text.lower()
        return {word for word in self.may if word in text} if "zq" in text else set()

    def leaked(self, recipient: str, answer: bytes | str) -> set[str]:
        return {word for word in self.in_(answer) if recipient not in self.may[word]}


@dataclass
class Cage:
    """The installation, its canaries, and the ids with which addresses are filled in."""

    program: Program
    canaries: Canaries = field(default_factory=Canaries)
    emails: dict[str, str] = field(default_factory=dict)  # by recipient
    ids: dict[str, list[str]] = field(default_factory=dict)  # by what they name
    codes: dict[str, str] = field(default_factory=dict)  # of reports, by reference
    questions: dict[str, str] = field(default_factory=dict)  # to reporters, by reference
    expected: list[tuple[str, str, str]] = field(default_factory=list)  # who reads what where

    def name(self, kind: str, *ids: object) -> None:
        self.ids.setdefault(kind, []).extend(str(each) for each in ids)

    def expect(self, path: str, word: str, *recipients: str) -> None:
        self.expected += [(each, path, word) for each in recipients]


def caged(program: Program, cage: Cage) -> Cage:
    """The same cage in a copy of its database."""
    give_the_console_its_key(program)
    others = {
        each.name: deepcopy(getattr(cage, each.name))
        for each in fields(cage)
        if each.name != "program"
    }
    return Cage(with_a_connector(program), **others)


def a_cage(program: Program) -> Cage:
    """Filled; :func:`caged` gives copies of it."""
    cage = Cage(with_a_connector(program))
    add_staff(cage)
    peers = add_peers(cage)
    named = a_person(program, "Nadia", Role.HANDLER)
    red = fill_red(cage, named)
    fill_amber(cage, named)
    fill_talk(cage, named)
    fill_triage(cage, named)
    fill_mail(cage)
    with program.work(CONSOLE) as work:
        fill_objects(cage, work, peers)
        fill_arrivals(cage, work, peers)
        fill_limits(cage, work, peers)
        name_the_rest(cage, work)
    fill_requests(cage, named, red)
    fill_agreements(cage)
    return cage


def add_staff(cage: Cage) -> None:
    for role in Role:
        word = cage.canaries.new(f"account-{role}", [*DIRECTORY])
        cage.emails[role.value] = f"{word}@ex-cirt.example"
        with cage.program.work(CONSOLE) as work:
            add_account(work, AddAccount(cage.emails[role.value], role.title(), (role,), PASSWORD))
    spare = a_person(cage.program, "Spare")
    cage.name("account_id", spare.id)
    cage.expect("/admin/users", cage.emails["lead"].partition("@")[0], "admin")


def add_peers(cage: Cage) -> dict[str, Peer]:
    new, made = cage.canaries.new, {}
    ceilings = {
        "member": Tlp.AMBER,
        "careful": Tlp.GREEN,
        "suspended": Tlp.AMBER,
        "other": Tlp.AMBER,
    }
    with cage.program.work(CONSOLE) as work:
        for slug in (*PEERS, "other"):
            name = new(f"peer-{slug}", DIRECTORY)
            facts = PeerFacts(
                name,
                "XP",
                discovery_url=f"https://127.0.0.1:9/{new('host', DIRECTORY)}/",
                username=new("user", DIRECTORY),
                password=new("password", NOBODY),
            )
            made[slug] = add_peer(work, cage.program.keys, slug, facts)
            set_credentials(work, slug, slug, PASSWORD)
            if slug in ceilings:
                sector = new("sector", DIRECTORY)
                level = Level.MOU_NDA if slug == "other" else Level.MOU
                terms = AddAgreement(slug, ceilings[slug], level, sectors=("energy", sector))
                cage.name("agreement", add_agreement(work, terms).reference)
                cage.name("link", add_link(work, AddLink(slug, "x", LinkDirection.PULL)).id)
            cage.expect("/peers", name, "lead", "admin", "auditor", "triage")
        suspend_peer(work, "suspended")
    cage.name("slug", *made)
    return made


def fill_red(cage: Cage, named: Actor) -> Incident:
    """Everything of a TLP:RED report and incident, which only Nadia may read."""
    program, new = cage.program, cage.canaries.new
    red_report(cage, named)
    with program.work(named) as work:
        incident = service.open_incident(work, an_incident(new("red-incident", NOBODY), Tlp.RED))
        reference = incident.reference
        note = WriteNote(reference, f"{new('red-note', NOBODY)} {domain(new('red-note', NOBODY))}")
        cage.name("note", service.write_note(work, note).id)
        word = new("red-observable", NOBODY)
        service.add_observables(work, AddObservables(reference, domain(word), confirm=True))
    with program.work(named) as work:
        service.keep_draft(work, reference, new("red-draft", NOBODY))
        reason = new("red-state", NOBODY)
        state = ChangeState(reference, incident.version, IncidentState.WAITING, reason)
        service.change_state(work, state)
    fill_casework(cage, named, reference, "red", NOBODY)
    taken_in = a_public_report(cage, named, "went-red", NOBODY, Tlp.RED)
    cage.name("incident", reference, taken_in.reference)
    with program.work(named) as work:
        binned = service.open_incident(work, an_incident(new("red-binned", NOBODY), Tlp.RED))
        cage.name("incident", binned.reference)
    move_to_bin(cage, named, binned.reference, new("red-binned-why", NOBODY))
    with program.work(named) as work:
        service.note_answer(work, NoteAnswer(taken_in.reference, new("said-in-red", NOBODY)))
    return incident


def fill_casework(
    cage: Cage, named: Actor, reference: str, place: str, readers: tuple[str, ...]
) -> None:
    """Tasks and an event of the attack, one of each in the bin."""
    with cage.program.work(named) as work:
        words = {each: cage.canaries.new(f"{place}-{each}", readers) for each in _CASEWORK}
        for each in ("task", "binned-task"):
            task = add_task(work, AddTask(reference, words[each]))
            if not readers:  # pages of what nobody may read are asked for; a few others are enough
                cage.name("task", task.id)
        event = AddAttack(reference, words["attack"], "2026-11-17", source=words["source"])
        seen = add_attack(work, event)
        if not readers:
            cage.name("attack", seen.id)
        act = delete_part(work, DeletePart(reference, Binned.TASK, task.id))
        cage.name("bin", act.id)
        gone = add_attack(work, AddAttack(reference, words["binned-attack"], "2026-11-17"))
        cage.name("bin", delete_part(work, DeletePart(reference, Binned.ATTACK, gone.id)).id)
        note = service.write_note(work, WriteNote(reference, words["binned-note"]))
        cage.name("bin", delete_part(work, DeletePart(reference, Binned.NOTE, note.id)).id)
    for each in ("task", "attack", "source"):
        path = f"/incidents/{reference}" + ("/tasks" if each == "task" else "")
        cage.expect(path, words[each], *readers)
    cage.expect("/bin", words["binned-note"], *readers)


_CASEWORK = ("task", "binned-task", "attack", "source", "binned-attack", "binned-note")


def move_to_bin(cage: Cage, named: Actor, reference: str, reason: str) -> None:
    lead = replace(named, permissions=permissions_of(frozenset({Role.LEAD})))
    with cage.program.work(lead) as work:
        cage.name("bin", delete_incident(work, DeleteIncident(reference, 1, reason)).id)


def red_report(cage: Cage, named: Actor) -> None:
    new, program = cage.canaries.new, cage.program
    cmd = TakeReport(
        text=f"{new('red-title', NOBODY)}\n{new('red-text', NOBODY)} {domain(new('red-domain', NOBODY))}",
        organisation=new("red-organisation", NOBODY),
        reporter=new("red-reporter", NOBODY),
        contact=f"{new('red-contact', NOBODY)}@example.org",
        tlp=Tlp.RED,
        files=(
            SentFile(
                f"{new('red-file', NOBODY)}.txt", "text/plain", new("red-body", NOBODY).encode()
            ),
        ),
        source=ReportSource.DESK,
        headers={"User-Agent": new("red-header", NOBODY)},
    )
    with program.work(named) as work:
        report, code = service.take_report(work, cmd)
        cage.name("report", report.reference)
        cage.codes[report.reference] = code


def a_public_report(
    cage: Cage, named: Actor, place: str, after: tuple[str, ...], tlp: Tlp
) -> Incident:
    """An AMBER report, accepted under that marking with a title and a reason of their own."""
    new, program = cage.canaries.new, cage.program
    words = {
        each: new(f"{place}-{each}", READERS) for each in ("title", "text", "host", "file", "body")
    }
    organisation, reporter = (new(f"{place}-{each}", READERS) for each in ("firm", "person"))
    cmd = TakeReport(
        text=f"{words['title']}\n{words['text']} {domain(words['host'])}",
        contact=f"{new(f'{place}-contact', READERS)}@example.org",
        files=(SentFile(f"{words['file']}.txt", "text/plain", words["body"].encode()),),
        organisation=organisation,
        reporter=reporter,
    )
    with program.work(PUBLIC) as work:
        report, code = service.take_report(work, cmd)
    cage.name("report", report.reference)
    cage.codes[report.reference] = code
    with program.work(named) as work:
        return service.accept_report(
            work,
            AcceptReport(
                reference=report.reference,
                version=report.version,
                title=new(f"{place}-accepted", after),
                rsit_class="fraud",
                rsit_type="phishing",
                severity=Severity.HIGH,
                tlp=tlp,
                reason=new(f"{place}-reason", READERS),
            ),
        )


def waiting_report(cage: Cage) -> None:
    title = cage.canaries.new("waiting-title", READERS)
    with cage.program.work(PUBLIC) as work:
        report, code = service.take_report(work, TakeReport(text=f"{title}\nand more"))
    cage.name("report", report.reference)
    cage.codes[report.reference] = code
    cage.expect("/triage", title, *READERS)
    cage.expect(f"/intake/{report.reference}", title, *READERS)


def fill_amber(cage: Cage, named: Actor) -> None:
    """An AMBER incident with an AMBER and a RED note."""
    program, new = cage.program, cage.canaries.new
    waiting_report(cage)
    incident = a_public_report(cage, named, "amber", READERS, Tlp.AMBER)
    note, title = new("amber-note", READERS), new("amber-edited", READERS)
    with program.work(named) as work:
        cage.name("note", service.write_note(work, WriteNote(incident.reference, note)).id)
        red = f"{new('note-in-amber', NOBODY)} {domain(new('host-in-amber', NOBODY))}"
        red_note = service.write_note(work, WriteNote(incident.reference, red, Tlp.RED))
        cage.name("note", red_note.id)
    with program.work(named) as work:
        row = work.session.get_one(Incident, incident.id)
        facts = EditFacts(
            reference=row.reference,
            version=row.version,
            title=title,
            rsit_class=row.rsit_class,
            rsit_type=row.rsit_type,
            severity=row.severity,
            tlp=row.tlp,
            owner_id=None,
            reason=new("amber-why", READERS),
        )
        service.edit_facts(work, facts)
    cage.name("incident", incident.reference)
    fill_facts(cage, named, incident.reference)
    fill_casework(cage, named, incident.reference, "amber", READERS)
    cage.expect(f"/incidents/{incident.reference}", note, *READERS)
    cage.expect("/incidents", title, *READERS)


def fill_talk(cage: Cage, named: Actor) -> None:
    """What the reporters of a RED report, of one on a RED incident and of another one were asked and answered, with
    a file each.
    """
    new = cage.canaries.new
    for reference, code in cage.codes.items():
        with cage.program.work(named, write=False) as work:
            report = get_report(work, reference)
            is_on_red = bool(red_around(work, report))
        is_red = report.tlp is Tlp.RED
        readers = NOBODY if is_red else (REPORTER,) if is_on_red else (*READERS, REPORTER)
        body = new("answer-body", NOBODY if is_red or is_on_red else READERS).encode()
        file = SentFile(f"{new('answer-file', readers)}.txt", "text/plain", body)
        text = f"{new('answer', readers)} {domain(new('answer-host', readers))}"
        with cage.program.work(PUBLIC) as work:
            service.take_answer(work, TakeAnswer(reference, code, text, (file,)))
        if is_on_red:
            with cage.program.work(named) as work:
                service.note_answer(work, NoteAnswer(reference, new("said-on-red", NOBODY)))
        if is_red or is_on_red:
            continue
        said, asked = new("said", READERS), new("question", readers)
        with cage.program.work(named) as work:
            service.note_answer(work, NoteAnswer(reference, said))
            cmd = AskReporter(reference, asked, subject=new("subject", readers))
            service.ask_reporter(work, cmd)
        cage.expect(f"/intake/{reference}/messages", asked, *READERS)
        cage.questions[reference] = asked


def fill_triage(cage: Cage, named: Actor) -> None:
    """Merged reports and incidents, links, a report handed on, a view, an agency, and a bulk act of Nadia's alone."""
    program, new = cage.program, cage.canaries.new
    agency = new("agency", [*READERS])
    with program.work(CONSOLE) as work:
        made = save_agency(work, SaveAgency(agency, "police@police.example", "Crimes"))
        cage.name("agency", made.id)
    reports = []
    for number in range(4):
        with program.work(PUBLIC) as work:
            text = TakeReport(
                text=f"{new('triage-title', READERS)}\nThe same story each time {number}"
            )
            reports.append(service.take_report(work, text)[0].reference)
    red = TakeReport(text=new("red-twin", NOBODY), tlp=Tlp.RED, source=ReportSource.DESK)
    with program.work(named) as work:
        twins = [service.take_report(work, red)[0].reference for _ in range(2)]
        why = new("red-merge-reason", NOBODY)
        merge_report(work, Merge(twins[0], 1, twins[1], why))
        incidents = [
            service.open_incident(work, an_incident(new("red-merged", NOBODY), Tlp.RED)).reference
            for _ in range(2)
        ]
    with program.work(replace(named, permissions=permissions_of(frozenset({Role.LEAD})))) as work:
        why = new("red-incidents-reason", NOBODY)
        merge_incident(work, Merge(incidents[0], 1, incidents[1], why))
    with program.work(named) as work:
        merge_report(work, Merge(reports[0], 1, reports[1], new("merge-reason", READERS)))
        link_report(work, LinkReport(reports[1], twins[1], new("link-reason", READERS)))
        words = new("forwarded-words", READERS)
        forward_report(work, ForwardReport(reports[2], 1, f"agency:{made.id}", "A crime", words))
        cage.name("view", save_view(work, SaveView(new("view", NOBODY), "view=mine")).id)
        act = tick_reports(work, TickReports(BulkDo.REJECT, (reports[3], *twins)))
        cage.name("bulk", act.id)
    cage.name("report", *reports, *twins)
    cage.name("incident", *incidents)
    cage.expect(f"/intake/{reports[2]}", words, *READERS)
    cage.expect("/triage/agencies", agency, *READERS)


def fill_mail(cage: Cage) -> None:
    """Mails that say they belong to a RED and to an AMBER incident; the pages name what of it may be seen."""
    subject = cage.canaries.new("mail-subject", READERS)
    for number, claimed in enumerate(cage.ids["incident"]):
        raw = a_mail(subject=f"{subject} {claimed}", message_id=f"<{number}@utility.example>")
        with cage.program.work(SYSTEM) as work:
            take_mail(work, cage.program.keys, open_mail(raw, None), MailWay("test"))
            newest = sa.select(Report.reference).order_by(Report.id.desc()).limit(1)
            cage.name("report", work.session.scalars(newest).one())
    cage.expect(f"/intake/{cage.ids['report'][-1]}", subject, *READERS)
    origin = cage.canaries.new("mail-origin", ("admin", "auditor", "console"))
    unread = BareMail(
        a_mail(subject=cage.canaries.new("mail-aside", NOBODY)), True, "mail", MailWay(origin)
    )
    with cage.program.work(SYSTEM) as work:
        set_aside(work, unread, "", "ValueError")
    cage.expect("/admin/mail", origin, "admin", "auditor")


def fill_facts(cage: Cage, named: Actor, reference: str) -> None:
    """Parties, context and links of the AMBER incident and of the first RED one, which is a part of it."""
    new, red = cage.canaries.new, cage.ids["incident"][0]
    for place, readers in ((red, NOBODY), (reference, READERS)):
        with cage.program.work(named) as work:
            name, said = new("party", readers), new("party-note", readers)
            party = AddParty(place, name, PartyRole.VICTIM, note=said)
            cage.name("party", service.add_party(work, party).id)
            host = domain(new("placed", readers))
            service.add_observables(work, AddObservables(place, host, confirm=True))
            row = observables_of(work, get_incident(work, place))[-1]
            cage.name("observable", row.id)
            comment = new("placed-comment", readers)
            service.place_observable(work, PlaceObservable(place, row.id, Side.VICTIM, comment))
            incident = get_incident(work, place)
            answers = {c.code: next(iter(c.options)) for c in table().categories}
            reason = new("score-reason", readers)
            service.score_severity(
                work, ScoreSeverity(place, incident.version, answers, incident.severity, reason)
            )
    cage.expect(f"/incidents/{reference}/constituents", name, *READERS)
    cage.expect(f"/incidents/{reference}/relations", name, *READERS)
    cage.expect(f"/incidents/{reference}/severity", reason, *READERS)
    with cage.program.work(named) as work:
        why = new("link-note", NOBODY)
        service.link_incidents(work, LinkIncidents(reference, red, Wish.HAS_PART, why))


def fill_requests(cage: Cage, named: Actor, red: Incident) -> None:
    """An indicator made under a lower marking of the RED incident, and the request for its release."""
    program, new = cage.program, cage.canaries.new
    with program.work(named) as work:
        values = [domain(new("promoted", READERS)) for _ in range(2)]
        text = AddObservables(red.reference, " ".join(values), confirm=True)
        service.add_observables(work, text)
        ids = [row.id for row in observables_of(work, red) if row.value in values]
        made = service.promote(
            work,
            Promote(
                red.reference,
                tuple(ids),
                Tlp.AMBER,
                valid_days=30,
                reason=new("lower", NOBODY),
            ),
        )
        cage.name("object", *(each.stix_id for each in made))
    with program.work(named) as work:
        revoke_indicator(work, Revoke(made.pop().stix_id, new("red-revoked", NOBODY)))
    with program.work(named) as work:
        cmd = AskRelease(
            new("request-title", NOBODY),
            new("request-reason", NOBODY),
            ("wide",),
            tuple(each.stix_id for each in made),
            incident=red.reference,
            sector="energy",
        )
        reference = ask_release(work, cmd).reference
    cage.name("release", reference)
    cage.expect("/release", reference.lower(), "lead")
    fill_named(cage, named, red)


def fill_named(cage: Cage, named: Actor, red: Incident) -> None:
    """A TLP:RED indicator, and the request that it goes to a person whom an agreement names."""
    program, new = cage.program, cage.canaries.new
    name, mail = new("named-person", DIRECTORY), new("named-mail", DIRECTORY)
    agreement = cage.ids["agreement"][-1]
    key = PublicKey("A" * 40, new("named-key", NOBODY))
    with program.work(CONSOLE) as work:
        person = NamePerson(agreement, name, f"{mail}@other.example", key)
        person_id = name_person_in(work, person).id
    cage.name("named_id", person_id)
    cage.expect(f"/agreements/{agreement}/persons", name, "lead", "admin", "auditor")
    with program.work(named) as work:
        host = domain(new("red-promoted", NOBODY))
        service.add_observables(work, AddObservables(red.reference, host, confirm=True))
        ids = tuple(row.id for row in observables_of(work, red) if row.value == host)
        [made] = service.promote(work, Promote(red.reference, ids, Tlp.RED))
        cage.name("object", made.stix_id)
    with program.work(named) as work:
        cmd = AskRelease(
            new("named-title", NOBODY),
            new("named-reason", NOBODY),
            stix_ids=(made.stix_id,),
            incident=red.reference,
            sector="energy",
            persons=(person_id,),
        )
        reference = ask_release(work, cmd).reference
    cage.name("release", reference)
    cage.expect(f"/release/{reference}", name, "lead", "auditor")
    a_mail_that_stayed(cage, reference, person_id, made.stix_id)


def a_mail_that_stayed(cage: Cage, reference: str, person_id: int, stix_id: str) -> None:
    """What the ledger of mails says of TLP:RED is for those who decide or audit it; nobody else is named on it."""
    why, under = (cage.canaries.new(place, ("lead", "auditor")) for place in ("failed", "under"))
    with cage.program.work(CONSOLE) as work:
        proposal_id = get_proposal(work.session, reference).id
        mail = Handover(
            proposal_id=proposal_id,
            person_id=person_id,
            kind=HandoverKind.RELEASE,
            state=HandoverState.STAYED,
            agreement=under,
            fingerprint="A" * 40,
            made_at=work.now,
            tries=1,
            failure=why,
        )
        work.session.add(mail)
        work.session.flush()
        newest = sa.select(StoredObject.newest_id).where(StoredObject.stix_id == stix_id)
        version_id = work.session.scalar(newest)
        work.session.add(HandoverVersion(handover_id=mail.id, version_id=version_id))
    for word in (why, under):
        cage.expect(f"/release/{reference}", word, "lead", "auditor")


def fill_agreements(cage: Cage) -> None:
    """A change with contacts and a signed text that waits for a decision, one that holds, and a wish for a member."""
    new, program = cage.canaries.new, cage.program
    lead, other = (a_person(program, name, Role.LEAD) for name in ("Lena", "Otto"))
    reference = cage.ids["agreement"][0]
    for place in ("holds", "waits"):
        words = {
            each: new(f"{place}-{each}", DIRECTORY)
            for each in ("why", "contact", "purpose", "sector")
        }
        body = new(f"{place}-copy", READERS).encode()
        change_id = asked_for(
            program,
            lead,
            reference,
            sectors=("energy", words["sector"]),
            purposes=(words["purpose"],),
            contacts=(Contact(words["contact"]),),
            reason=words["why"],
            copy=SignedCopy(f"{new(f'{place}-name', READERS)}.pdf", "application/pdf", body),
        )
        if place == "holds":
            ruled(program, other, change_id)
            cage.expect(f"/agreements/{reference}", words["contact"], "lead", "admin", "auditor")
        cage.name("change", change_id)
    cage.expect(f"/agreements/changes/{change_id}", words["why"], "lead", "admin")
    with program.work(lead) as work:
        why = new("member-why", DIRECTORY)
        cage.name("member", ask_member(work, "theirs", "member", why).id)
        signed = sa.select(Attachment.id).where(Attachment.owner == reference)
        cage.name("signed", *work.session.scalars(signed))
    copy = f"/agreements/{reference}/copy/{cage.ids['signed'][-1]}"
    cage.expect(copy, body.decode(), "lead", "handler")
    cage.expect("/peers/member/view", "wide", "lead", "auditor")


def our_object(work: Work, cage: Cage, place: str, readers: Iterable[str], tlp: Tlp) -> StixObject:
    """An indicator of ours with a canary in its name, description and pattern."""
    new = cage.canaries.new
    return build.new_indicator(
        pattern=f"[domain-name:value = '{domain(new(f'{place}-pattern', readers))}']",
        creator=ourselves(work.session).identity_id,
        at=work.now,
        valid_from=work.now,
        tlp=tlp,
        name=new(f"{place}-name", readers),
        description=new(f"{place}-description", readers),
    )


def collections_of(cage: Cage, work: Work, peers: dict[str, Peer]) -> dict[str, Collection]:
    made = {}
    for alias, kind, members in (
        ("wide", CollectionKind.PUBLISHED, [*PEERS, "other"]),
        ("theirs", CollectionKind.PUBLISHED, ["other"]),
        ("shared", CollectionKind.SHARED, [*PEERS, "other"]),
        ("inbox", CollectionKind.INBOX, [*PEERS, "other"]),
    ):
        readers = [*DIRECTORY, *(["member", "careful"] if alias != "theirs" else [])]
        title, about = cage.canaries.new("title", readers), cage.canaries.new("about", readers)
        made[alias] = add_collection(work, AddCollection(alias, title, kind, about))
        for slug in members:
            add_member(work, made[alias], peers[slug])
        cage.name("collection", alias, made[alias].uuid)
        if alias != "theirs":
            cage.expect("/taxii2/national/collections/", title, "member", "careful")
    return made


def fill_objects(cage: Cage, work: Work, peers: dict[str, Peer]) -> None:
    """Ours: not released, released but above a ceiling, released to all, RED."""
    collections = collections_of(cage, work, peers)
    hidden = [
        our_object(work, cage, "unreleased", READERS, Tlp.AMBER),
        our_object(work, cage, "unreleased-clear", READERS, Tlp.CLEAR),
        our_object(work, cage, "red-object", NOBODY, Tlp.RED),
        *turned_red(work, cage),
    ]
    put(work, *hidden)
    released = {
        Tlp.AMBER: (*READERS, "member"),
        Tlp.GREEN: (*READERS, "member", "careful"),
        Tlp.CLEAR: (*READERS, "member", "careful"),
    }
    given = []
    for tlp, readers in released.items():
        one = our_object(work, cage, f"released-{tlp}", readers, tlp)
        given.append(one)
        [stored] = put(work, one, sector="energy")
        publish(work, collections["wide"], [stored.version_id])
        word = str(one.content()["name"])
        objects = "/taxii2/national/collections/wide/objects/"
        for path in (objects, f"{objects}{one.stix_id}/"):
            cage.expect(path, word, *(set(readers) & set(PEERS)))
        cage.expect(f"/indicators/{one.stix_id}", word, *READERS)
    theirs = our_object(work, cage, "to-other", READERS, Tlp.GREEN)
    [stored] = put(work, theirs, sector="energy")
    publish(work, collections["theirs"], [stored.version_id])
    cage.name("object", *(one.stix_id for one in [*hidden, *given, theirs]))


def turned_red(work: Work, cage: Cage) -> list[StixObject]:
    """A version that was AMBER, and the RED one after it, which governs both (rulings 1)."""
    before = our_object(work, cage, "later-red", NOBODY, Tlp.AMBER)
    changes = {
        "name": cage.canaries.new("now-red-name", NOBODY),
        "object_marking_refs": [TLP2_REFS[Tlp.RED]],
    }
    return [before, build.new_version(before.raw, changes, datetime(2027, 1, 1, tzinfo=UTC))]


def fill_arrivals(cage: Cage, work: Work, peers: dict[str, Peer]) -> None:
    """What another peer brought: taken, held, and refused for being RED."""
    new = cage.canaries.new
    brought: dict[str, dict[str, Any]] = {
        "taken": {"name": new("brought", READERS), "object_marking_refs": [TLP2_REFS[Tlp.AMBER]]},
        "held": {
            "name": new("held", READERS),
            "object_marking_refs": ["marking-definition--11111111-1111-4111-8111-111111111111"],
        },
        "red": {"name": new("brought-red", NOBODY), "object_marking_refs": [TLP2_REFS[Tlp.RED]]},
    }
    pieces = [
        an_indicator(
            id=f"indicator--{number:08}-0000-4000-8000-000000000000",
            pattern=f"[domain-name:value = '{domain(facts['name'])}']",
            **facts,
        )
        for number, facts in enumerate(brought.values())
    ]
    answers = take(work, pieces, peer=peers["other"])
    cage.name("object", *(each.stix_id for each in answers))
    said = new("said-of-theirs", READERS)
    note = an_object("note", content=said, object_refs=[answers[0].stix_id])
    explanation = new("thought-of-theirs", READERS)
    ours = JudgeObject(str(answers[0].stix_id), Opinion.AGREE, explanation, Tlp.AMBER)
    take(work, [note], peer=peers["other"])
    cage.name("object", judge_object(work, ours).stix_id)
    for word in (said, explanation):
        cage.expect(f"/indicators/{answers[0].stix_id}", word, *READERS)
    second = new("second-content", READERS)
    again = {**json.loads(pieces[0]), "description": second}
    take(work, [json.dumps(again).encode()], peer=peers["member"])
    held = work.session.scalars(sa.select(Quarantined.id).order_by(Quarantined.id.desc())).first()
    cage.expect(f"/sync/quarantine/{held}", second, *READERS)
    fill_refusals(cage, work, peers["member"])
    reason = new("decided-on-all", READERS)
    decision = AlikeDecision(
        peer_id=peers["member"].id,
        code="conflict",
        upto=held or 0,
        shown_at=work.now,
        do=Do.DROP,
        reason=reason,
        asked_at=work.now,
        asked_via=ActorKind.CONSOLE,
        total=1,
        stage=Stage.DECIDED,
        ended_at=work.now,
    )
    work.session.add(decision)
    work.session.flush()
    cage.name("decision", decision.id)
    cage.expect("/sync/quarantine?view=settled", reason, *READERS)
    alarm = RateAlarm(
        peer_id=peers["other"].id, stix_id=str(answers[0].stix_id), count=21, raised_at=work.now
    )
    work.session.add(alarm)
    work.session.flush()
    cage.name("alarm", alarm.id)
    alert, check = an_alert(work, cage.ids["link"][0]), a_check(work, cage.ids["link"][0], answers)
    cage.name("alert", alert.id)
    cage.name("check", check.id)
    cage.name("connector", "stix-folder", "none")
    cage.expect("/sync", str(answers[0].stix_id), *READERS)


def fill_refusals(cage: Cage, work: Work, peer: Peer) -> None:
    """One of a marking that nobody knows, which nobody may see yet; and one that a peer did not take."""
    secret = cage.canaries.new("unknown-marking", NOBODY)
    waits = an_indicator(
        id=numbered("indicator", 7001),
        description=secret,
        object_marking_refs=[numbered("marking-definition", 7001)],
    )
    take(work, [waits], peer=peer)
    link = add_link(work, AddLink(peer.slug, "far", LinkDirection.PUSH))
    version_id = work.session.scalars(sa.select(ObjectVersion.id)).first()
    words = cage.canaries.new("peer-words", READERS)
    refused = Outgoing(
        link_id=link.id,
        version_id=version_id,
        queued_at=work.now,
        failure=words,
        refused_at=work.now,
    )
    work.session.add(refused)
    work.session.flush()
    cage.name("outgoing", refused.id)
    cage.expect("/sync/outgoing", words, *READERS)


def an_alert(work: Work, link_id: str) -> LineAlert:
    """That much of what a link brought was not taken today; a worker finds it so as well."""
    line = f"link:{link_id}"
    work.session.merge(LineDay(line=line, day=work.now.date(), runs=1, failed=0, refused=500))
    alert = LineAlert(
        line=line,
        reference="ALERT-1",
        kind=AlertKind.FILLING,
        name="a link",
        values={"count": 500, "usual": 0},
        raised_at=work.now,
    )
    work.session.add(alert)
    work.session.flush()
    return alert


def a_check(work: Work, link_id: str, arrivals: Sequence[Arrival]) -> ManifestCheck:
    """That found some missing."""
    check = ManifestCheck(
        link_id=int(link_id),
        state=CheckState.DONE,
        asked_by="Irena",
        asked_at=work.now,
        missing=[[str(one.stix_id), str(one.version_text)] for one in arrivals],
        missing_count=len(arrivals),
        error_values={},
    )
    work.session.add(check)
    work.session.flush()
    return check


def fill_limits(cage: Cage, work: Work, peers: dict[str, Peer]) -> None:
    """Released to all by their marking, and kept back all the same; the list, and a permission with its evidence."""
    new = cage.canaries.new
    why, collection = new("listed-why", READERS), find_collection(work.session, "wide")
    one, other = (our_object(work, cage, place, READERS, Tlp.CLEAR) for place in ("kept", "person"))
    stored = put(work, one, other, sector="energy")
    state_facts(work, [stored[1].object_id], personal=True)
    publish(work, collection, [each.version_id for each in stored])
    withhold(work, Withhold(one.observables[0].value, why))
    cage.name("object", one.stix_id, other.stix_id)
    cage.expect("/withheld", why, *READERS)
    common = new("common-why", READERS)
    warn(work, Warn("common.example", common))
    cage.expect("/warning-list", common, *READERS)
    word, file = new("permission", READERS), new("evidence", READERS)
    permission = record_permission(
        work,
        RecordPermission(
            Scope.PEER,
            word,
            Audience.PEERS,
            Tlp.GREEN,
            origin=peers["other"].slug,
            evidence=new("said", READERS),
            files=(EvidenceFile(f"{new('proof', READERS)}.txt", "text/plain", file.encode()),),
        ),
    )
    cage.name("permission", permission.reference)
    cage.expect("/permissions", word, *READERS)
    cage.expect(f"/permissions/{permission.reference}", word, *READERS)


def with_a_connector(program: Program) -> Program:
    """One that reads a list from a folder that is not there, so that it fails whenever it runs."""
    table = {
        "connector": "csv",
        "peer": "member",
        "folder": str(program.settings.data_dir / "none"),
    }
    return replace(program, settings=replace(program.settings, connectors={"blocklist": table}))


def name_the_rest(cage: Cage, work: Work) -> None:
    """What got its id by itself."""
    cage.name("arrival", *work.session.scalars(sa.select(Quarantined.id)))
    cage.name("file", *work.session.scalars(sa.select(Attachment.id)))
    cage.name("message", *work.session.scalars(sa.select(Message.id)))
    cage.name("static", *(file.path for file in static_files().values()))
    cage.name("letter", *work.session.scalars(sa.select(PeerLetter.id)), 999)
    cage.name("playbook", "phishing", "fraud")
    cage.name("receipt", "00000000-0000-4000-8000-000000000000")
    cage.name("anything", "no/such/page")
    cage.name("webhook", "siem", "none")
    mapped = cage.canaries.new("mapped", ["admin", "auditor"])
    add_webhook(work, "siem", {"title": (mapped,)}, Tlp.AMBER)
    webhook_id = get_webhook(work, "siem").id
    cage.name("webhook_id", webhook_id)
    fill_connectors(cage, work)
    cage.name("language", "en", "none")
    cage.expect(f"/admin/webhooks/{webhook_id}", mapped, "admin", "auditor")


def fill_connectors(cage: Cage, work: Work) -> None:
    """What a connector says of itself is for the desk as well, what was typed for it for those who look after it."""
    cage.name("source", "blocklist", "none")
    said = cage.canaries.new("connector", [*READERS, "admin"])
    column = cage.canaries.new("column", ["admin", "auditor"])
    work.session.add(Source(name="blocklist", error=said, last_run_at=work.now))
    saved = SavedSetting(source="blocklist", name="mapping", value=f"{column} = ip", version=1)
    work.session.add(saved)
    cage.expect("/admin/connectors", said, "admin", "auditor")
    cage.expect("/sync", said, *READERS)
    cage.expect("/admin/connectors/blocklist", column, "admin", "auditor")


def an_incident(title: str, tlp: Tlp) -> OpenIncident:
    return OpenIncident(title, "intrusions", "system-compromise", Severity.HIGH, tlp)


def domain(word: str) -> str:
    return f"{word}.example.org"


def give_the_console_its_key(program: Program) -> None:
    file = key_file(program.settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(base64.urlsafe_b64encode(TEST_SECRET))


# Which ids fill which parameter of an address, by the beginning of the address.
_FILLED_BY = (
    ("/intake/webhook/<", {"name": "webhook"}),
    ("/static/", {"name": "static"}),
    ("/<path:", {"address": "anything"}),
    ("/taxii2/", {"key": "collection", "object_id": "object", "status_id": "receipt"}),
    ("/intake/", {"reference": "report", "attachment_id": "file"}),
    ("/triage/bulk/", {"act_id": "bulk"}),
    ("/triage/views/", {"view_id": "view"}),
    ("/triage/agencies/", {"agency_id": "agency"}),
    ("/triage/", {"reference": "report", "message_id": "message"}),
    (
        "/incidents/",
        {
            "reference": "incident",
            "note_id": "note",
            "party_id": "party",
            "observable_id": "observable",
            "task_id": "task",
            "event_id": "attack",
        },
    ),
    ("/playbooks/", {"slug": "playbook"}),
    ("/bin/", {"act_id": "bin"}),
    ("/indicators/", {"stix_id": "object", "letter": "letter"}),
    ("/release/", {"reference": "release"}),
    ("/peers/", {"slug": "slug", "alias": "collection"}),
    ("/permissions/", {"reference": "permission", "attachment_id": "file"}),
    ("/agreements/changes/", {"change_id": "change"}),
    ("/agreements/members/", {"request_id": "member"}),
    ("/agreements/", {"reference": "agreement", "attachment_id": "signed", "named_id": "named_id"}),
    (
        "/sync/",
        {
            "link_id": "link",
            "arrival_id": "arrival",
            "alarm_id": "alarm",
            "outgoing_id": "outgoing",
            "alert_id": "alert",
            "check_id": "check",
            "decision_id": "decision",
            "name": "connector",
        },
    ),
    ("/admin/webhooks/", {"webhook_id": "webhook_id"}),
    ("/admin/connectors/", {"name": "source"}),
    ("/admin/mail/", {"language": "language"}),
    ("/admin/", {"account_id": "account_id"}),
)


def addresses(rule: str, names: Iterable[str], ids: dict[str, list[str]]) -> list[dict[str, str]]:
    """Every way to fill in the parameters of a rule. A parameter that is not known here is an error."""
    ways = next((ways for start, ways in _FILLED_BY if rule.startswith(start)), {})
    names = sorted(names)
    unknown = [name for name in names if name not in ways]
    assert not unknown, f"the canary does not know with what to fill {unknown} of the route {rule}"
    values = [[(name, value) for value in ids[ways[name]]] for name in names]
    return [dict(chosen) for chosen in itertools.product(*values)]
