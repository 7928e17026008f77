"""Pages of indicators: the list, one with all that is known of it, revoking, reporting a sighting."""

import re
from datetime import timedelta

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import LinkDirection, Outgoing
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects import build
from cirt.objects.codec import StixObject
from cirt.objects.index import find_object
from cirt.parties.peers import ourselves
from cirt.parties.roles import Role
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import a_collection, a_reader, our_indicator, published, walk
from tests.support.store import indicator, put


def ours(program: Program, value: str = "198.51.100.7", tlp: Tlp = Tlp.GREEN) -> StixObject:
    with program.work(CONSOLE) as work:
        made = our_indicator(work, value, tlp)
        put(work, made)
    return made


def test_values_are_shown_made_safe_and_never_as_they_are(program: Program) -> None:
    made = ours(program)
    visitor = signed_in(program, Role.TRIAGE)

    for path in ("/indicators", f"/indicators/{made.stix_id}"):
        visitor.get(path)
        assert "198[.]51[.]100[.]7" in visitor.text, path
        assert "198.51.100.7" not in visitor.page, path


def test_the_list_is_filtered_by_state_source_marking_and_value(
    program: Program, clock: FakeClock
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        past = build.new_indicator(
            pattern="[domain-name:value = 'old.example.org']",
            creator=ourselves(work.session).identity_id,
            at=work.now,
            valid_from=work.now - timedelta(days=9),
            valid_until=work.now - timedelta(days=1),
            tlp=Tlp.AMBER,
            name="Old domain",
        )
        gone = our_indicator(work, "203.0.113.9")
        put(work, past, gone, build.revoked_version(gone.raw, work.now + timedelta(seconds=1)))
        put(work, indicator(5, tlp=Tlp.GREEN, name="Of a peer"), origin=peer)
    visitor = signed_in(program, Role.TRIAGE)

    assert _names(visitor, state="active") == {"198[.]51[.]0[.]5"}
    assert _names(visitor, state="past") == {"old[.]example[.]org"}
    assert _names(visitor, state="revoked") == {"Address 203[.]0[.]113[.]9"}
    assert _names(visitor, source="own") == {"old[.]example[.]org", "Address 203[.]0[.]113[.]9"}
    assert _names(visitor, source="cert-b") == {"198[.]51[.]0[.]5"}
    assert _names(visitor, tlp="amber") == {"old[.]example[.]org"}
    assert _names(visitor, words="hxxp://old[.]example[.]org") == set()
    assert _names(visitor, words="old[.]example[.]org") == {"old[.]example[.]org"}
    assert _names(visitor, words="of a PEER") == {"198[.]51[.]0[.]5"}
    assert _names(visitor, words="nothing like it") == set()
    assert "No indicator fits these filters" in visitor.text


def test_the_list_is_paged_both_ways_without_loss(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, *(indicator(n, tlp=Tlp.GREEN) for n in range(1, 61)))
    visitor = signed_in(program, Role.TRIAGE)
    visitor.get("/indicators")
    pages = [_ids(visitor)]
    while older := _link(visitor, "Older"):
        visitor.get(older)
        pages.append(_ids(visitor))
    newer = _link(visitor, "Newer")
    assert newer
    visitor.get(newer)

    assert [len(page) for page in pages] == [25, 25, 10]
    assert len(set().union(*pages)) == 60
    assert _ids(visitor) == pages[1]
    assert visitor.get("/indicators?page=after.x.y").status_code == 200


def test_a_page_tells_source_own_incidents_and_what_others_say(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with_observables(program, tomas, incident, "Seen: 198.51.0.1")
    with program.work(CONSOLE) as work:
        one, other = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        put(work, indicator(1, tlp=Tlp.GREEN), origin=one)
        same = "[ipv4-addr:value = '198.51.0.1']"
        put(work, indicator(2, tlp=Tlp.AMBER, pattern=same, name="Scanner"), origin=other)
    visitor = signed_in(program, Role.HANDLER)

    visitor.get(f"/indicators/{indicator(1).stix_id}")

    assert incident.reference in visitor.text
    assert "CERT-B" in visitor.text
    assert "CERT-C" in visitor.text
    assert "Scanner" in visitor.text


def test_a_missing_object_and_one_marked_red_are_alike(program: Program) -> None:
    hidden = ours(program, tlp=Tlp.RED)
    visitor = signed_in(program, Role.LEAD)

    for stix_id in (hidden.stix_id, indicator(99).stix_id, "nonsense"):
        for page in ("", "/revoke", "/sightings/new"):
            assert visitor.get(f"/indicators/{stix_id}{page}").status_code == 404
            assert "There is nothing here that you may see" in visitor.text
    assert _names(visitor) == set()


def test_before_revoking_the_page_names_who_has_fetched_it(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer, idle = a_reader(work, "cert-b"), a_reader(work, "cert-c")
        made = our_indicator(work)
        published(work, a_collection(work, peer, idle), made)
    walk(program, peer)
    visitor = signed_in(program, Role.LEAD)
    visitor.get(f"/indicators/{made.stix_id}/revoke")
    assert "One peer has fetched it" in visitor.text
    assert "CERT-B" in visitor.text
    assert "CERT-C" not in visitor.text

    assert visitor.send(f"/indicators/{made.stix_id}/revoke").status_code == 422
    assert "Say why it is revoked" in visitor.text
    visitor.send(f"/indicators/{made.stix_id}/revoke", reason="Reassigned address")
    visitor.follow()

    assert "Told with their next poll: CERT-B" in visitor.text
    assert "no longer matches on anything here" in visitor.text
    with program.work(CONSOLE, write=False) as work:
        found = find_object(work.session, made.stix_id)
        assert found is not None
        assert found.revoked
    assert visitor.get(f"/indicators/{made.stix_id}/revoke").status_code == 200
    assert "It is revoked already" in visitor.text


def test_what_a_peer_made_cannot_be_revoked_here(program: Program) -> None:
    with program.work(CONSOLE) as work:
        put(work, indicator(1, tlp=Tlp.GREEN), origin=a_reader(work))
    visitor = signed_in(program, Role.HANDLER)
    stix_id = indicator(1).stix_id
    visitor.get(f"/indicators/{stix_id}")
    assert "Revoke…" not in visitor.text
    token = visitor.form("/sign-out").fields["form_token"][0]

    answer = visitor.post(
        f"/indicators/{stix_id}/revoke", {"form_token": token, "reason": "We think so"}
    )

    assert answer.status_code == 409
    assert "Only its author can revoke it" in visitor.text


def test_a_sighting_says_who_will_get_it_and_waits_for_them(program: Program) -> None:
    stix_id = indicator(1).stix_id
    with program.work(CONSOLE) as work:
        put(work, indicator(1, tlp=Tlp.GREEN), origin=a_reader(work))
    visitor = signed_in(program, Role.HANDLER)
    visitor.get(f"/indicators/{stix_id}/sightings/new")
    assert "there is no link on which it could go to CERT-B" in visitor.text
    with program.work(CONSOLE) as work:
        add_link(work, AddLink("cert-b", "inbox", LinkDirection.PUSH))
    visitor.get(f"/indicators/{stix_id}/sightings/new")
    assert "The sighting goes to CERT-B with the next sync" in visitor.text

    visitor.send(f"/indicators/{stix_id}/sightings/new", count="4", first="2026-11-16")
    visitor.follow()

    assert "The sighting is kept" in visitor.text
    assert "waits for the next sync with CERT-B" in visitor.text
    assert re.search(r"16 Nov 2026 18 Nov 2026 4 ", visitor.text)
    with program.work(CONSOLE, write=False) as work:
        assert work.session.query(Outgoing).count() == 1


def test_a_sighting_of_no_number_or_of_days_to_come_is_asked_again(program: Program) -> None:
    made = ours(program)
    visitor = signed_in(program, Role.HANDLER)
    path = f"/indicators/{made.stix_id}/sightings/new"
    for wrong in (
        {"count": "0"},
        {"count": "many"},
        {"first": "soon"},
        {"first": "2026-11-19", "last": "2026-11-18"},
        {"last": "2026-12-24"},
    ):
        visitor.get(path)

        answer = visitor.send(path, **wrong)

        assert answer.status_code == 422, wrong
        assert "Error:" in visitor.page, wrong
    visitor.get(f"/indicators/{made.stix_id}")
    assert "Nobody has reported one yet" in visitor.text


def test_a_peers_sighting_shows_on_our_indicator(program: Program) -> None:
    made = ours(program)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        seen = build.new_sighting(
            of=made.stix_id,
            creator="identity--0c9d8b7a-1e2f-4a3b-8c4d-5e6f7a8b9c0d",
            at=work.now,
            count=7,
            tlp=Tlp.GREEN,
        )
        put(work, seen, origin=peer)
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get(f"/indicators/{made.stix_id}")

    assert "seen by one peer" in visitor.text
    assert re.search(r"CERT-B not said not said 7 ", visitor.text)


def test_only_those_who_may_act_are_offered_to(program: Program) -> None:
    made = ours(program)
    for role, offered in ((Role.HANDLER, True), (Role.TRIAGE, False), (Role.AUDITOR, False)):
        visitor = signed_in(program, role, name=role.value)
        visitor.get(f"/indicators/{made.stix_id}")
        assert ("Revoke…" in visitor.text) is offered
        assert ("Report a sighting" in visitor.text) is offered
        assert visitor.get(f"/indicators/{made.stix_id}/revoke").status_code == (
            200 if offered else 403
        )
    admin = signed_in(program, Role.ADMIN, name="Omar")
    assert admin.get(f"/indicators/{made.stix_id}").status_code == 403


def _names(visitor: Visitor, **filters: str) -> set[str]:
    visitor.get("/indicators", query_string=filters)
    return set(
        re.findall(r'<th role="rowheader"[^>]*><a [^>]*><bdi class="ioc">([^<]+)', visitor.page)
    )


def _ids(visitor: Visitor) -> list[str]:
    return re.findall(r'href="/indicators/(indicator--[0-9a-f-]+)"', visitor.page)


def _link(visitor: Visitor, words: str) -> str:
    found = re.search(rf'<a href="([^"]+)"[^>]*>{words}</a>', visitor.page)
    return found[1].replace("&amp;", "&") if found else ""
