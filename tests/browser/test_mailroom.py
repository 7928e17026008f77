"""Whole tasks of the mail room: a system is connected and watched, a mail that claims to belong somewhere is added."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM
from cirt.parties.roles import Role
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from tests.support.browse import PASSWORD, a_colleague
from tests.support.browser import Person, a_person
from tests.support.databases import Databases
from tests.support.mail import a_mail
from tests.support.register import a_person as a_colleague_at_work
from tests.support.register import an_incident
from tests.support.served import Served, serve

EVENT = {
    "rule": {"id": 5710, "name": "Many failed sign-ins", "level": 10},
    "data": {"srcip": "198.51.100.7"},
    "agent": {"name": "mail-1"},
}


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Served]:
    with serve(databases, "sqlite", tmp_path / "desk") as served:
        yield served


def signed_in(person: Person, desk: Served, *roles: Role) -> None:
    person.sign_in(a_colleague(desk.program, *roles), PASSWORD)
    person.page.get_by_role("button", name="Sign out").wait_for()


def post(address: str, token: str) -> int:
    """As the system does it; the status of the answer."""
    asked = urllib.request.Request(
        address,
        json.dumps(EVENT).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_an_administrator_connects_a_siem_watches_it_and_takes_it_off_again(
    desk: Served, chromium: Browser
) -> None:
    with a_person(chromium, desk.url, script=False) as person:
        signed_in(person, desk, Role.ADMIN)
        person.open("/admin")
        person.press("Webhooks")
        person.reads("No system reports by itself yet")
        person.press("Add a webhook")

        # First with a path that leads nowhere, then with the right one; what was typed stays.
        person.page.locator("#name").fill("siem")
        person.page.locator("#title").fill("rule.title")
        person.page.locator("#observables").fill("data.srcip")
        person.page.locator("#key").fill("rule.id")
        person.page.locator("#example").fill(json.dumps(EVENT))
        person.press("Look at the example")
        person.reads(
            "nothing was kept", "Its key is 5710", "Missing", "rule.name", "No text was found"
        )
        person.page.locator("#title").fill("rule.name")
        person.press("Look at the example")
        person.reads("rule.name Many failed sign-ins", "data.srcip 198[.]51[.]100[.]7")
        person.press("Add webhook")
        person.reads("This is shown once", f"{desk.url}/intake/webhook/siem")
        token = person.page.locator("#token").inner_text()
        address = f"{desk.url}/intake/webhook/siem"
        assert [post(address, token), post(address, token), post(address, "old")] == [201, 200, 401]

        person.press("I have entered it")
        person.reads("siem", "In use", "The token does not fit")
        person.reads_not(token)
        person.page.get_by_role("link", name="siem", exact=True).click()
        person.reads("2 events so far", "refused with 503 and nothing is kept")
        person.press("Pause it")
        person.reads("Paused. Nothing that it sends is kept")
        assert post(address, token) == 503
        person.press("Let it go on")
        assert post(address, token) == 200
        person.reads("at once and for good. Its reports stay")
        person.press("Remove it")
        person.reads("Removed.", "No system reports by itself yet")
        assert post(address, token) == 401
        assert person.problems == []


def test_a_mail_that_claims_to_belong_to_an_incident_is_added_by_whoever_may_see_it(
    desk: Served, chromium: Browser
) -> None:
    tomas = a_colleague_at_work(desk.program, "Tomas", Role.HANDLER)
    incident = an_incident(desk.program, tomas, title="Parcel fee by text message")
    red = an_incident(desk.program, tomas, title="A source of ours", tlp=Tlp.RED)
    raw = a_mail(
        "They asked my sister as well.", subject=f"Re: {incident.reference} {red.reference}"
    )
    with desk.program.work(SYSTEM) as work:
        take_mail(work, desk.program.keys, open_mail(raw, None), MailWay("test"))
    with a_person(chromium, desk.url) as person:
        signed_in(person, desk, Role.TRIAGE)
        person.open("/triage?selected=REP-2026-0001")
        reference = person.page.locator("#rep .mono").first.inner_text()
        person.reads(
            f"It says that it belongs to {incident.reference}.",
            f"Its subject names {incident.reference}, which anybody can write.",
        )
        person.reads_not("A source of ours", f"belongs to {red.reference}")
        assert person.page.locator("#rep input[value=accept]").is_checked()

        person.control(f"Add to incident {incident.reference}").press("Enter")
        person.page.wait_for_url(f"**/intake/{reference}?join=*")
        assert person.page.locator("#rep input[value=add]").is_checked()
        assert person.page.locator("#incident").input_value() == incident.reference
        person.fill(Reason="The same number")
        person.control("Save decision").press("Enter")
        person.control(f"Add {reference} to {incident.reference}").press("Enter")
        person.page.wait_for_url(f"**/incidents/{incident.reference}")
        person.reads(reference, "Parcel fee by text message")
        assert person.problems == []
