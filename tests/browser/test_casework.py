"""One incident worked by keyboard: playbook, tasks, an event of the attack, a note deleted and brought back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from cirt.boot.stage import Team
from tests.support.browser import Person, a_person
from tests.support.databases import Databases
from tests.support.pair import Side, a_pair


@pytest.fixture(scope="module")
def side(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with a_pair(databases, "sqlite", tmp_path_factory.mktemp("casework")) as (side, _):
        yield side


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_an_incident_is_worked_from_opening_to_the_bin(
    side: Side, chromium: Browser, script: bool
) -> None:
    name = "Tomas" if script else "Lin"
    with a_person(chromium, side.url, script=script) as person:
        person.sign_in_first(Team.VALDORA.email(name), side.passwords[name])
        path = opened(person)
        tasks_are_ticked_by_keyboard(person, path)
        the_attack_stands_at_its_time(person, path)
        a_note_is_deleted_and_comes_back(person, path)

        assert person.problems == []


def opened(person: Person) -> str:
    person.open("/incidents/new")
    person.fill(Title="False page of the tax office")
    person.choose("What kind of incident", "fraud/phishing")
    person.choose("Severity", "high")
    person.press("Open incident")
    person.reads("15 tasks of the playbook Phishing")
    return person.path


def tasks_are_ticked_by_keyboard(person: Person, path: str) -> None:
    person.open(f"{path}/tasks")
    boxes = person.page.locator("main input[name=done]")
    boxes.first.focus()
    person.page.keyboard.press("Space")
    person.page.keyboard.press("Tab")  # its Edit
    person.page.keyboard.press("Tab")
    person.page.keyboard.press("Space")
    person.control("Save ticks").focus()
    person.page.keyboard.press("Enter")
    person.page.get_by_text("2 that are done or dropped").wait_for()
    person.reads("2 / 15")
    person.fill(New_task="Call the bank", Due="2d")
    person.page.keyboard.press("Enter")
    person.page.locator("label", has_text="Call the bank").wait_for()
    person.choose("Playbook, the best fit first", "phishing")
    person.press("Add its tasks")
    person.reads("nothing was added", "2 / 16")


def the_attack_stands_at_its_time(person: Person, path: str) -> None:
    person.open(path)
    person.press("Add event of the attack")
    person.fill(
        What_the_attack_did="The first mail came to 40 mailboxes",
        When="2026-01-17 13:51",
        Time_zone="+03:00",
    )
    person.press("Save event")
    person.reads("17 Jan 2026 13:51, +03:00", "The first mail came")
    person.open(f"{path}?order=oldest")
    entries = person.page.locator("ol.log > li:not(.day)")
    assert "The first mail came" in entries.first.inner_text()


def a_note_is_deleted_and_comes_back(person: Person, path: str) -> None:
    for way in ("Undo", "bin"):
        person.open(path)
        text = f"They answer within an hour, {way}"
        person.fill(Add_a_note=text)
        person.press("Save note")
        note = person.page.locator("ol.log > li", has_text=text)
        note.get_by_role("link", name="Edit").click()
        person.press("Delete note")
        person.reads("Moved to the bin, for 30 days")
        if way == "bin":
            person.open("/bin")
            person.page.locator("tr", has_text=text).get_by_role("button").click()
        else:
            person.press("Undo")
        person.reads(text, "brought back from the bin: Note")
