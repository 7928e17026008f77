"""Pages of the ledger and of recalls: words and counts before and after, letters, releases in part."""

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.codec import StixObject
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.release.commands import Revoke
from cirt.release.holdings.accounting import account_due
from cirt.release.publishing import publish
from cirt.release.recalling.models import LetterState, PeerLetter
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.models import Agreement, AgreementState
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_person, an_incident, with_observables
from tests.support.release import (
    a_collection,
    a_reader,
    asked,
    decided,
    our_indicator,
    published,
    read_page,
)
from tests.support.store import indicator, put


def three_peers(program: Program) -> tuple[StixObject, list[Peer]]:
    """One reads, one read and its agreement is suspended since, one never read."""
    with program.work(CONSOLE) as work:
        peers = [a_reader(work, slug) for slug in ("cert-a", "cert-b", "cert-c")]
        made = our_indicator(work)
        published(work, a_collection(work, *peers), made)
    for peer in peers[:2]:
        read_page(program, peer)
    account_due(program)
    with program.work(CONSOLE) as work:
        query = sa.select(Agreement).where(Agreement.peer_id == peers[1].id)
        work.session.scalars(query).one().state = AgreementState.SUSPENDED
    return made, peers


def test_the_indicator_says_first_in_words_who_has_it(program: Program) -> None:
    made, _ = three_peers(program)
    visitor = signed_in(program, Role.TRIAGE)

    visitor.get(f"/indicators/{made.stix_id}")

    assert "3 peers were offered this, 2 have it, CERT-C not yet." in _words(visitor)
    assert "MOU-2026-0001 v1" in visitor.text


def test_the_confirm_page_says_what_comes_true(program: Program) -> None:
    made, _ = three_peers(program)
    visitor = signed_in(program, Role.LEAD)
    visitor.get(f"/indicators/{made.stix_id}/revoke")
    words = _words(visitor)
    assert (
        "One peer has fetched it and reads with its next poll that it is revoked: CERT-A." in words
    )
    assert "One peer has it and cannot be told that way: a letter to CERT-B is prepared." in words
    assert "One was offered it and never fetched it: it will see nothing." in words

    visitor.send(f"/indicators/{made.stix_id}/revoke", reason="Reassigned")
    visitor.get(f"/indicators/{made.stix_id}/recall")

    assert "CERT-A, CERT-B have not yet fetched the revocation" in _words(visitor)
    visitor.send(f"/indicators/{made.stix_id}/recall/remind", peer="cert-a")
    visitor.follow()
    assert _words(visitor).count("Waits to be sent") == 2
    visitor.get("/release/recalls")
    assert "2 of 2 peers" in _words(visitor)


def test_a_letter_is_sent_from_the_page_or_laid_aside(program: Program) -> None:
    made, _ = three_peers(program)
    with program.work(CONSOLE) as work:
        revoke_indicator(work, Revoke(made.stix_id, "Wrong"))
        letter = work.session.scalars(sa.select(PeerLetter.id)).one()
    visitor = signed_in(program, Role.LEAD)
    page = f"/indicators/{made.stix_id}/recall"
    visitor.get(page)
    send = f"{page}/letters/{letter}/send"

    assert visitor.send(send, address="nobody").status_code == 422
    assert "is no mail address" in visitor.text
    assert visitor.send(send, address="").status_code == 422
    visitor.send(send, address="duty@cert-b.example")
    visitor.follow()
    assert "On its way" in _words(visitor)
    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalars(sa.select(PeerLetter.state)).one() is LetterState.QUEUED
    other = signed_in(program, Role.HANDLER, name="Other")
    other.get(page)
    assert "Send the letter" not in other.text
    assert visitor.get(f"/indicators/{indicator(9).stix_id}/recall").status_code == 404


def test_what_a_peer_holds_is_filtered_and_what_is_no_day_is_named(program: Program) -> None:
    made, _ = three_peers(program)
    visitor = signed_in(program, Role.AUDITOR)

    visitor.get("/peers/cert-a/ledger?type=indicator&tlp=green")
    assert made.stix_id in visitor.page
    visitor.get("/peers/cert-a/ledger?type=malware")
    assert "Nothing fits" in visitor.text
    visitor.get("/peers/cert-c/ledger?show=offered")
    assert made.stix_id in visitor.page
    for wrong in ("2026-99-01", "zq", "0001-01-01"):
        assert visitor.get(f"/peers/cert-a/ledger?first={wrong}").status_code == 422
        assert wrong in visitor.text
    for odd in ("page=after.9.x", "page=zq", "tlp=x&show=y", "type=%E2%80%AE"):
        assert visitor.get(f"/peers/cert-a/ledger?{odd}").status_code == 200
    assert visitor.get("/peers/nobody/ledger").status_code == 404


def test_what_is_marked_red_is_not_named_to_who_may_not_see_it(program: Program) -> None:
    """A version may become RED after a peer has fetched it; the ledger still counts it."""
    made, _ = three_peers(program)
    with program.work(CONSOLE) as work:
        hidden = indicator(7, tlp=Tlp.RED, name="zqhidden")
        put(work, hidden)
    visitor = signed_in(program, Role.LEAD)

    for show in ("held", "offered", "recalled"):
        visitor.get(f"/peers/cert-a/ledger?show={show}")
        assert "zqhidden" not in visitor.page
    assert visitor.get(f"/indicators/{hidden.stix_id}/recall").status_code == 404
    assert made.stix_id


@pytest.mark.parametrize("part", [True, False])
def test_a_release_is_taken_back_on_its_page(program: Program, *, part: bool) -> None:
    tomas, irena = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        a_collection(work, peer)
        ours = [our_indicator(work, f"203.0.113.{n}") for n in (1, 2)]
        put(work, *ours)
    reference = asked(program, tomas, *(each.stix_id for each in ours))
    decided(program, irena, reference)
    read_page(program, peer)
    visitor = signed_in(program, Role.LEAD)
    visitor.get(f"/release/{reference}")
    assert "One peer has fetched something of it: CERT-B." in _words(visitor)
    visitor.get(f"/release/{reference}/recall")
    assert visitor.send(f"/release/{reference}/recall").status_code == 422

    chosen = [each.stix_id for each in ours[: 1 if part else 2]]
    visitor.send(f"/release/{reference}/recall", reason="Wrong", stix_ids=chosen)
    visitor.follow()

    words = _words(visitor)
    assert ("Recalled in part" in words) is part
    assert ("one was taken back" if part else "2 were taken back") in words
    assert "CERT-B has not yet read what was revoked" in words


def test_what_others_made_is_offered_no_longer_from_its_page(program: Program) -> None:
    with program.work(CONSOLE) as work:
        author, peer = a_reader(work, "author"), a_reader(work)
        theirs = indicator(1, tlp=Tlp.GREEN)
        [stored] = put(work, theirs, origin=author)
        publish(work, a_collection(work, peer), [stored.version_id])
    visitor = signed_in(program, Role.LEAD)
    visitor.get(f"/indicators/{theirs.stix_id}/revoke")
    assert "a letter to AUTHOR is prepared" in _words(visitor)

    visitor.send(f"/indicators/{theirs.stix_id}/withdraw", reason="Points at a hospital")
    visitor.follow()

    assert "Offered no longer." in _words(visitor)
    visitor.get(f"/indicators/{theirs.stix_id}/recall")
    assert "We offer your object no longer" in _words(visitor)


def _words(visitor: Visitor) -> str:
    return " ".join(visitor.text.split())


def test_the_incident_says_who_has_what_was_made_of_it(program: Program) -> None:
    tomas, irena = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    incident = an_incident(program, tomas)
    ids = [row.id for row in with_observables(program, tomas, incident, "Seen: 203.0.113.8")]
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        a_collection(work, peer)
    with program.work(tomas) as work:
        [made] = service.promote(work, Promote(incident.reference, tuple(ids), Tlp.AMBER))
    visitor = signed_in(program, Role.TRIAGE)
    visitor.get(f"/incidents/{incident.reference}/sharing")
    assert "Nothing of it was shared." in visitor.text

    decided(program, irena, asked(program, tomas, made.stix_id))
    read_page(program, peer)
    visitor.get(f"/incidents/{incident.reference}/sharing")

    assert "One peer has something of this incident: CERT-B." in _words(visitor)
    assert "offered to one peer, one has it" in _words(visitor)
