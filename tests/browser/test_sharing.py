"""An indicator on its way out and back: asked for, decided, fetched, and revoked with a letter to a contact."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from playwright.sync_api import Browser

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import set_credentials
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.sharing.agreements.record import Contact
from tests.support.agreeing import MEDIA, asked_for, ruled
from tests.support.browse import PASSWORD, a_colleague
from tests.support.browser import Person, a_person
from tests.support.named import the_actor
from tests.support.register import an_incident, with_observables
from tests.support.release import a_collection, a_reader

MOU = "MOU-2026-0001"
WIDE = {"ceiling": Tlp.AMBER, "contacts": (Contact("Duty desk", "", "duty@wide.example"),)}


def a_wave(program: Program) -> str:
    """An incident with two indicators, and two peers: one with a contact, one whose ceiling is too low; its reference."""
    for name, role in (("Tomas", Role.HANDLER), ("Irena", Role.LEAD), ("Lin", Role.LEAD)):
        a_colleague(program, role, name=name)
    tomas, irena, lin = (the_actor(program, f"{each}@example.org") for each in _NAMES)
    with program.work(CONSOLE) as work:
        peers = a_reader(work, "wide", reference=MOU), a_reader(work, "narrow", ceiling=Tlp.GREEN)
        set_credentials(work, "wide", "wide", PASSWORD)
        a_collection(work, *peers)
    ruled(program, lin, asked_for(program, irena, MOU, **WIDE))
    incident = an_incident(program, tomas)
    rows = with_observables(program, tomas, incident, "203.0.113.9 and 203.0.113.10")
    with program.work(tomas) as work:
        ids = tuple(row.id for row in rows)
        service.promote(work, Promote(incident.reference, ids, Tlp.AMBER))
    return incident.reference


_NAMES = ("tomas", "irena", "lin")


@contextmanager
def at_work(site: str, chromium: Browser, name: str, *, script: bool) -> Iterator[Person]:
    with a_person(chromium, site, script=script) as person:
        person.sign_in(f"{name}@example.org", PASSWORD)
        person.page.get_by_role("button", name="Sign out").wait_for()
        yield person
        assert person.problems == []


def fetched(site: str) -> list[str]:
    """Names of indicators that the peer gets now."""
    answer = requests.get(
        f"{site}/taxii2/national/collections/indicators/objects/",
        auth=("wide", PASSWORD),
        headers={"Accept": MEDIA},
        timeout=30,
    )
    found = answer.json().get("objects", [])
    return sorted(each["name"] for each in found if each["type"] == "indicator")


def test_an_indicator_is_asked_for_decided_fetched_and_taken_back(
    site: str, program: Program, chromium: Browser
) -> None:
    incident = a_wave(program)
    with at_work(site, chromium, "tomas", script=True) as tomas:
        tomas.open(f"/incidents/{incident}/sharing")
        tomas.fill(Why_should_peers="Both addresses are active")
        tomas.page.get_by_role("checkbox", name="Indicators").check()
        tomas.press("See first who would get it")
        tomas.reads("1 of 2 peers can fetch 2 of 2 objects", "above TLP:GREEN")
        assert tomas.page.get_by_label("Why should peers").input_value().startswith("Both")
        tomas.press("Ask for release")
        tomas.reads("Asked.", "Asked by you, so another lead decides")
        asked = tomas.path.partition("?")[0]
        assert fetched(site) == []

    with at_work(site, chromium, "irena", script=False) as irena:
        irena.open("/release")
        irena.press("Remote access at a water utility")
        assert irena.path == asked
        irena.reads("If you approve, 1 of 2 peers can fetch 2 of 2 objects", "Prepare a part")
        irena.press("Record decision")
        irena.reads("Choose what becomes of the request")
        irena.page.get_by_label("Approve for one peer").check()
        irena.fill(Your_password=PASSWORD)
        irena.press("Record decision")
        irena.reads("Released.", "Peers can fetch it now")
        assert fetched(site) == ["203[.]0[.]113[.]10", "203[.]0[.]113[.]9"]

        irena.open(f"/agreements/{MOU}")
        irena.press("Suspend at once")
        irena.fill(Reason="Their desk is moving")
        irena.press("Suspend at once")
        irena.open("/indicators")
        irena.press("203[.]0[.]113[.]9")
        irena.reads("One peer was offered this, one has it")
        irena.press("Revoke")
        irena.reads("cannot be told that way: a letter to")
        irena.fill(Why_is_it_revoked="A shared host")
        irena.press("Revoke this indicator")
        irena.reads("Revoked.")
        irena.reads_not("Told with their next poll")
        irena.press("One letter waits to be sent")
        irena.reads("You had this object from us", "Duty desk duty@wide.example")
        assert irena.page.get_by_label("To which address").input_value() == "duty@wide.example"
        irena.open("/release/recalls")
        irena.reads("203[.]0[.]113[.]9", "Revoked by us")
