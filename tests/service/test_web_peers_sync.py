"""Pages of peers and their agreements, of links, runs and quarantine."""

from datetime import timedelta

import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.exchange.links.service import AddLink, add_link, pause_link
from cirt.exchange.models import Link, LinkDirection, Quarantined, Run, RunState
from cirt.exchange.trouble import PeerFailed
from cirt.kernel.jobs import Job
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import find_peer, suspend_peer
from cirt.parties.roles import Role
from cirt.sharing.models import Direction
from tests.support.browse import signed_in
from tests.support.release import a_collection, a_reader, our_indicator, published, walk
from tests.support.stix import an_indicator
from tests.support.store import indicator, put


def a_link(program: Program) -> int:
    """With a peer whose agreement is in force; its id."""
    with program.work(CONSOLE) as work:
        a_reader(work)
        return add_link(work, AddLink("cert-b", "indicators", LinkDirection.PULL)).id


def a_run(program: Program, link_id: int, **figures: int) -> None:
    with program.work(CONSOLE) as work:
        counts = {
            "pages": 1,
            "offered": 0,
            "taken": 0,
            "known": 0,
            "held": 0,
            "refused": 0,
            **figures,
        }
        run = Run(
            link_id=link_id,
            state=RunState.DONE,
            started_at=work.now,
            ended_at=work.now,
            error_values={},
            **counts,
        )
        work.session.add(run)


def an_arrival(program: Program) -> int:
    """One that was refused, with its number."""
    with program.work(CONSOLE) as work:
        peer = find_peer(work.session, "cert-b")
        take(work, [an_indicator(pattern="[ipv4-addr:value = ")], peer=peer, collection=None)
        return work.session.scalars(sa.select(Quarantined.id)).one()


def test_the_directory_tells_of_each_peer_what_holds_today(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, "cert-b", types=["indicator"])
        a_reader(work, "cert-c", valid_until=work.now - timedelta(hours=1))
        published(work, a_collection(work, peer), our_indicator(work))
        put(work, indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.GREEN), origin=peer)
    walk(program, peer)
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get("/peers")

    assert "CERT-B BB Agreement in force TLP:AMBER Indicators no end 3 2" in visitor.text
    assert "CERT-C BB Agreement ended" in visitor.text


def test_a_peers_page_says_in_one_sentence_what_it_may_receive(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_collection(work, a_reader(work, "cert-b", ceiling=Tlp.GREEN, sectors=["energy"]))
        a_reader(work, "cert-c", direction=Direction.TAKE)
    visitor = signed_in(program, Role.HANDLER)

    visitor.get("/peers/cert-b")

    assert (
        "Today CERT-B may receive objects of every type from energy , marked up to TLP:GREEN"
        in visitor.text
    )
    assert "TLP:GREEN yes, ceiling" in visitor.text
    assert "TLP:AMBER no" in visitor.text
    assert "indicators" in visitor.text
    visitor.get("/peers/cert-c")
    assert "may receive nothing: under this agreement we only take" in visitor.text


def test_a_suspended_peer_receives_nothing(program: Program) -> None:
    with program.work(CONSOLE) as work:
        a_reader(work)
        suspend_peer(work, "cert-b")
    visitor = signed_in(program, Role.HANDLER)

    visitor.get("/peers/cert-b")

    assert "Today CERT-B receives nothing" in visitor.text
    assert "Peer suspended" in visitor.text


def test_an_agreement_shows_its_terms_and_how_they_are_changed(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, valid_until=work.now + timedelta(days=10), default_tlp=Tlp.GREEN)
        reference = f"MOU-2026-{peer.id:04}"
    visitor = signed_in(program, Role.LEAD)

    visitor.get(f"/agreements/{reference}")

    assert "Propose a change" in visitor.text
    assert "10 d left" in visitor.text
    assert "Unmarked counts as TLP:GREEN" in visitor.text
    assert visitor.get("/agreements/MOU-2026-9999").status_code == 404
    assert visitor.get("/peers/nobody").status_code == 404


def test_administrators_see_agreements_but_neither_links_nor_content(program: Program) -> None:
    a_link(program)
    admin = signed_in(program, Role.ADMIN)

    assert admin.get("/peers/cert-b").status_code == 200
    for path in ("/sync", "/sync/quarantine", "/indicators"):
        assert admin.get(path).status_code == 403, path


def test_a_link_in_trouble_says_why_and_when_it_tries_again(program: Program) -> None:
    link_id = a_link(program)
    a_run(program, link_id, offered=5, taken=3, known=1, held=1)
    with program.work(CONSOLE) as work:
        link = work.session.get_one(Link, link_id)
        link.error = PeerFailed.code
        link.error_values = {"status": 503, "words": "<b>busy</b>"}
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get("/sync")

    assert "The peer's server failed with status 503" in visitor.text
    assert "It has never worked" in visitor.text
    assert "<b>busy" not in visitor.page
    assert "18 Nov 12:0" in visitor.text
    assert "1 links in trouble" in visitor.text
    assert " 5 3 1 1 0 " in visitor.text
    assert "Run now" not in visitor.text


def test_a_lead_asks_for_a_run_once(program: Program) -> None:
    link_id = a_link(program)
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync")

    lead.send(f"/sync/links/{link_id}/run")
    lead.follow()

    assert "A run is asked for" in lead.text
    again = lead.send(f"/sync/links/{link_id}/run")
    assert again.status_code == 409
    assert "under way or waits" in lead.text
    with program.work(CONSOLE, write=False) as work:
        job = work.session.scalars(sa.select(Job)).one()
        assert job.kind == "link.sync"
        assert job.payload == {"link": link_id}


def test_a_paused_link_is_not_run(program: Program) -> None:
    link_id = a_link(program)
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync")
    token = lead.form("/sign-out").fields["form_token"][0]
    with program.work(CONSOLE) as work:
        pause_link(work, link_id)

    answer = lead.post(f"/sync/links/{link_id}/run", {"form_token": token})

    assert answer.status_code == 409
    assert "Resume it first" in lead.text
    assert "Rests" in lead.text
    assert lead.post("/sync/links/99/run", {"form_token": token}).status_code == 404


def test_quarantine_says_why_and_a_lead_drops_what_was_looked_at(program: Program) -> None:
    a_link(program)
    number = an_arrival(program)
    handler = signed_in(program, Role.HANDLER)
    handler.get("/sync/quarantine")
    assert "CERT-B" in handler.text
    assert "Refused" in handler.text
    handler.get("/sync/quarantine?outcome=held")
    assert "Nothing fits these filters" in handler.text
    handler.get(f"/sync/quarantine/{number}")
    assert "Drop this arrival" not in handler.text
    lead = signed_in(program, Role.LEAD, name="Irena")
    lead.get(f"/sync/quarantine/{number}")

    assert lead.send(f"/sync/quarantine/{number}/drop").status_code == 422
    assert "Say why" in lead.text
    lead.send(f"/sync/quarantine/{number}/drop", reason="Looked at")
    lead.follow()

    assert "It is settled since" in lead.text
    assert "Dropped" in lead.text
    assert "by Irena" in lead.text
    lead.get("/sync/quarantine")
    assert "Nothing is in quarantine" in lead.text
    lead.get("/sync/quarantine?view=settled")
    assert "Dropped" in lead.text
    assert lead.get("/sync/quarantine/99").status_code == 404


def test_a_handler_neither_runs_links_nor_drops(program: Program) -> None:
    link_id = a_link(program)
    number = an_arrival(program)
    handler = signed_in(program, Role.HANDLER)
    handler.get("/sync")
    token = handler.form("/sign-out").fields["form_token"][0]

    for path in (f"/sync/links/{link_id}/run", f"/sync/quarantine/{number}/drop"):
        assert handler.post(path, {"form_token": token}).status_code == 403, path


def test_addresses_that_nobody_would_write_show_a_page_all_the_same(program: Program) -> None:
    a_link(program)
    visitor = signed_in(program, Role.LEAD, Role.AUDITOR)
    for path, status in (
        ("/sync/quarantine?outcome=taken&peer=nobody&page=after.9.9", 200),
        ("/indicators?state=x&source=nobody&tlp=x&page=before.x", 200),
        ("/indicators?words=%00", 404),
        ("/indicators/%00", 404),
        ("/release?view=nothing", 404),
        ("/release/new?incident=nonsense", 404),
        ("/release/new?stix_ids=nonsense", 200),
        ("/release/REL-9999-9999/bundle.json", 404),
        ("/peers/cert-b/agreements/nonsense", 404),
        ("/admin/audit?act=%25&below=99999999999999999999", 200),
    ):
        assert visitor.get(path).status_code == status, path
