"""From a held-back indicator to a GREEN part that a peer may have, on a phone and without script."""

from playwright.sync_api import Browser

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.register.constituents.commands import AddParty
from cirt.register.constituents.models import PartyRole
from tests.support.browse import PASSWORD, a_colleague
from tests.support.browser import Person, a_person
from tests.support.named import the_actor
from tests.support.register import an_incident, with_observables
from tests.support.release import a_collection, a_reader, asked, names, walk

VICTIM = "Harbour Water Utility"


def a_held_back_wave(program: Program) -> str:
    """A request to release AMBER, where one of two peers takes GREEN only; its reference."""
    for name, role in (("Tomas", Role.HANDLER), ("Irena", Role.LEAD)):
        a_colleague(program, role, name=name)
    tomas = the_actor(program, "tomas@example.org")
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work, "wide"), a_reader(work, "narrow", ceiling=Tlp.GREEN))
    incident = an_incident(program, tomas)
    rows = with_observables(program, tomas, incident, "203.0.113.9")
    with program.work(tomas) as work:
        service.add_party(work, AddParty(incident.reference, VICTIM, PartyRole.VICTIM))
        ids = tuple(row.id for row in rows)
        cmd = Promote(incident.reference, ids, Tlp.AMBER, description=f"Sent to {VICTIM}.")
        [made] = service.promote(work, cmd)
    return asked(program, tomas, made.stix_id, incident=incident.reference)


def signed_in(person: Person, name: str) -> Person:
    person.page.set_viewport_size({"width": 360, "height": 780})
    person.sign_in(f"{name.lower()}@example.org", PASSWORD)
    return person


def narrow(program: Program) -> Peer:
    with program.work(CONSOLE, write=False) as work:
        return find_peer(work.session, "narrow")


def fits(person: Person) -> bool:
    return bool(person.page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_part_is_prepared_asked_for_and_approved(
    site: str, program: Program, chromium: Browser
) -> None:
    reference = a_held_back_wave(program)
    with a_person(chromium, site) as one, a_person(chromium, site, script=False) as two:
        tomas, irena = signed_in(one, "Tomas"), signed_in(two, "Irena")
        tomas.open(f"/release/{reference}")
        tomas.reads("1 of 2 peers", "TLP:AMBER is above TLP:GREEN", "Withdraw")
        tomas.press("Prepare a part with a lower marking")
        tomas.reads("Names of those concerned", VICTIM)
        tomas.page.get_by_label("Keep descriptions").check()
        tomas.fill(Why_may_it_be_known="Others are attacked too")
        tomas.press("Show the exact result")
        tomas.reads("1 of 1 objects can be part of it", "Sent to […]", '"type":"indicator"')
        assert fits(tomas)
        tomas.press("Make it, and ask for release")
        tomas.page.get_by_label("Indicators").check()
        tomas.fill(Title="A GREEN part", Why_should_peers="Others are attacked too")
        tomas.press("Only show who would get what")
        tomas.reads("2 of 2 peers can fetch 1 of 1 objects", "Could approve: Irena")
        tomas.press("Ask for release")
        tomas.reads("Asked by you, so another lead decides.")
        assert names(walk(program, narrow(program))) == []

        irena.open(tomas.path.partition("?")[0])
        irena.reads("2 of 2 peers", "Valid STIX 2.1", "Others are attacked too")
        irena.page.get_by_label("Approve for 2 peers").check()
        irena.fill(Your_password=PASSWORD)
        irena.press("Record decision")
        irena.reads("Peers can fetch it now")

        assert len(names(walk(program, narrow(program)))) == 1
        assert tomas.problems == []
