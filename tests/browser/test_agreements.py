"""Two leads and a peer: a wider agreement is proposed, looked at, approved, and read by TAXII."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import set_credentials
from cirt.parties.roles import Role
from cirt.release.publishing import publish
from tests.support.browse import PASSWORD, a_colleague
from tests.support.browser import Person, a_person
from tests.support.databases import Databases
from tests.support.release import a_collection, a_reader, our_indicator, published
from tests.support.served import Served, serve
from tests.support.store import indicator, put

MOU = "MOU-2026-0001"
MEDIA = "application/taxii+json;version=2.1"


@pytest.fixture
def desk(databases: Databases, tmp_path: Path) -> Iterator[Served]:
    with serve(databases, "sqlite", tmp_path / "desk") as served:
        with served.program.work(CONSOLE) as work:
            peer = a_reader(work, reference=MOU, ceiling=Tlp.GREEN, transit=True)
            other, _ = a_reader(work, "cert-c", transit=True), a_reader(work, "cert-d")
            set_credentials(work, "cert-b", "cert-b", PASSWORD)
            objects = [
                our_indicator(work, "198.51.100.1", Tlp.GREEN),
                our_indicator(work, "198.51.100.2", Tlp.AMBER),
            ]
            collection = a_collection(work, peer, other)
            published(work, collection, *objects)
            theirs = indicator(9, tlp=Tlp.GREEN, name="Address 203.0.113.9")
            publish(work, collection, [each.version_id for each in put(work, theirs, origin=peer)])
        yield served


@contextmanager
def a_lead(desk: Served, chromium: Browser, name: str, *, script: bool) -> Iterator[Person]:
    with a_person(chromium, desk.url, script=script) as person:
        person.sign_in(a_colleague(desk.program, Role.LEAD, name=name), PASSWORD)
        person.page.get_by_role("button", name="Sign out").wait_for()
        yield person


def names_fetched(desk: Served) -> set[str]:
    answer = requests.get(
        f"{desk.url}/taxii2/national/collections/indicators/objects/",
        auth=("cert-b", PASSWORD),
        headers={"Accept": MEDIA},
        timeout=30,
    )
    return {each["name"] for each in answer.json()["objects"] if each["type"] == "indicator"}


def test_a_wider_agreement_from_the_wish_to_the_peers_poll(desk: Served, chromium: Browser) -> None:
    with a_lead(desk, chromium, "Irena", script=True) as irena:
        irena.open("/peers")
        irena.press("CERT-B")
        irena.reads("marked up to TLP:GREEN", "AMBER no")
        irena.press("Propose a change")
        irena.choose("The strictest marking that we give", "amber")
        irena.press("Propose the change")
        irena.reads("There is one thing to fix")
        irena.fill(Why="They joined the exercise", Name_or_desk="Duty desk")
        irena.fill(Phone="555 0142", Languages="English, French")
        irena.press("Propose the change")
        irena.reads("can fetch one more object", "Address 198[.]51[.]100[.]2", "TLP:AMBER")
        irena.reads("Asked by you, so another lead decides")
        assert names_fetched(desk) == {"Address 198.51.100.1"}
        asked = irena.path.partition("?")[0]

    with a_lead(desk, chromium, "Lin", script=False) as lin:
        lin.open("/desk")
        lin.reads("Agreements that wait for you")
        lin.press(f"Change of {MOU}")
        assert lin.path == asked
        lin.reads("can fetch one more object", "They joined the exercise")
        lin.page.get_by_role("radio", name="Approve").check()
        lin.fill(Your_password=PASSWORD)
        lin.press("Record decision")
        lin.reads("Approved.")
        assert names_fetched(desk) == {"Address 198.51.100.1", "Address 198.51.100.2"}
        lin.open("/peers/cert-b")
        lin.press("See as this peer")
        lin.press("Indicators")
        lin.reads("Address 198[.]51[.]100[.]2")
        lin.open(f"/agreements/{MOU}")
        lin.reads("Duty desk", "555 0142", "English, French", "approved by Lin")
        lin.press("Suspend at once")
        lin.reads("After that CERT-B no longer sees", "It touches one other peer: CERT-C")
        lin.reads("Nothing changes for the other peer.", "Address 203[.]0[.]113[.]9")
        lin.fill(Reason="Exercise is over")
        lin.press("Suspend at once")
        lin.reads("Suspended.")
        lin.open("/peers/cert-b/view")
        lin.reads("For it there are no collections here")
    assert irena.problems == []
    assert lin.problems == []
