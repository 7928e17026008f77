"""TLP:RED to persons whom an agreement names: two approve, it goes by their own key, once, and never by TAXII."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import orjson
import pytest
import sqlalchemy as sa

from cirt.kernel.audit import AuditEntry
from cirt.kernel.clock import FakeClock
from cirt.kernel.gpg import KeyUnfit, PublicKey
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.notify.handovers import send_due
from cirt.objects.markings import PAP_REFS
from cirt.release.commands import Revoke
from cirt.release.errors import NothingWouldLeave, TwoWays
from cirt.release.handing.models import Handover, HandoverKind, HandoverState
from cirt.release.handing.service import ready
from cirt.release.models import FeedRow, ProposalState
from cirt.release.queries import proposal_view
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.persons import (
    AgreementOver,
    GiveKey,
    NamePerson,
    PersonThere,
    choosable,
    give_key,
    name_person_in,
    named_readers,
    take_person_off,
)
from cirt.sharing.agreements.service import end_agreement
from cirt.sharing.gate import release
from cirt.sharing.giving import named_rule
from cirt.sharing.models import Level
from cirt.sharing.queries import staff_reader
from tests.support.mail import KeyRing, Smtp, key_ring, needs_gpg, smtp_server
from tests.support.named import A_KEY, a_red_desk, mailing
from tests.support.release import a_collection, asked, decided, shown_digest


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with smtp_server() as made:
        yield made


@pytest.fixture(scope="module")
def mei() -> Iterator[KeyRing]:
    with key_ring("Mei Lan", "mei@cert-b.example") as made:
        yield made


def the_key(ring: KeyRing) -> PublicKey:
    return ring.gpg.read_public_key(ring.public_key.decode())


def acts(program: Program) -> list[str]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.seq)))


def test_red_goes_to_a_named_person_after_two_others_approved(program: Program) -> None:
    desk = a_red_desk(program)
    reference = desk.ask()

    first = desk.approve(reference, desk.irena)
    waiting = desk.handovers()
    second = desk.approve(reference, desk.petra)

    assert (first.state, first.missing, waiting) == (ProposalState.ASKED, 1, [])
    assert second.state is ProposalState.RELEASED
    [handover] = desk.handovers()
    assert (handover.person_id, handover.state) == (desk.mei, HandoverState.WAITING)
    assert (handover.agreement, handover.fingerprint) == (f"{desk.agreement} v1", A_KEY.fingerprint)
    with program.work(CONSOLE, write=False) as work:
        assert work.session.scalars(sa.select(FeedRow)).all() == []


def test_red_never_goes_into_a_collection(program: Program) -> None:
    desk = a_red_desk(program)
    with program.work(CONSOLE) as work:
        a_collection(work, desk.peer)

    with pytest.raises(NothingWouldLeave):
        asked(program, desk.tomas, desk.stix_id)
    with pytest.raises(TwoWays):
        asked(program, desk.tomas, desk.stix_id, persons=(desk.mei,))


@pytest.mark.parametrize(
    ("level", "key", "rule"),
    [
        (Level.MOU, A_KEY, None),
        (Level.TLP_ACK, A_KEY, None),
        (Level.MOU_NDA, None, "named-no-key"),
    ],
)
def test_without_confidentiality_or_key_nothing_would_leave(
    program: Program, level: Level, key: PublicKey | None, rule: str | None
) -> None:
    desk = a_red_desk(program, key, level)

    with program.work(CONSOLE, write=False) as work:
        [reader] = choosable(work.session, work.now)
        assert named_rule(reader, work.now) == rule
    with pytest.raises(NothingWouldLeave):
        desk.ask()


@pytest.mark.parametrize("change", ["key", "taken-off", "ended"])
def test_a_change_between_asking_and_the_last_approval_voids_what_was_approved(
    program: Program, change: str
) -> None:
    desk = a_red_desk(program)
    other = desk.name("Ada", "ada@cert-b.example")
    reference = desk.ask(desk.mei, other)
    desk.approve(reference, desk.irena)
    seen = shown_digest(program, desk.petra, reference)
    with program.work(CONSOLE) as work:
        if change == "key":
            give_key(work, GiveKey(desk.agreement, desk.mei, PublicKey("B" * 40, "other")))
        elif change == "taken-off":
            take_person_off(work, desk.agreement, desk.mei)
        else:
            end_agreement(work, desk.agreement)

    outcome = decided(program, desk.petra, reference, digest=seen)

    assert outcome.conflict is not None
    assert outcome.state is (ProposalState.VOIDED if change == "ended" else ProposalState.ASKED)
    assert desk.handovers() == []
    with program.work(desk.petra, write=False) as work:
        view = proposal_view(work, reference)
    assert view.approved_by == []
    assert [each.why_void for each in view.decisions] == [
        "nothing-would-leave" if change == "ended" else "changed"
    ]


@needs_gpg
def test_the_mail_holds_the_exact_objects_for_that_key_alone_and_goes_once(
    program: Program, smtp: Smtp, mei: KeyRing
) -> None:
    desk = a_red_desk(program, the_key(mei))
    desk.approve(desk.ask())
    sending = mailing(program, smtp.port)

    assert (send_due(sending), send_due(sending)) == (1, 0)

    [raw] = smtp.taken
    assert smtp.recipients == ["mei@cert-b.example"]
    assert desk.stix_id.encode() not in raw
    assert b"203.0.113.7" not in raw
    mail = message_from_bytes(raw, policy=default)
    assert str(mail["Subject"]).startswith("[TLP:RED]")
    sealed = list(mail.iter_parts())[1].get_payload(decode=True)
    assert isinstance(sealed, bytes)
    inner = message_from_bytes(mei.gpg.decrypt(sealed).data, policy=default)
    text, bundle = inner.iter_parts()
    assert "for you alone" in text.get_content()
    with program.work(CONSOLE, write=False) as work:
        reader = named_readers(work.session, [desk.mei], work.now)[desk.mei]
        [handover] = desk.handovers()
        [version_id] = work.session.scalars(
            sa.text("SELECT version_id FROM handover_version")
        ).all()
        [released] = release(work, reader, None, [version_id])
    assert released.body in bundle.get_content()
    ids = [each["id"] for each in orjson.loads(bundle.get_content())["objects"]]
    assert ids == [desk.stix_id, PAP_REFS["red"]]  # what it names comes along
    assert (handover.state, handover.sent_at) == (HandoverState.SENT, program.clock.now())
    assert acts(program).count("handover.sent") == 1


@needs_gpg
def test_a_server_that_is_away_is_tried_again_under_the_same_name_and_doubles_nothing(
    program: Program, smtp: Smtp, mei: KeyRing, clock: FakeClock
) -> None:
    desk = a_red_desk(program, the_key(mei))
    desk.approve(desk.ask())

    assert send_due(mailing(program, 1)) == 0
    [after_first] = desk.handovers()
    clock.forward(seconds=30)
    assert send_due(mailing(program, smtp.port)) == 0
    clock.forward(minutes=1)
    assert send_due(mailing(program, smtp.port)) == 1

    [after] = desk.handovers()
    assert (after_first.state, after_first.tries) == (HandoverState.WAITING, 1)
    assert "Nothing listens" in after_first.failure
    assert (after.message_id, after.tries) == (after_first.message_id, 2)
    assert len(smtp.taken) == 1
    assert f"<{after.message_id}>".encode() in smtp.taken[0]


@needs_gpg
@pytest.mark.parametrize("change", ["ended", "taken-off", "key"])
def test_the_gate_decides_once_more_at_the_moment_of_sending(
    program: Program, smtp: Smtp, mei: KeyRing, change: str
) -> None:
    desk = a_red_desk(program, the_key(mei))
    reference = desk.ask()
    desk.approve(reference)
    with program.work(CONSOLE) as work:
        if change == "ended":
            end_agreement(work, desk.agreement)
        elif change == "key":
            give_key(work, GiveKey(desk.agreement, desk.mei, A_KEY))
        else:
            take_person_off(work, desk.agreement, desk.mei)

    assert send_due(mailing(program, smtp.port)) == 0

    assert smtp.taken == []
    with program.work(desk.irena, write=False) as work:
        [line] = proposal_view(work, reference).handovers
    assert (line.state, line.name) == (HandoverState.STAYED, "Mei Lan")
    assert "may not go any more" in line.failure
    assert "handover.stay" in acts(program)


@needs_gpg
def test_a_recall_tells_those_to_whom_it_went_by_mail(
    program: Program, smtp: Smtp, mei: KeyRing
) -> None:
    desk = a_red_desk(program, the_key(mei))
    desk.approve(desk.ask())
    sending = mailing(program, smtp.port)
    send_due(sending)

    with program.work(desk.tomas) as work:
        revoke_indicator(work, Revoke(desk.stix_id, "It was ours"))
    send_due(sending)

    recall = desk.handovers()[-1]
    assert (recall.kind, recall.state) == (HandoverKind.RECALL, HandoverState.SENT)
    mail = message_from_bytes(smtp.taken[-1], policy=default)
    sealed = list(mail.iter_parts())[1].get_payload(decode=True)
    assert isinstance(sealed, bytes)
    inner = message_from_bytes(mei.gpg.decrypt(sealed).data, policy=default).get_content()
    assert desk.stix_id in inner
    assert "203.0.113.7" not in inner
    assert "It was ours" not in inner


def test_what_was_revoked_before_its_mail_was_sent_stays_and_nobody_hears_of_it(
    program: Program,
) -> None:
    desk = a_red_desk(program)
    desk.approve(desk.ask())

    with program.work(desk.tomas) as work:
        revoke_indicator(work, Revoke(desk.stix_id, "It was ours"))

    [mail] = desk.handovers()
    assert (mail.kind, mail.state) == (HandoverKind.RELEASE, HandoverState.STAYED)
    assert "revoked before it was sent" in mail.failure


def test_of_a_mail_that_was_tried_and_then_revoked_the_person_is_told(program: Program) -> None:
    desk = a_red_desk(program)
    desk.approve(desk.ask())
    with program.work(CONSOLE) as work:
        [first] = work.session.scalars(sa.select(Handover))
        assert ready(work, first.id, "<1@ex-cirt.example>") is not None

    with program.work(desk.tomas) as work:
        revoke_indicator(work, Revoke(desk.stix_id, "It was ours"))

    said = [(mail.kind, mail.state) for mail in desk.handovers()]
    assert said == [
        (HandoverKind.RELEASE, HandoverState.STAYED),
        (HandoverKind.RECALL, HandoverState.WAITING),
    ]


def test_who_is_not_named_on_the_object_reads_nothing_of_it(program: Program) -> None:
    desk = a_red_desk(program)
    reference = desk.ask(incident=desk.incident)

    with program.work(desk.irena, write=False) as work:
        view = proposal_view(work, reference)
        ids = [each.version_id for each in view.objects]
        assert release(work, staff_reader(work.actor), None, ids) == []
    with program.work(desk.tomas, write=False) as work:
        assert len(release(work, staff_reader(work.actor), None, ids)) == 1
    assert (view.needed, view.persons_getting, view.title) == (2, 1, None)
    assert view.tlp is Tlp.RED


def test_nobody_is_named_twice_and_who_was_taken_off_can_be_named_again(program: Program) -> None:
    desk = a_red_desk(program)

    with pytest.raises(PersonThere):
        desk.name("Mei", "MEI@cert-b.example")
    with program.work(CONSOLE) as work:
        take_person_off(work, desk.agreement, desk.mei)
    assert desk.name("Mei", "mei@cert-b.example") != desk.mei


def test_a_key_that_expired_is_no_key(program: Program, clock: FakeClock) -> None:
    key = PublicKey("A" * 40, "text", clock.now() + timedelta(days=1))
    desk = a_red_desk(program, key)
    reference = desk.ask()

    clock.forward(days=2)

    assert desk.approve(reference, desk.irena).state is ProposalState.VOIDED


@needs_gpg
def test_what_is_no_public_key_is_refused_with_its_reason(mei: KeyRing) -> None:
    gpg = mei.gpg
    with key_ring("Other", "other@example.org") as other:
        both = mei.public_key + other.public_key
        for text, words in (
            ("no key at all", "no OpenPGP key"),
            (mei.secret_key.decode(), "secret"),
            (both.decode(), "2 keys"),
        ):
            with pytest.raises(KeyUnfit, match=words):
                gpg.read_public_key(text)
    assert gpg.read_public_key(mei.public_key.decode()).fingerprint == mei.fingerprint


def test_a_name_is_needed_and_agreements_that_ended_name_nobody(program: Program) -> None:
    desk = a_red_desk(program)
    with program.work(CONSOLE) as work:
        end_agreement(work, desk.agreement)

    with program.work(CONSOLE) as work, pytest.raises(AgreementOver):
        name_person_in(work, NamePerson(desk.agreement, "Ada", "ada@cert-b.example"))
