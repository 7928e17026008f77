"""What went by mail to named persons: in the table of who has it, in the report, in recalls; of TLP:RED no trace elsewhere."""

import re

import pytest
import sqlalchemy as sa

from cirt.exchange.arrivals import take
from cirt.figures.agreements.report import agreement_report
from cirt.figures.periods import read_period
from cirt.kernel import schema
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, SYSTEM, Actor
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.commands import Promote
from cirt.release.commands import Revoke
from cirt.release.handing.service import ready
from cirt.release.holdings.models import Exit, HandedOut
from cirt.release.publishing import publish
from cirt.release.reach import reach, spread
from cirt.release.recalling.consequences import Consequences, consequences
from cirt.release.recalling.letters.reminding import REMIND_AFTER, remind_due
from cirt.release.recalling.models import PeerLetter, RecallKind
from cirt.release.recalling.queries import RecallView, recalls_of
from cirt.release.recalling.revoking import revoke_indicator
from cirt.sharing.agreements.persons import take_person_off
from cirt.sharing.gate import show
from cirt.sharing.models import Agreement
from tests.support.browse import Visitor, signed_in, web_app
from tests.support.named import RedDesk, a_red_desk
from tests.support.register import PASSWORD as HIS
from tests.support.register import an_incident, with_observables
from tests.support.release import a_collection, a_reader, read_page, revised
from tests.support.store import indicator, marked, numbered, put


@pytest.fixture
def desk(program: Program) -> RedDesk:
    """An AMBER indicator that went to Mei of CERT-B by mail."""
    made = a_red_desk(program, tlp=Tlp.AMBER)
    made.approve(made.ask(), made.irena)
    made.mailed()
    return made


@pytest.fixture
def red(program: Program) -> RedDesk:
    """A TLP:RED one on which Tomas is named, released to Mei; nothing has gone yet."""
    made = a_red_desk(program)
    made.approve(made.ask())
    return made


def by_hand(program: Program, stix_id: str) -> int:
    with program.work(CONSOLE, write=False) as work:
        return work.session.scalars(
            sa.select(StixObject.id).where(StixObject.stix_id == stix_id)
        ).one()


def visiting(program: Program, email: str) -> Visitor:
    visitor = Visitor(web_app(program))
    visitor.sign_in(email, HIS)
    return visitor


def words(visitor: Visitor, path: str) -> str:
    assert visitor.get(path).status_code == 200
    return " ".join(visitor.text.split())


def seen_by(desk: RedDesk, actor: Actor) -> tuple[Consequences, list[RecallView], list[str]]:
    """What recalling it would do, what was done, and the persons in the table of who has it."""
    object_id = by_hand(desk.program, desk.stix_id)
    with desk.program.work(actor, write=False) as work:
        persons = [line.person for line in reach(work, object_id) if line.person]
        return consequences(work, [object_id]), recalls_of(work, object_id), persons


def test_the_table_says_by_which_way_when_and_under_what(desk: RedDesk) -> None:
    object_id = by_hand(desk.program, desk.stix_id)
    with desk.program.work(desk.irena, write=False) as work:
        [line] = reach(work, object_id)
        said = spread([line])

    assert (line.exit, line.person, line.peer_id) == (Exit.MAIL, "Mei Lan", desk.peer.id)
    assert line.newest is not None
    assert (line.newest.tlp, line.newest.at) == (Tlp.AMBER, desk.program.clock.now())
    assert line.newest.agreement == f"{desk.agreement} v1"
    assert (said.have, said.offered) == (["CERT-B"], 0)
    shown = words(visiting(desk.program, "irena@ex-cirt.example"), f"/indicators/{desk.stix_id}")
    assert "by mail Mei Lan" in shown
    assert f"{desk.agreement} v1" in shown


def test_the_report_counts_it_but_for_what_is_red(desk: RedDesk) -> None:
    other = a_second_red(desk)
    with desk.program.work(CONSOLE, write=False) as work:
        rows = work.session.scalar(sa.select(sa.func.count()).select_from(HandedOut))
    report = words(
        visiting(desk.program, "irena@ex-cirt.example"),
        f"/agreements/{desk.agreement}/report?period=2026",
    )

    assert rows == 2
    assert other not in report
    assert "TLP:AMBER" in report
    assert "What went to named persons as TLP:RED" in report
    with desk.program.work(desk.irena, write=False) as work:
        period = read_period("2026", "", "", work.now)
        found = agreement_report(work, desk.agreement, period)
    assert [(each.tlp, each.objects) for each in found.given.counts] == [(Tlp.AMBER, 1)]
    assert found.given.objects == 1


def a_second_red(desk: RedDesk) -> str:
    """Another indicator, TLP:RED, that goes to Mei as well."""
    incident = an_incident(desk.program, desk.tomas, tlp=Tlp.RED, title="The ministry again")
    [row] = with_observables(desk.program, desk.tomas, incident, "203.0.113.8")
    with desk.program.work(desk.tomas) as work:
        [made] = service.promote(work, Promote(incident.reference, (row.id,), Tlp.RED))
    first, desk.stix_id = desk.stix_id, made.stix_id
    desk.approve(desk.ask())
    desk.mailed()
    desk.stix_id = first
    return made.stix_id


def test_no_page_tells_who_is_not_named_that_a_red_mail_went(red: RedDesk) -> None:
    """All that a lead and an auditor read of the peer, the agreement and the recalls, before and after."""
    lead = visiting(red.program, "irena@ex-cirt.example")
    auditor = signed_in(red.program, Role.AUDITOR, name="Ada")
    paths = [
        "/peers",
        f"/peers/{red.peer.slug}",
        f"/peers/{red.peer.slug}/ledger",
        f"/agreements/{red.agreement}",
        f"/agreements/{red.agreement}/report?period=2026",
        f"/agreements/{red.agreement}/report.csv?period=2026",
        "/indicators",
        "/release/recalls",
        f"/indicators/{red.stix_id}",
        f"/indicators/{red.stix_id}/recall",
        f"/indicators/{red.stix_id}/revoke",
    ]

    def everything() -> list[tuple[str, int, str]]:
        return [
            (path, answer.status_code, unmarked(answer.get_data(as_text=True)))
            for who in (lead, auditor)
            for path in paths
            for answer in [who.get(path)]
        ]

    before = everything()
    red.mailed()

    assert everything() == before
    assert [status for path, status, _ in before if red.stix_id in path] == [404] * 5 + [403]
    tomas = visiting(red.program, "tomas@ex-cirt.example")
    assert "by mail Mei Lan" in words(tomas, f"/indicators/{red.stix_id}")


def unmarked(text: str) -> str:
    """Without what is random in every page."""
    return re.sub(r'name="form_token" value="[^"]+"|E-[0-9A-F]{4}-\d{4}', "", text)


def test_what_went_as_red_stays_sealed_under_a_newer_version_that_is_not(red: RedDesk) -> None:
    red.mailed()
    object_id = by_hand(red.program, red.stix_id)
    with red.program.work(red.tomas) as work:
        newest = work.session.get_one(StixObject, object_id).newest_id or 0
        body = show(work, newest).body
    with red.program.work(CONSOLE) as work:
        put(work, revised(body, red.program, object_marking_refs=marked(Tlp.AMBER)))

    def told(actor: Actor) -> tuple[list[str], list[str]]:
        becomes, recalls, persons = seen_by(red, actor)
        return becomes.persons + persons, [each.name for one in recalls for each in one.mails]

    assert told(red.tomas) == (["Mei Lan", "Mei Lan"], [])
    assert told(red.irena) == ([], [])

    with red.program.work(red.tomas) as work:
        revoke_indicator(work, Revoke(red.stix_id, "Wrong"))
    assert told(red.tomas)[1] == ["Mei Lan"]
    assert told(red.irena) == ([], [])
    red.mailed()
    assert told(red.tomas)[1] == ["Mei Lan"]
    assert told(red.irena) == ([], [])


def test_a_recall_lists_the_mails_and_writes_to_no_organisation(desk: RedDesk) -> None:
    becomes, _, _ = seen_by(desk, desk.irena)
    assert becomes.persons == ["Mei Lan"]
    assert (becomes.told, becomes.by_mail, becomes.unaware) == ([], [], [])
    lead = visiting(desk.program, "irena@ex-cirt.example")
    said = words(lead, f"/indicators/{desk.stix_id}/revoke")
    assert "One person has it by mail and is told by mail: Mei Lan." in said

    lead.send(f"/indicators/{desk.stix_id}/revoke", reason="Wrong")

    said = words(lead, f"/indicators/{desk.stix_id}/recall")
    assert "Mails to named persons" in said
    assert "Mei Lan" in said
    assert "No peer had it." not in said
    desk.mailed()
    _, [recall], _ = seen_by(desk, desk.irena)
    [mail] = recall.mails
    assert (mail.name, mail.sent_at) == ("Mei Lan", desk.program.clock.now())
    with desk.program.work(CONSOLE, write=False) as work:
        assert work.session.scalars(sa.select(PeerLetter)).all() == []
    assert "knows that it is revoked" in words(lead, f"/indicators/{desk.stix_id}")


def test_a_person_whom_no_mail_reaches_any_more_is_not_said_to_be_told(desk: RedDesk) -> None:
    with desk.program.work(CONSOLE) as work:
        take_person_off(work, desk.agreement, desk.mei)
    becomes, _, _ = seen_by(desk, desk.irena)
    page = words(
        visiting(desk.program, "irena@ex-cirt.example"), f"/indicators/{desk.stix_id}/revoke"
    )

    assert (becomes.persons, becomes.unreached) == ([], ["Mei Lan"])
    assert "is told by mail" not in page
    assert "No mail reaches Mei Lan any more" in page

    with desk.program.work(desk.irena) as work:
        revoke_indicator(work, Revoke(desk.stix_id, "Wrong"))
    recall = desk.handovers()[-1]
    with desk.program.work(SYSTEM) as work:
        assert ready(work, recall.id, "<1@ex-cirt.example>") is None


def test_a_mail_to_a_person_does_not_count_as_telling_the_organisation(
    desk: RedDesk, clock: FakeClock
) -> None:
    object_id = by_hand(desk.program, desk.stix_id)
    with desk.program.work(CONSOLE) as work:
        newest = work.session.get_one(StixObject, object_id).newest_id or 0
        publish(work, a_collection(work, desk.peer), [newest])
    read_page(desk.program, desk.peer)
    with desk.program.work(desk.irena) as work:
        revoke_indicator(work, Revoke(desk.stix_id, "Wrong"))
    desk.mailed()

    with desk.program.work(desk.irena, write=False) as work:
        said = spread(reach(work, object_id))
    assert (said.have, said.know, said.not_told) == (["CERT-B"], [], ["CERT-B"])
    clock.forward(seconds=REMIND_AFTER.total_seconds())
    assert remind_due(desk.program) == 1


@pytest.mark.parametrize(("tlp", "told"), [(Tlp.GREEN, ["Mei Lan"]), (Tlp.AMBER, [])])
def test_a_foreign_revocation_is_told_by_mail_to_persons_who_may_have_it(
    program: Program, clock: FakeClock, tlp: Tlp, told: list[str]
) -> None:
    desk = a_red_desk(program)
    with program.work(CONSOLE) as work:
        author = a_reader(work, "author", transit=True)
        query = sa.select(Agreement).where(Agreement.peer_id == desk.peer.id)
        work.session.scalars(query).one().transit = True
        put(work, indicator(1, tlp=Tlp.GREEN), origin=author)
    desk.stix_id = numbered("indicator", 1)
    desk.approve(desk.ask(), desk.irena)
    desk.mailed()
    clock.forward(minutes=1)

    for _ in range(2):  # the same again tells nobody twice
        with program.work(CONSOLE) as work:
            gone = indicator(1, tlp=tlp, day=2, revoked=True)
            take(work, [gone.raw], peer=work.session.get_one(Peer, author.id))

    _, [recall], _ = seen_by(desk, desk.irena)
    assert recall.kind is RecallKind.PASSED_ON
    assert [mail.name for mail in recall.mails] == told
    assert len(desk.handovers()) == 1 + len(told)


def test_mails_that_went_before_the_ledger_knew_of_them_are_written_into_it(
    desk: RedDesk,
) -> None:
    def kept() -> list[tuple[object, ...]]:
        with desk.program.work(CONSOLE, write=False) as work:
            columns = [each for each in HandedOut.__table__.c if each.name != "id"]
            return [tuple(row) for row in work.session.execute(sa.select(*columns))]

    before = kept()
    assert len(before) == 1

    schema.downgrade(desk.program.engine, "0019")
    schema.upgrade(desk.program.engine)

    assert kept() == before
