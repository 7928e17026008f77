"""The gate on real databases: who gets which bytes, and who may only be told."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.files.store import MAX_FILE_BYTES, put_attachment
from cirt.kernel.audit import AuditEntry
from cirt.kernel.errors import NotFound, TooLarge
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, PUBLIC, Actor, ActorKind, Work
from cirt.objects.codec import StixObject
from cirt.objects.store import Stored, put_many
from cirt.parties.models import Peer, PeerState, Person
from cirt.register.models import Report, ReportSource
from cirt.sharing.facts import PublicReader
from cirt.sharing.gate import Released, ReleasedTogether, allowed_versions, release, show, show_file
from cirt.sharing.judging import Question
from cirt.sharing.models import AgreementState, NamedPerson
from cirt.sharing.previewing import Audience, preview
from cirt.sharing.queries import peer_reader
from cirt.sharing.standing import Loaded
from cirt.sharing.verdicts import Verdict
from tests.support.store import a_peer, an_agreement, indicator, numbered, put, relationship


def an_analyst(person_id: int = 1, *permissions: str) -> Actor:
    rights = frozenset(permissions or ("content:read",))
    return Actor(ActorKind.PERSON, 1, "Amina", person_id, permissions=rights)


def got(
    work: Work, peer: Peer, stored: list[Stored], kind: str = "published", **more: Any
) -> list[str]:
    """The ids that this peer is handed, in order."""
    reader = peer_reader(work.session, peer.id, work.now)
    ids = [one.version_id for one in stored]
    released = [one.version_id for one in release(work, reader, kind, ids, **more)]
    asked = allowed_versions(work.session, reader, kind, work.now, ids, **more)
    assert asked == set(released)
    names = {one.version_id: one.stix_id for one in stored}
    return [names[version_id] for version_id in released]


def a_reader(work: Work, slug: str = "cert-b", **terms: Any) -> Peer:
    peer = a_peer(work, slug, identity=f"identity--{slug}")
    an_agreement(work, peer, **terms)
    return peer


def test_what_leaves_is_what_came_to_the_byte_and_in_the_order_asked(program: Program) -> None:
    objects = [indicator(number, tlp=Tlp.GREEN) for number in range(5)]
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        stored = put(work, *objects)
        reader = peer_reader(work.session, peer.id, work.now)

        released = release(work, reader, "published", [one.version_id for one in stored[::-1]])

    assert [one.body for one in released] == [one.raw for one in objects[::-1]]
    assert [one.stix_id for one in released] == [one.stix_id for one in objects[::-1]]


def test_more_than_a_statement_holds_leaves_all_the_same(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        stored = put(work, *(indicator(number, tlp=Tlp.CLEAR) for number in range(1100)))

        assert got(work, peer, stored) == [one.stix_id for one in stored]


def test_each_object_is_decided_for_itself(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling=Tlp.GREEN)
        stored = put(work, *(indicator(number, tlp=tlp) for number, tlp in enumerate(Tlp)))

        assert got(work, peer, stored) == [one.stix_id for one in stored[:2]]


def test_a_suspended_peer_and_an_ended_agreement_close_the_door_at_once(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        agreement = an_agreement(work, peer)
        stored = put(work, indicator(tlp=Tlp.CLEAR))
        assert len(got(work, peer, stored)) == 1

        peer.state = PeerState.SUSPENDED
        assert got(work, peer, stored) == []
        peer.state, agreement.state = PeerState.ACTIVE, AgreementState.ENDED
        assert got(work, peer, stored) == []


def test_what_a_newer_version_marks_more_strictly_is_withheld_in_its_older_ones(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        old = put(work, indicator(tlp=Tlp.CLEAR, day=1))
        assert len(got(work, peer, old)) == 1

        put(work, indicator(tlp=Tlp.AMBER_STRICT, day=2))

        assert got(work, peer, old) == []


def test_a_relationship_leaves_only_where_both_ends_may(program: Program) -> None:
    open_, shut = indicator(1, tlp=Tlp.GREEN), indicator(2, tlp=Tlp.AMBER_STRICT)
    stranger = numbered("malware", 9)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        put(work, open_, shut)
        good, bad, dangling = put(
            work,
            relationship(open_.stix_id, open_.stix_id, 1),
            relationship(open_.stix_id, shut.stix_id, 2),
            relationship(open_.stix_id, stranger, 3),
        )

        assert got(work, peer, [good, bad, dangling]) == [good.stix_id, dangling.stix_id]
        [row] = preview(work, [bad.version_id], [Audience(1, "published", [peer.id])])
        assert (row.decision.verdict, row.decision.rule) == (Verdict.NO, "end-withheld")
        assert row.decision.values["end"] == shut.stix_id


def test_the_newest_version_of_an_end_says_whether_it_may_be_named(program: Program) -> None:
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        put(work, indicator(1, tlp=Tlp.CLEAR, day=1))
        linked = put(work, relationship(numbered("indicator", 1), numbered("malware", 2)))
        assert len(got(work, peer, linked)) == 1

        put(work, indicator(1, tlp=Tlp.AMBER_STRICT, day=2))

        assert got(work, peer, linked) == []


def test_our_object_about_what_the_recipient_brought_may_go_to_it(program: Program) -> None:
    theirs = indicator(1, tlp=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        peer, other = a_reader(work), a_reader(work, "cert-c")
        put(work, theirs, origin=peer)
        linked = put(work, relationship(theirs.stix_id, numbered("malware", 2)))

        assert len(got(work, peer, linked)) == 1
        assert got(work, other, linked) == []


def test_in_a_peers_relationship_what_a_third_brought_does_not_show(program: Program) -> None:
    """An end from elsewhere neither opens nor shuts: whether we hold it must not be seen."""
    hidden = indicator(1, tlp=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        reader, bringer = a_reader(work, transit=True), a_reader(work, "cert-c", transit=True)
        third = a_reader(work, "cert-d")
        linked = put(work, relationship(hidden.stix_id, numbered("malware", 2)), origin=bringer)
        before = got(work, reader, linked)
        put(work, hidden, origin=third)

        assert got(work, reader, linked) == before == [linked[0].stix_id]


def test_in_a_peers_relationship_our_own_hidden_end_keeps_it_back(program: Program) -> None:
    ours = indicator(1, tlp=Tlp.AMBER_STRICT)
    with program.work(CONSOLE) as work:
        reader, bringer = a_reader(work, transit=True), a_reader(work, "cert-c", transit=True)
        put(work, ours)
        linked = put(work, relationship(ours.stix_id, numbered("malware", 2)), origin=bringer)

        assert got(work, reader, linked) == []


def test_what_it_posted_about_an_object_hidden_here_a_peer_reads_back_all_the_same(
    program: Program,
) -> None:
    """Else whoever guesses an id could tell from what is missing whether it is here."""
    ours = indicator(1, tlp=Tlp.RED)
    with program.work(CONSOLE) as work:
        poster, member = a_reader(work), a_reader(work, "cert-c")
        put(work, ours)
        linked = put(work, relationship(ours.stix_id, numbered("malware", 2)), origin=poster)
        posted = [each.version_id for each in linked]

        assert got(work, poster, linked, "shared", posted=posted) == [linked[0].stix_id]
        assert got(work, member, linked, "shared", posted=posted) == []


def test_what_a_peer_posts_to_a_shared_collection_goes_to_its_members(program: Program) -> None:
    one = indicator(1, tlp=Tlp.AMBER)
    with program.work(CONSOLE) as work:
        poster, member, low = (
            a_reader(work),
            a_reader(work, "cert-c"),
            a_reader(work, "cert-d", ceiling=Tlp.GREEN),
        )
        stored = put(
            work, one, relationship(one.stix_id, one.stix_id, tlp=Tlp.AMBER), origin=poster
        )
        posted = [each.version_id for each in stored]

        assert len(got(work, member, stored, "shared", posted=posted)) == 2
        assert len(got(work, poster, stored, "shared", posted=posted)) == 2
        assert got(work, low, stored, "shared", posted=posted) == []
        assert got(work, member, stored, "shared") == []


def test_a_bare_revocation_goes_only_to_those_who_had_the_object(program: Program) -> None:
    gone = indicator(1, tlp=Tlp.AMBER_STRICT, day=2, revoked=True)
    with program.work(CONSOLE) as work:
        peer = a_reader(work, ceiling=Tlp.CLEAR)
        stored = put_many(work, [gone], origin_id=None, bare=True)

        assert got(work, peer, stored) == []
        assert len(got(work, peer, stored, recalls=[stored[0].version_id])) == 1


def test_a_preview_tells_for_every_reader_what_would_become_of_every_version(
    program: Program,
) -> None:
    with program.work(CONSOLE) as work:
        wide = a_reader(work, ceiling=Tlp.AMBER_STRICT)
        energy = a_reader(work, "cert-c", sectors=["energy"])
        none = a_peer(work, "cert-d")
        [one] = put(work, indicator(1, tlp=Tlp.AMBER_STRICT))
        audience = Audience(5, "published", [wide.id, energy.id, none.id])

        rows = preview(work, [one.version_id], [audience], sector="energy")
        unstated = preview(work, [one.version_id], [audience])

    said = {row.peer_id: (row.decision.rule, row.agreement) for row in rows}
    assert said == {
        wide.id: ("table-two", f"MOU-2026-{wide.id:04} v1"),
        energy.id: ("ceiling", f"MOU-2026-{energy.id:04} v1"),
        none.id: ("agreement-none", None),
    }
    assert {row.collection_id for row in rows} == {5}
    assert rows[0].decision.approvals == 2
    assert unstated[1].decision.rule == "ceiling"


def test_nothing_but_the_gate_makes_what_may_leave(program: Program) -> None:
    with pytest.raises(TypeError):
        Released("indicator--x", 1, "2026", b"{}")
    with pytest.raises(TypeError):
        asked = Question(PublicReader(), None, program.clock.now())
        ReleasedTogether((1,), b"{}", frozenset({1}), Loaded([], {}), asked)
    with program.work(CONSOLE) as work:
        peer = a_reader(work)
        [one] = put(work, indicator(tlp=Tlp.CLEAR))
        reader = peer_reader(work.session, peer.id, work.now)
        [released] = release(work, reader, "published", [one.version_id])

    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(released, body=b"forged")
    assert "body" not in repr(released)


def test_staff_see_content_below_red_and_others_see_nothing(program: Program) -> None:
    objects: list[StixObject] = [indicator(1, tlp=Tlp.AMBER_STRICT), indicator(2, tlp=Tlp.RED)]
    with program.work(CONSOLE) as work:
        readable, red = put(work, *objects)
    with program.work(an_analyst(), write=False) as work:
        assert show(work, readable.version_id).body == objects[0].raw
        with pytest.raises(NotFound):
            show(work, red.version_id)
        with pytest.raises(NotFound):
            show(work, 10**6)
    for actor in (PUBLIC, an_analyst(1, "account:write")):
        with program.work(actor, write=False) as work, pytest.raises(NotFound):
            show(work, readable.version_id)


def a_report(work: Work, tlp: Tlp) -> Report:
    report = Report(
        reference=f"REP-2026-{tlp.rank:04}",
        source=ReportSource.DESK,
        received_at=work.now,
        title="Phishing",
        text="See the file.",
        tlp=tlp,
        headers={},
        code_hash="0" * 64,
    )
    work.session.add(report)
    work.session.flush()
    return report


def test_a_file_is_shown_by_the_marking_of_what_it_belongs_to(program: Program) -> None:
    body = bytes(range(256)) * 20
    with program.work(CONSOLE) as work:
        amina, brian = Person(name="Amina"), Person(name="Brian")
        work.session.add_all([amina, brian])
        work.session.flush()
        amber, red = a_report(work, Tlp.AMBER), a_report(work, Tlp.RED)
        work.session.add(NamedPerson(subject=red.reference, person_id=amina.id))
        open_ = put_attachment(work, amber.reference, "../a\x00\n.eml", "message/rfc822", body)
        shut = put_attachment(work, red.reference, "b.eml", "message/rfc822", body)
        lost = put_attachment(work, "ADV-2026-0001", "c.eml", "message/rfc822", body)
    with program.work(an_analyst(amina.id)) as work:
        assert show_file(work, open_.id).body == body
        assert show_file(work, open_.id).name == "../a.eml"
        assert show_file(work, shut.id).body == body
    with program.work(an_analyst(brian.id)) as work:
        for hidden in (shut.id, lost.id, 10**6):
            with pytest.raises(NotFound):
                show_file(work, hidden)
        acts = work.session.scalars(
            sa.select(AuditEntry.subject).where(AuditEntry.act == "file.show-red")
        )
        assert acts.all() == [red.reference]


def test_a_file_over_the_limit_is_refused_and_its_limit_named(program: Program) -> None:
    with program.work(CONSOLE) as work, pytest.raises(TooLarge, match="10 MiB"):
        put_attachment(work, "REP-2026-0001", "big.bin", "", b"x" * (MAX_FILE_BYTES + 1))
    with program.work(CONSOLE) as work:
        kept = put_attachment(work, "REP-2026-0001", "ok.bin", "", b"x" * MAX_FILE_BYTES)
        assert kept.size == MAX_FILE_BYTES


def test_the_agreement_nearest_to_now_speaks_for_a_peer(program: Program) -> None:
    day = timedelta(days=1)
    with program.work(CONSOLE) as work:
        peer = a_peer(work)
        assert peer_reader(work.session, peer.id, work.now).terms is None
        an_agreement(work, peer, reference="MOU-2026-0001", state=AgreementState.ENDED)
        an_agreement(work, peer, reference="MOU-2026-0002", valid_from=work.now + day)

        terms = peer_reader(work.session, peer.id, work.now).terms
        later = peer_reader(work.session, peer.id, work.now + 2 * day).terms

        assert terms is not None
        assert later is not None
        assert terms.reference == later.reference == "MOU-2026-0002"
