"""The whole story by hand of its people: from a report at one CIRT to a sighting and a revocation between two.

Each step is what somebody sees and does in the browser; what they cannot see is left to other tests.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, add_peer
from cirt.release.collections import add_member, find_collection
from cirt.sharing.agreements.commands import AddAgreement
from cirt.sharing.agreements.service import add_agreement
from tests.support.browser import PASSWORD, Person, a_person
from tests.support.pair import Side

TEXT = """A mail about a fee took us to hxxps://fee-portal[.]example/pay?id=7 and to http://192.0.2.61/drop
Right after, the computer called 198.51.100[.]23. The attachment was fee.scr,
MD5 d41d8cd98f00b204e9800998ecf8427e,
SHA-256 9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab."""
SHARED = "198[.]51[.]100[.]23"  # the other CIRT has an incident of its own with it
COLLECTION = "Indicators of CIRT Valdora"


@dataclass
class Journey:
    here: Side  # where the report comes in
    there: Side
    browser: Browser
    script: bool
    stack: ExitStack
    people: dict[str, Person] = field(default_factory=dict)
    report: str = ""
    incident: str = ""
    release: str = ""
    indicator: str = ""  # the STIX id that both sides know

    def visitor(self, side: Side) -> Person:
        return self.stack.enter_context(a_person(self.browser, side.url, script=self.script))

    def at(self, side: Side, name: str) -> Person:
        """A colleague at their desk; the first time they replace their one-time password."""
        if name not in self.people:
            person = self.people[name] = self.visitor(side)
            person.sign_in_first(side.team.email(name), side.passwords[name])
        return self.people[name]

    @property
    def problems(self) -> list[str]:
        return [each for person in self.people.values() for each in person.problems]


@contextmanager
def a_journey(pair: tuple[Side, Side], browser: Browser, *, script: bool) -> Iterator[Journey]:
    with ExitStack() as stack:
        add_careful_peer(pair[0])
        yield Journey(*pair, browser, script, stack)


def add_careful_peer(side: Side) -> None:
    """A member of the collection whose agreement ends below what will be released."""
    with side.program.work(CONSOLE) as work:
        peer = add_peer(work, side.program.keys, "northland", PeerFacts("CERT Northland", "XN"))
        add_agreement(work, AddAgreement("northland", ceiling=Tlp.GREEN))
        add_member(work, find_collection(work.session, "indicators"), peer)


def anybody_reports(it: Journey) -> None:
    visitor = it.visitor(it.here)
    visitor.open("/")
    visitor.press("Report an incident")
    visitor.fill(What_happened=TEXT, Your_organisation="Lakeside Clinic")
    visitor.fill(How_we_can_reach_you="it@lakeside.example")
    visitor.page.locator("#files").set_input_files(
        {"name": "mail.eml", "mimeType": "message/rfc822", "buffer": b"From: fee@example.org\n"}
    )
    visitor.press("Send report")
    visitor.reads("Your report has arrived")
    it.report, code = visitor.page.locator("main dd").all_inner_texts()
    visitor.press("Follow your report")
    visitor.fill(Reference=it.report.lower(), Follow=code.lower())
    visitor.press("Show how it stands")
    visitor.reads("We have your report")


def triage_accepts(it: Journey) -> None:
    """The queue by waiting time, what is known beside the report, and three decisions."""
    triage = it.at(it.here, "Amina")
    triage.open("/triage")
    waits = triage.page.locator("main tbody th .mono").all_inner_texts()
    assert waits[-1] == it.report
    assert len(waits) == 4
    assert waits == sorted(waits)
    triage.page.locator("main tbody tr", has_text="Lakeside Clinic").get_by_role("link").click()
    triage.reads("Looks like INC-", "1 file", SHARED, "hxxps[:]//fee-portal[.]example/pay?id=7")
    triage.page.get_by_label("Accept as new incident").check()
    triage.fill(Title_of_the_incident="Fee mail drops a program")
    triage.choose("What kind of incident", "malicious-code/malware-configuration")
    triage.choose("Severity", "high")
    triage.page.locator("#rep").get_by_label("Marking").select_option("amber")
    triage.fill(Reason="Same wave, other sender")
    triage.press(f"Save decision on {it.report}")
    it.incident = triage.path.rpartition("/")[2]
    triage.reads("Fee mail drops a program", "TLP:AMBER", "High", it.report, "mail.eml")


def triage_adds_one_and_rejects_one(it: Journey) -> None:
    triage = it.at(it.here, "Amina")
    triage.open("/triage")
    triage.press("Another mail with")
    added = triage.page.locator("#rep .mono").first.inner_text()
    triage.page.get_by_label("Add to an incident").check()
    triage.fill(Reference_of_the_incident=it.incident, Reason="Same address")
    triage.press(f"Save decision on {added}")
    triage.reads("Is this the right one?", "Fee mail drops a program")
    triage.press(f"Add {added} to {it.incident}")
    assert triage.path == f"/incidents/{it.incident}"
    triage.reads(added)
    triage.open("/triage")
    triage.press("I got a text message")
    triage.page.get_by_label("Reject with a reason").check()
    triage.press("Save decision on")
    triage.reads("There is one thing to fix")
    triage.fill(Reason="Advice was given by telephone")
    triage.press("Save decision on")
    triage.open("/triage?view=decided")
    triage.reads(it.report, added, "Rejected")


def handler_works(it: Journey) -> None:
    """Timeline, a note, observables confirmed and made into indicators."""
    handler = it.at(it.here, "Tomas")
    handler.open(f"/incidents/{it.incident}")
    handler.fill(Add_a_note="Clinic confirms a call to 203.0.113[.]9 at 10:40.")
    handler.press("Save note")
    handler.reads("Clinic confirms a call to 203[.]0[.]113[.]9")
    handler.press("Check them")
    handler.reads(
        SHARED, "192[.]0[.]2[.]61", "d41d8cd98f00b204e9800998ecf8427e", "203[.]0[.]113[.]9"
    )
    handler.press("Save decisions")
    handler.reads("On this incident", SHARED)
    handler.choose("How sure are we?", "70")
    handler.choose("Valid for", "90")
    handler.press("Make indicators")
    handler.reads("Indicators made of this incident", SHARED)


def asks_for_release(it: Journey, name: str) -> str:
    person = it.at(it.here, name)
    person.open(f"/incidents/{it.incident}/sharing")
    person.fill(Why_should_peers_have_it="Active now, neighbours are hit by the same mails")
    person.page.get_by_label(COLLECTION).check()
    person.press("Ask for release")
    person.reads("Asked by you, so another lead decides")
    assert person.page.locator("#decision").count() == 0
    return person.path.rpartition("/")[2].partition("?")[0]


def another_lead_approves(it: Journey) -> None:
    """The gate's sentence and its reasons; neither the handler nor a lead decides on their own request."""
    it.release = asks_for_release(it, "Tomas")
    own = asks_for_release(it, "Irena")
    lead = it.at(it.here, "Irena")
    lead.open(f"/release/{it.release}")
    lead.reads("1 of 2 peers", "CERT Meridia", "CERT Northland", "Approve for one peer")
    lead.reads("TLP:GREEN")  # why Northland gets nothing
    lead.page.get_by_label("Approve for").check()
    lead.press("Record decision on")
    lead.reads("There is one thing to fix")
    lead.page.get_by_label("Approve for").check()
    lead.fill(Your_password=PASSWORD)
    lead.press("Record decision on")
    lead.reads("Released.", "Peers can fetch it now")
    other = it.at(it.here, "Lin")
    other.open(f"/release/{own}")
    other.page.get_by_label("Refuse").check()
    other.fill(Comment=f"Went out as {it.release}", Your_password=PASSWORD)
    other.press("Record decision on")
    other.reads("Nothing has left")


def the_other_side_has_it(it: Journey) -> None:
    """B's own sync brought it: source, own incident, and what triage there now knows."""
    handler = it.at(it.there, "Farid")
    handler.waits_for("/indicators?words=198.51.100.23", SHARED, "CIRT Valdora")
    handler.page.locator("main tbody th").get_by_role("link", name=SHARED).click()
    it.indicator = handler.path.rpartition("/")[2]
    handler.reads("Came from CIRT Valdora", "Computers call an unknown address", "TLP:AMBER")
    visitor = it.visitor(it.there)
    visitor.open("/report")
    visitor.fill(What_happened="Our firewall saw 198.51.100.23 too.")
    visitor.press("Send report")
    triage = it.at(it.there, "Joon")
    triage.open("/triage")
    triage.press("Our firewall saw")
    triage.reads("Known to peers: CIRT Valdora")


def a_sighting_goes_back(it: Journey) -> None:
    handler = it.at(it.there, "Farid")
    handler.open(f"/indicators/{it.indicator}")
    handler.press("Report a sighting")
    handler.fill(How_many_times="3")
    handler.press("Report this sighting")
    handler.reads("The sighting is kept")
    at_home = it.at(it.here, "Tomas")
    at_home.waits_for(f"/incidents/{it.incident}?show=peers", "CERT Meridia", SHARED)
    handler.waits_for(f"/indicators/{it.indicator}", "sent to CIRT Valdora")


def a_revocation_follows(it: Journey) -> None:
    handler = it.at(it.here, "Tomas")
    handler.open(f"/indicators/{it.indicator}")
    handler.reads("CERT Meridia")
    handler.press("Revoke…")
    handler.reads("One peer has fetched it")
    handler.fill(Why_is_it_revoked="The address was given to somebody else")
    handler.press("Revoke this indicator")
    handler.reads("Told with their next poll: CERT Meridia")
    it.at(it.there, "Farid").waits_for(
        f"/indicators/{it.indicator}", "It is revoked and no longer matches"
    )
    triage = it.at(it.there, "Joon")
    triage.open("/triage")
    triage.press("Our firewall saw")
    triage.reads("Looks like INC-")
    triage.reads_not("Known to peers")


def auditors_read_the_story(it: Journey) -> None:
    told = {
        ("Rosa", "account"): ("account.password",),
        ("Rosa", "report"): ("report.take", "report.accept", "report.add", "report.reject"),
        ("Rosa", "note"): ("note.write",),
        ("Rosa", "indicator"): ("indicator.make",),
        ("Rosa", "release"): ("release.ask", "release.approve", "release.refuse"),
        ("Rosa", "recall"): ("recall",),
        ("Paulo", "sighting"): ("sighting",),
    }
    for (name, act), acts in told.items():
        auditor = it.at(it.here if name == "Rosa" else it.there, name)
        auditor.open(f"/admin/audit?act={act}")
        auditor.reads(*acts)
    for name in ("Rosa", "Paulo"):
        auditor = it.people[name]
        auditor.open("/admin/audit?check=1")
        auditor.reads("No entry was changed or removed")
