"""A triage officer's hour at the keyboard, and a lead who merges two incidents and parts them again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cirt.kernel.work import PUBLIC
from cirt.parties.roles import Role
from cirt.register.commands import MarkSpam, TakeReport
from cirt.register.intake import take_report
from cirt.register.service import mark_spam
from cirt.register.sight import get_report
from tests.support.browse import PASSWORD, a_colleague
from tests.support.browser import Person, a_person
from tests.support.databases import Databases
from tests.support.register import a_person as a_colleague_at_work
from tests.support.register import an_incident, with_observables
from tests.support.served import Served, serve

MAIL = (
    "A mail asked our staff to pay a parcel fee at hxxps://parcel-fee[.]example/pay. Some of them typed "
    "their card number there. We told the bank. What else is to be done about it?"
)


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Served]:
    with serve(databases, "sqlite", tmp_path / "desk") as served:
        yield served


def reported(desk: Served, *texts: str) -> list[str]:
    found = []
    for text in texts:
        with desk.program.work(PUBLIC) as work:
            found.append(take_report(work, TakeReport(text=text))[0].reference)
    return found


def signed_in(person: Person, desk: Served, *roles: Role) -> None:
    person.sign_in(a_colleague(desk.program, *roles), PASSWORD)
    person.page.get_by_role("button", name="Sign out").wait_for()


def keys(person: Person, *pressed: str) -> None:
    person.page.wait_for_load_state()  # the script listens once the page is whole
    for key in pressed:
        person.page.keyboard.press(key)


def test_a_triage_session_by_keyboard_with_bulk_and_undo(desk: Served, chromium: Browser) -> None:
    parcel, again, spam, more, dark = reported(
        desk,
        MAIL,
        f"Good morning. {MAIL}",
        "Cheap pills!",
        "Cheaper pills!",
        "The web shop was slow all night.",
    )
    with a_person(chromium, desk.url) as person:
        signed_in(person, desk, Role.HANDLER)
        page = person.page
        keys(person, "g", "t")
        page.wait_for_url("**/triage")
        person.reads(f"Likely the same as {parcel}", again)

        # Read the second, claim it, see why it looks the same, merge it into the first.
        keys(person, "j", "j", "Enter")
        page.wait_for_url(f"**selected={again}*")
        person.reads("Likely the same as:", "4 of 5 sentences alike", "The same hxxps")
        keys(person, "c", "Enter")
        page.get_by_role("button", name="Put back").wait_for()
        keys(person, "l")
        assert page.locator("#rep input[value=link]").is_checked()
        page.locator("#rep input[value=merge]").check()
        person.fill(Reason="The same mail")
        keys(person, "Tab", "Enter")
        page.get_by_role("button", name=f"Merge {again} into {parcel}").press("Enter")
        page.wait_for_url(f"**/intake/{again}")
        person.reads(f"Merged into {parcel}", "Undo this merge")

        # Tick two with the space bar and mark them as spam together.
        person.open("/triage")
        keys(person, "j", "j", "Space", "j", "Space")
        assert page.locator(".ck input:checked").count() == 2
        page.get_by_role("button", name="Spam…").press("Enter")
        page.wait_for_url("**/triage/bulk/*")
        person.reads("2 reports.", "It can be undone for a day", spam, more)
        page.get_by_role("button", name="Mark them as spam").press("Enter")
        person.page.get_by_role("button", name="Undo all of this").wait_for()
        person.reads("Done.", spam, more)
        person.open("/triage")
        person.reads(parcel, dark)
        person.reads_not(spam, more)
        page.go_back()
        page.get_by_role("button", name="Undo all of this").press("Enter")
        page.get_by_text("Undone.").wait_for()
        person.open("/triage")
        person.reads(spam, more)

        # Accept the first; what is merged into it comes along.
        person.open(f"/triage?selected={parcel}")
        keys(person, "x")
        assert page.locator("#rep input[value=reject]").is_checked()
        keys(person, "a")
        assert page.locator("#rep input[value=accept]").is_checked()
        person.choose("What kind of incident", "fraud/phishing")
        person.choose("Severity", "medium")
        page.get_by_role("button", name=f"Save decision on {parcel}").press("Enter")
        page.wait_for_url("**/incidents/INC-*")
        person.reads(parcel, again, "Phishing")
        assert person.problems == []


def test_a_caller_with_a_file_is_entered_and_found_by_filters_and_orders(
    desk: Served, chromium: Browser, tmp_path: Path
) -> None:
    shot = tmp_path / "shot.txt"
    shot.write_text("what the window said")
    [parcel] = reported(desk, MAIL)
    with a_person(chromium, desk.url) as person:
        signed_in(person, desk, Role.HANDLER)
        page = person.page

        # Write down what a caller tells, with the picture that they sent, and read it again.
        person.open("/triage")
        person.press("Report by telephone")
        person.fill(What_happened="A window asks for remote control of the pumps")
        person.choose("Who reports", "operator")
        person.choose("Sector", "water")
        page.get_by_label("Yes, or we cannot tell").check()
        page.get_by_label("A service people depend on").check()
        page.get_by_label("Add files").set_input_files(shot)
        person.press("Save report")
        person.reads("Read this out to the caller", "Follow-up code")
        person.press("Open triage queue")
        page.get_by_role("link", name="A window asks for remote control").click()
        person.reads("1 file", "Water", "First guess, by what was ticked: Critical")
        person.press("Full report")
        person.reads("shot.txt", "Essential service")

        # The newest first; only operators of the water sector; the filters go one by one.
        person.open("/triage")
        page.get_by_role("link", name="Waiting", exact=True).click()
        page.wait_for_url("**sort=newest*")
        assert page.locator("tbody th a").all_inner_texts()[0].startswith("A window asks")
        person.choose("Order", "urgent")
        person.choose("Who reports", "operator")
        person.choose("Sector", "water")
        person.press("Apply")
        page.wait_for_url("**sort=urgent*")
        person.reads("1 report", "Essential service", "A window asks")
        person.reads_not(parcel)
        page.get_by_role("link", name="Water remove filter").click()
        page.get_by_role("link", name="Essential service remove filter").click()
        person.reads(parcel, "2 reports")
        assert "sort=urgent" in page.url

        # Save what is looked at as a view.
        page.get_by_role("link", name="Save this view").click()
        person.fill(Name_of_the_view="Most urgent")
        person.press("Save this view")
        page.get_by_role("link", name="Most urgent").wait_for()
        person.open("/triage")
        page.get_by_role("link", name="Most urgent").click()
        page.wait_for_url("**sort=urgent*")
        assert person.problems == []


def test_duplicates_are_found_in_their_tab_and_merged_into_the_earlier_one(
    desk: Served, chromium: Browser
) -> None:
    parcel, again, _dark = reported(
        desk, MAIL, f"Good morning. {MAIL}", "The web shop was slow all night."
    )
    with a_person(chromium, desk.url) as person:
        signed_in(person, desk, Role.HANDLER)
        page = person.page

        # Ask the reporter; the queue says since when we wait.
        person.open(f"/intake/{again}")
        page.locator("#dialogue textarea").fill("Which bank did you tell?")
        person.press("Save message")
        person.reads("Which bank did you tell?")
        person.open("/triage?view=likely")
        person.reads(again, f"Likely the same as {parcel}", "Waits for the reporter since")
        person.reads_not("The web shop")

        # Tick the duplicate, and merge it into the earlier one, which is offered to lead.
        keys(person, "j", "Space")
        page.get_by_role("button", name="Merge into one…").press("Enter")
        page.wait_for_url("**/triage/bulk/*")
        person.reads("It came earlier and is not ticked.", parcel)
        person.fill(Reason="The same mail")
        page.get_by_role("button", name="Merge them").press("Enter")
        page.get_by_role("button", name="Undo all of this").wait_for()
        person.open("/triage?view=likely")
        person.reads("No reports here", "Likely duplicates 0")
        assert person.problems == []


def test_a_lead_merges_two_incidents_and_parts_them_again_without_script(
    desk: Served, chromium: Browser
) -> None:
    tomas = a_colleague_at_work(desk.program, "Tomas", Role.HANDLER)
    first = an_incident(desk.program, tomas, title="Parcel fee by text message")
    second = an_incident(desk.program, tomas, title="Parcel fee by mail")
    with_observables(desk.program, tomas, first, "198.51.100.7 and 203.0.113.9")
    with_observables(desk.program, tomas, second, "198.51.100.8 and 203.0.113.9")
    with a_person(chromium, desk.url, script=False) as person:
        signed_in(person, desk, Role.LEAD)
        person.open(f"/incidents/{second.reference}")
        person.press("Merge into another incident…")
        person.fill(Reference_of_the_incident_that_leads="inc-2020-0001", Why="One sender")
        person.press(f"Merge {second.reference}")
        person.reads("There is no incident with this reference that you may see")
        person.fill(Reference_of_the_incident_that_leads=first.reference.lower())
        person.press(f"Merge {second.reference}")
        person.reads("Is this the right one?", "Parcel fee by text message", "In progress")
        person.press(f"Merge {second.reference} into {first.reference}")
        person.reads("Shown here as well:", second.reference, "merged", "One sender")
        person.open(f"/incidents/{first.reference}/observables")
        rows = person.page.locator("main tbody tr", has_text="203[.]0[.]113[.]9")
        assert rows.count() == 1
        person.reads("198[.]51[.]100[.]7", "198[.]51[.]100[.]8")

        person.open(f"/incidents/{second.reference}")
        person.reads(
            f"Merged into {first.reference}.", "This page and its reference stay", "Closed"
        )
        person.reads_not("Edit facts")
        person.open("/incidents")
        person.reads(first.reference)
        person.reads_not(second.reference)

        person.open(f"/incidents/{first.reference}")
        person.press(f"Take {second.reference} out again")
        person.reads("In progress", f"took this incident out of {first.reference} again")
        person.open(f"/incidents/{first.reference}/observables")
        person.reads_not("198[.]51[.]100[.]8")
        person.open("/incidents")
        person.reads(first.reference, second.reference)
        assert person.problems == []


def test_a_wrong_decision_is_taken_back_at_once_and_one_that_comes_too_late_leads_on(
    desk: Served, chromium: Browser
) -> None:
    [pills] = reported(desk, "Cheap pills!")
    with a_person(chromium, desk.url, script=False) as person:
        signed_in(person, desk, Role.HANDLER)
        other = a_colleague_at_work(desk.program, "Lin", Role.TRIAGE)
        for undone in (True, False):
            person.open(f"/triage?selected={pills}")
            person.page.get_by_label("Reject with a reason").check()
            person.fill(Reason="Advertising of pills")
            if undone:
                person.press(f"Save decision on {pills}")
                person.reads(pills, "Rejected")
                person.press("Undo this decision")
                person.reads(f"Save decision on {pills}")

        # Somebody else decides while the form is open.
        with desk.program.work(other) as work:
            version = get_report(work, pills).version
            mark_spam(work, MarkSpam(pills, version))
        person.press(f"Save decision on {pills}")
        person.reads("somebody else was first", "Lin decided", "Advertising of pills")
        person.press("Look at it as it is now")
        assert person.path == f"/intake/{pills}"
        person.reads("Spam", "Lin")


def test_addresses_in_titles_keep_their_order_from_right_to_left(
    desk: Served, chromium: Browser
) -> None:
    [scan] = reported(desk, "192.0.2.228 scanned us")
    with a_person(chromium, desk.url) as person:
        signed_in(person, desk, Role.HANDLER)
        person.open("/desk?lang=ar")
        title = person.page.locator("main a", has_text="scanned us")

        # Where each number begins, from the left.
        lefts = title.locator("bdi.ioc").evaluate(
            """(shown) => [0, 6, 10, 14].map((at) => {
                const range = document.createRange();
                range.setStart(shown.firstChild, at);
                range.setEnd(shown.firstChild, at + 1);
                return range.getBoundingClientRect().left;
            })"""
        )
        assert person.page.locator("html").get_attribute("dir") == "rtl"
        assert title.inner_text() == "192[.]0[.]2[.]228 scanned us"
        assert lefts == sorted(lefts)
        assert scan in person.text


def test_a_paste_is_looked_over_beside_its_text_without_script(
    desk: Served, chromium: Browser
) -> None:
    tomas = a_colleague_at_work(desk.program, "Tomas", Role.HANDLER)
    incident = an_incident(desk.program, tomas, title="Parcel fee by text message")
    with a_person(chromium, desk.url, script=False) as person:
        signed_in(person, desk, Role.LEAD)
        person.page.set_viewport_size({"width": 360, "height": 740})
        person.open(f"/incidents/{incident.reference}")
        person.press("Add observables")
        log = "lure hxxp://fee.example/pay\nbeacon 198.51.100[.]7 and 198.51.100[.]8, not 203.0.113[.]9"
        person.page.locator("#text").fill(log)
        person.press("Find observables")
        person.reads("Check what was found", "2 lines · 4 values found", "Nothing leaves")
        marked = person.page.locator("pre mark").all_inner_texts()
        assert marked[0] == "hxxp[:]//fee[.]example/pay"
        person.press("Back to the text")
        assert person.page.locator("#text").input_value() == log
        person.press("Find observables")

        person.choose("All 4", "dismiss")
        person.choose("IPv4 address (3)", "confirm")
        person.choose("What to do with 203[.]0[.]113[.]9", "dismiss")
        width = person.page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360
        person.press("Save decisions")
        kept = person.page.locator("#confirmed tbody th bdi").all_inner_texts()
        assert kept == ["198[.]51[.]100[.]7", "198[.]51[.]100[.]8"]
        person.reads("2 that were ignored")
        assert person.problems == []
