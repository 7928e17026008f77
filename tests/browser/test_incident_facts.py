"""A handler's work on one incident: how severe it is, whom it concerns, what belongs to it, and closing it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from cirt.boot.stage import Team
from tests.support.browser import Person, a_person
from tests.support.databases import Databases
from tests.support.pair import Side, a_pair


@pytest.fixture(scope="module")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with a_pair(databases, "sqlite", tmp_path_factory.mktemp("facts")) as (side, _):
        yield side


def signed_in(person: Person, site: Side, name: str) -> Person:
    person.sign_in_first(Team.VALDORA.email(name), site.passwords[name])
    return person


def opens_an_incident(person: Person, title: str) -> str:
    person.open("/incidents/new")
    person.fill(Title=title)
    person.choose("What kind of incident", "fraud/phishing")
    person.choose("Severity", "medium")
    person.page.get_by_label("It concerns other countries too").check()
    person.page.locator("summary", has_text="More facts").click()
    person.page.get_by_label("Water", exact=True).check()
    person.fill(Countries_that_it_concerns="ke, tz")
    person.press("Open incident")
    person.reads(title, "Kenya", "Tanzania", "Yes, or possible", "PAP:AMBER", "2, soon")
    return person.path.rpartition("/")[2]


def test_an_incident_is_scored_gets_its_victim_and_its_part_and_is_closed(
    site: Side, chromium: Browser
) -> None:
    with a_person(chromium, site.url, script=False) as person:
        handler = signed_in(person, site, "Irena")
        wave = opens_an_incident(handler, "Bills that nobody owes")
        part = opens_an_incident(handler, "Bills at the water works")

        handler.open(f"/incidents/{wave}")
        handler.press("Score the severity")
        for label, value in (
            ("What does not work", "minimal-non-critical"),
            ("How far did the attacker get", "presence"),
            ("Where in the network", "business-network"),
            ("Who is behind it", "criminal"),
            ("What became of information", "privacy"),
            ("What does it take to recover", "supplemented"),
            ("On which sector", "government"),
            ("How bad could it become", "moderate"),
        ):
            handler.choose(label, value)
        handler.press("Only work it out")
        handler.reads("Worked out, not saved", "39.8 of 100", "never scored")
        handler.choose("Severity of this incident", "medium")
        handler.press("Save score")
        handler.reads("There is one thing to fix", "The score says Low")
        handler.fill(Reason="More will come")
        handler.press("Save score")
        handler.reads("Present score", "39.8 of 100", "1550", "More will come")

        handler.open(f"/incidents/{wave}/constituents")
        handler.fill(Name_of_the_organisation="Harbour Water Utility", Country="KE")
        handler.choose("How it concerns them", "victim")
        handler.press("Add constituent")
        handler.reads("Harbour Water Utility", "Victim", "Kenya")

        handler.open(f"/incidents/{wave}/relations")
        handler.choose("This incident is", "has-part")
        handler.fill(Reference_of_the_other=part.lower())
        handler.press("Link incident")
        handler.reads("has this part", part)
        drawn = handler.page.locator("figure svg a")
        assert drawn.count() == 2
        assert drawn.first.get_attribute("href") == f"/incidents/{part}"

        handler.open(f"/incidents/{wave}/state")
        handler.press("Close this incident")
        handler.reads("Parts of it that are still open: 1.", part, "No lesson is written down.")
        handler.choose("Why it is closed", "informational")
        handler.fill(Reason="Handled by the parts")
        handler.page.locator("#lesson").fill("Warn the chamber of commerce sooner.")
        handler.press(f"Close {wave}")
        handler.reads("There is one thing to fix", "Some of it still stands open")
        handler.page.get_by_label("Close it all the same").check()
        handler.press(f"Close {wave}")
        handler.reads("Closed", "Handled by the parts", "Warn the chamber of commerce sooner.")

        assert handler.problems == []


def test_two_writers_of_one_note_are_merged_or_asked(site: Side, chromium: Browser) -> None:
    with a_person(chromium, site.url) as one, a_person(chromium, site.url) as two:
        tomas, lin = signed_in(one, site, "Tomas"), signed_in(two, site, "Lin")
        tomas.open("/incidents/INC-2026-0002")
        tomas.fill(Add_a_note="Seen at ten.\n\nCalled nobody.\n\nWaits for logs.")
        tomas.press("Save note")
        note = tomas.page.locator("ol.log a", has_text="Edit").first.get_attribute("href")
        assert note

        for person in (tomas, lin):
            person.open(note)
        lin.fill(Text_of_the_note="Seen at eleven.\n\nCalled nobody.\n\nWaits for logs.")
        lin.press("Save note")
        tomas.fill(Text_of_the_note="Seen at ten.\n\nCalled nobody.\n\nWaits for the provider.")
        tomas.press("Save note")
        tomas.reads("both changes are in it now", "Seen at eleven.", "+ Waits for the provider.")

        for person in (tomas, lin):
            person.open(note)
        lin.fill(Text_of_the_note="Seen at noon.")
        lin.press("Save note")
        tomas.fill(Text_of_the_note="Seen at midnight.")
        tomas.press("Save note")
        tomas.reads("Lin saved this note first", "You both changed the same lines", "Seen at noon.")
        assert tomas.page.locator("#text").input_value() == "Seen at midnight."
        tomas.page.locator("#text").fill("Seen at noon or midnight.")
        tomas.press("Save note")
        tomas.reads("Seen at noon or midnight.")

        assert tomas.problems == lin.problems == []
