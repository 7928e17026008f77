"""Every page as it stands in a browser: no error, one heading, readable by everybody, in both looks and directions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ViewportSize

from cirt.boot.app import create_app
from cirt.boot.stage import Team
from cirt.exchange.arrivals import take
from cirt.exchange.complete.models import ManifestCheck
from cirt.exchange.loops.models import RateAlarm
from cirt.exchange.models import Link, Quarantined
from cirt.exchange.remarks.commands import JudgeObject, NoteObject, Opinion
from cirt.exchange.remarks.relating import RelateObjects, Relation, relate_objects
from cirt.exchange.remarks.service import judge_object, note_object
from cirt.exchange.watching.models import LineAlert
from cirt.files.models import Attachment
from cirt.kernel.gpg import PublicKey
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC
from cirt.objects.models import StixObject
from cirt.parties.accounts import get_account
from cirt.parties.models import Account
from cirt.parties.peers import find_peer, ourselves
from cirt.parties.rights import actor_of
from cirt.register.bin.commands import DeletePart
from cirt.register.bin.models import Binned
from cirt.register.bin.service import delete_part
from cirt.register.bulk.models import BulkAct, BulkDo
from cirt.register.commands import SentFile, TakeReport
from cirt.register.constituents.models import IncidentParty
from cirt.register.dialogue.commands import TakeAnswer
from cirt.register.dialogue.models import Message
from cirt.register.dialogue.service import take_answer
from cirt.register.forwarding.commands import SaveAgency
from cirt.register.forwarding.models import Agency
from cirt.register.forwarding.service import save_agency
from cirt.register.intake import take_report
from cirt.register.models import IncidentObservable, Note, Report
from cirt.register.playbooks.commands import ApplyPlaybook
from cirt.register.playbooks.service import apply_playbook
from cirt.register.tasks.models import Task
from cirt.register.timeline.attack import add_attack
from cirt.register.timeline.commands import AddAttack
from cirt.register.timeline.models import AttackEvent
from cirt.register.webhook.models import Webhook
from cirt.register.webhook.service import add_webhook
from cirt.release.collections import AddCollection, add_collection
from cirt.release.membership.service import ask_member
from cirt.release.models import CollectionKind
from cirt.release.permitting import record_permission
from cirt.release.withholding import withhold
from cirt.sharing.agreements.persons import AgreementPerson, NamePerson, name_person_in
from cirt.sharing.agreements.record import Contact
from cirt.sharing.models import Agreement
from cirt.sharing.permissions.commands import RecordPermission, Scope
from cirt.sharing.permissions.models import Audience, Permission
from cirt.sharing.withheld.commands import Withhold
from tests.support.agreeing import asked_for
from tests.support.browser import Person, a_person
from tests.support.canary import a_check, addresses, an_alert
from tests.support.databases import Databases
from tests.support.pair import Side, a_pair

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
}
AXE = Axe()
ONLY_COLOUR = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
NO_PAGES = (
    "/health/",
    "/metrics",
    "/taxii2/",
    "/static/",
    "/<path:",
    "bundle.json",
    "/files/",
    "/sync/connectors/",
    "/report/sent",
    "/admin/connectors/<",  # the demonstration has none in use: tests/service/test_web_connectors.py
    "/entered",
    "/copy/",
    "report.csv",
    "/release/part",
    "/quarantine/alike",
)
REDIRECTS = ("/admin", "/status/answered")
PUBLIC_PAGES = (
    "/",
    "/report",
    "/report/child",
    "/status",
    "/sign-in",
    "/account/theme",
    "/help/keys",
)
NARROW: ViewportSize = {"width": 320, "height": 700}
WIDE: ViewportSize = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Site:
    side: Side
    paths: list[str]  # of every page that can be asked for


@pytest.fixture(scope="module")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_pair(databases, "sqlite", tmp_path_factory.mktemp("pages")) as (side, _):
        with side.program.work(PUBLIC) as work:
            files = (SentFile("a.log", "text/plain", b"a line"),)
            sent, code = take_report(
                work, TakeReport(text="Our printer prints by night", files=files)
            )
        with side.program.work(PUBLIC) as work:
            take_answer(work, TakeAnswer(sent.reference, code, "It does it again", files))
        with side.program.work(CONSOLE) as work:
            arrivals = take(work, [b'{"type":"odd"}'], peer=find_peer(work.session, "meridia"))
            link = work.session.scalars(sa.select(Link.id).order_by(Link.id)).first()
            an_alert(work, str(link))
            a_check(work, str(link), arrivals)
            apply_playbook(work, ApplyPlaybook("INC-2026-0001", "phishing"))
            events = [AddAttack("INC-2026-0001", "It came", "2026-01-17") for _ in range(2)]
            gone, _ = (add_attack(work, event) for event in events)
            delete_part(work, DeletePart("INC-2026-0001", Binned.ATTACK, gone.id))
        fill_triage(side.program)
        fill_remarks(side.program)
        fill_agreements(side.program)
        fill_limits(side.program)
        yield Site(side, pages_of(side.program))


def fill_triage(program: Program) -> None:
    """An agency, a webhook, and what Irena has ticked."""
    with program.work(CONSOLE) as work:
        save_agency(work, SaveAgency("Police, cyber unit", "cyber@police.example", "Crimes"))
        add_webhook(work, "siem", {"title": ("rule.name",)}, Tlp.AMBER)
        account = get_account(work.session, Team.VALDORA.email("Irena"))
        reports = work.session.execute(sa.select(Report.reference, Report.version)).all()
        ticked = [list(row) for row in reports]
        act = BulkAct(account_id=account.id, do=BulkDo.MERGE, ticked=ticked, done=[])
        act.made_at = work.now
        work.session.add(act)


def fill_remarks(program: Program) -> None:
    """What is said of the first indicator, and that it came too often."""
    with program.work(CONSOLE) as work:
        first = sa.select(StixObject.stix_id).where(StixObject.type == "indicator")
        stix_id = str(work.session.scalars(first).first())
        note_object(work, NoteObject(stix_id, "w" * 300, Tlp.AMBER_STRICT, "A long word"))
        judge_object(
            work, JudgeObject(stix_id, Opinion.DISAGREE, "A shared host", Tlp.AMBER_STRICT)
        )
        us = ourselves(work.session).identity_id
        relate_objects(work, RelateObjects(stix_id, Relation.RELATED, us, Tlp.AMBER_STRICT))
        peer = find_peer(work.session, "meridia")
        alarm = RateAlarm(peer_id=peer.id, stix_id=stix_id, count=21, raised_at=work.now)
        work.session.add(alarm)


def fill_agreements(program: Program) -> None:
    """A change and a member that wait, asked for by Lin."""
    with program.work(CONSOLE, write=False) as work:
        lin = actor_of(get_account(work.session, Team.VALDORA.email("Lin")))
    with program.work(CONSOLE) as work:
        add_collection(work, AddCollection("spare", "Spare", CollectionKind.PUBLISHED))
        reference = work.session.scalars(sa.select(Agreement.reference)).first() or ""
    contacts = (Contact("Duty desk", "Duty", "duty@meridia.example", "555 0142"),)
    asked_for(program, lin, reference, ceiling=Tlp.CLEAR, contacts=contacts)
    with program.work(lin) as work:
        ask_member(work, "spare", "meridia", "They asked for it")


def fill_limits(program: Program) -> None:
    """What a source permits, what is not shared with anybody, and who is named for TLP:RED."""
    with program.work(CONSOLE) as work:
        reference = work.session.scalars(sa.select(Agreement.reference)).first() or ""
        key = PublicKey("A" * 40, "no block of it is looked at here")
        name_person_in(work, NamePerson(reference, "Mei", "mei@meridia.example", key))
        permission = RecordPermission(
            Scope.PEER,
            "Their lead",
            Audience.PEERS,
            Tlp.GREEN,
            origin="meridia",
            evidence="Their mail",
        )
        record_permission(work, permission)
        withhold(work, Withhold("203.0.113.0/24", "Ours"))


def pages_of(program: Program) -> list[str]:
    """One address for each page of the application, filled with what the story holds."""
    with program.work(CONSOLE, write=False) as work:

        def first(query: sa.Select[Any]) -> str:
            return str(work.session.scalars(query).first())

        code = first(sa.select(Quarantined.code).order_by(Quarantined.id.desc()))
        ids = {
            "report": ["REP-2026-0003"],
            "incident": ["INC-2026-0001"],
            "release": ["REL-2026-0001"],
            "object": [first(sa.select(StixObject.stix_id).where(StixObject.type == "indicator"))],
            "message": [first(sa.select(Message.id))],
            "note": [first(sa.select(Note.id))],
            "observable": [first(sa.select(IncidentObservable.id))],
            "party": [first(sa.select(IncidentParty.id))],
            "file": [first(sa.select(Attachment.id))],
            "task": [first(sa.select(Task.id))],
            "attack": [first(sa.select(AttackEvent.id).where(AttackEvent.bin_id.is_(None)))],
            "playbook": ["phishing"],
            "slug": ["meridia"],
            "change": ["1"],
            "member": ["1"],
            "collection": ["indicators"],
            "agreement": [first(sa.select(Agreement.reference))],
            "link": [first(sa.select(Link.id))],
            "arrival": [first(sa.select(Quarantined.id).where(Quarantined.code == code))],
            "alert": [first(sa.select(LineAlert.id))],
            "check": [first(sa.select(ManifestCheck.id))],
            "connector": ["stix-folder"],
            "account_id": [first(sa.select(Account.id))],
            "agency": [first(sa.select(Agency.id))],
            "view": ["1"],
            "bulk": [first(sa.select(BulkAct.id))],
            "webhook_id": [first(sa.select(Webhook.id))],
            "language": ["ar"],
            "permission": [first(sa.select(Permission.reference))],
            "named_id": [first(sa.select(AgreementPerson.id))],
        }
    app = create_app(program)
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or any(part in rule.rule for part in NO_PAGES):
            continue
        [values] = addresses(rule.rule, rule.arguments, ids)
        found.append(adapter.build(rule.endpoint, values))
    found.append("/release/part?incident=INC-2026-0001")
    found.append(f"/sync/quarantine/alike?peer=meridia&code={code}")
    return sorted(set(found) - set(REDIRECTS))


VISITS: dict[str, Callable[[str], bool]] = {
    "Irena": lambda path: path not in PUBLIC_PAGES and not path.startswith("/admin"),
    "Omar": lambda path: path.startswith("/admin") and path != "/admin/audit",
    "Rosa": lambda path: (
        path.startswith("/admin") and path not in ("/admin/webhooks/add", "/admin/webhooks/1/token")
    ),
    "": lambda path: path in PUBLIC_PAGES,  # nobody signed in
}


@pytest.mark.parametrize("name", VISITS, ids=["lead", "admin", "auditor", "nobody"])
def test_every_page_is_sound(name: str, site: Site, chromium: Browser) -> None:
    with a_person(chromium, site.side.url) as person:
        if name:
            person.sign_in_first(Team.VALDORA.email(name), site.side.passwords[name])
        visited = [path for path in site.paths if VISITS[name](path)]

        faults = [fault for path in visited for fault in faults_of(person, path)]

    assert len(visited) >= 4
    assert "\n".join(faults) == ""
    assert person.problems == []


def test_pages_that_refuse_are_sound_too(site: Site, chromium: Browser) -> None:
    with a_person(chromium, site.side.url) as person:
        person.sign_in_first(Team.VALDORA.email("Amina"), site.side.passwords["Amina"])

        assert looks_of(person, person.open("/admin/users"), 403) == []
        assert looks_of(person, person.open("/incidents/INC-2026-9999"), 404) == []
        for path, button in (("/triage/new", "Save report"), ("/report", "Send report")):
            person.open(path)
            person.press(button)
            person.page.locator(".err-sum").wait_for()
            assert axe(person, RULES) == []


def test_pages_between_a_form_and_its_act_are_sound_too(site: Site, chromium: Browser) -> None:
    with a_person(chromium, site.side.url) as person:
        person.sign_in_first(Team.VALDORA.email("Tomas"), site.side.passwords["Tomas"])
        person.open("/incidents/INC-2026-0001/observables/new")
        person.page.locator("#text").fill("mail a@b.example, 203.0.113.77 and 198.51.100.77 " * 9)
        person.press("Find observables")
        person.reads("Check what was found")
        assert between(person) == []

        person.page.set_viewport_size(WIDE)
        person.open("/triage")
        waiting = person.page.locator("main tbody th .mono").all_inner_texts()
        person.open(f"/intake/{waiting[0]}")
        person.page.get_by_label("Merge into another report").check()
        person.page.locator("#leading").fill(waiting[1])
        person.page.locator("#reason").fill("The same")
        person.press("Save decision on")
        person.reads("Is this the right one?")
        assert between(person) == []


def between(person: Person) -> list[str]:
    """Of a page that no address leads to."""
    faults = axe(person, RULES)
    person.page.emulate_media(color_scheme="dark")
    faults += axe(person, ONLY_COLOUR)
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size(NARROW)
    return faults + too_wide(person)


def faults_of(person: Person, path: str) -> list[str]:
    """Everything wrong with one page."""
    person.page.set_viewport_size(WIDE)
    faults = looks_of(person, person.open(path), 200)
    person.page.emulate_media(color_scheme="dark")
    faults += axe(person, ONLY_COLOUR)
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size(NARROW)
    faults += too_wide(person)
    person.open(f"{path}{'&' if '?' in path else '?'}lang=ar")
    if person.page.locator("html").get_attribute("dir") != "rtl":
        faults.append("not from right to left in Arabic")
    faults += too_wide(person)
    return [f"{path}: {fault}" for fault in faults]


def looks_of(person: Person, status: int, expected: int) -> list[str]:
    faults = [] if status == expected else [f"answers {status}"]
    headings = person.page.locator("h1").count()
    if headings != 1:
        faults.append(f"{headings} h1")
    if not person.page.title().removesuffix(" · CIRT Valdora").strip(" ·"):
        faults.append("no title")
    return faults + axe(person, RULES)


def axe(person: Person, options: Mapping[str, object]) -> list[str]:
    if person.page.evaluate("!window.axe?.run"):
        person.page.evaluate(AXE.axe_script)
    wanted = {**options, "resultTypes": ["violations"]}
    found = person.page.evaluate("options => axe.run(options)", wanted)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def too_wide(person: Person) -> list[str]:
    wide = person.page.evaluate(
        "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    )
    return [f"{wide} px too wide at 320 in {person.page.url}"] if wide > 0 else []
