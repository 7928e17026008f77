"""What a mail says it belongs to is offered to whoever decides, with the reason, and only if they may see it."""

from typing import Any

import pytest
import sqlalchemy as sa

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Actor
from cirt.parties.roles import Role
from cirt.register import service as register
from cirt.register.dialogue.commands import AskReporter
from cirt.register.dialogue.models import (
    Channel,
    Direction,
    Message,
    MessageKind,
    MessageState,
)
from cirt.register.dialogue.service import ask_reporter
from cirt.register.mail.claims import WHY, Claim, Why, claims_of
from cirt.register.mail.opening import open_mail
from cirt.register.mail.service import MailWay, take_mail
from cirt.register.merging.commands import Merge
from cirt.register.merging.service import merge_incident
from cirt.register.models import Incident, IncidentState, Report
from tests.support.browse import Visitor, signed_in
from tests.support.mail import a_mail
from tests.support.register import a_person, accepting, an_incident

_OUR_ID = "unguessable@cirt.example"


@pytest.fixture
def omar(program: Program) -> Actor:
    return a_person(program, "Omar", Role.HANDLER, Role.LEAD)


def _takes(program: Program, subject: str = "Help", **headers: str) -> Report:
    """A mail that opens a report."""
    raw = a_mail(f"{subject}.", subject=subject, **{"message_id": "<new@evil.example>", **headers})
    with program.work(SYSTEM) as work:
        take_mail(work, program.keys, open_mail(raw, None), MailWay("test"))
        newest = sa.select(Report).order_by(Report.id.desc()).limit(1)
        return work.session.scalars(newest).one()


def _claims(program: Program, actor: Actor, report: Report) -> list[Claim]:
    with program.work(actor, write=False) as work:
        return claims_of(work, report.headers)


def _accepted(program: Program, actor: Actor, report: Report, **given: Any) -> Incident:
    with program.work(actor) as work:
        return register.accept_report(work, accepting(report, **given))


def test_a_named_incident_is_offered_with_the_reason(program: Program, omar: Actor) -> None:
    incident = an_incident(program, omar)

    (claim,) = _claims(program, omar, _takes(program, f"Re: {incident.reference}"))

    assert claim.incident is not None
    assert claim.why == WHY[Why.NAMED]
    assert (claim.reference, claim.incident.reference) == (incident.reference,) * 2
    assert not claim.incident.is_closed


def test_of_a_claimed_report_its_incident_is_offered_as_the_report_that_leads_it(
    program: Program, omar: Actor
) -> None:
    first = _takes(program, message_id="<one@utility.example>")
    second = _takes(
        program, "Also", message_id="<two@utility.example>", In_Reply_To="<one@utility.example>"
    )

    (waiting,) = _claims(program, omar, second)
    incident = _accepted(program, omar, first)
    (accepted,) = _claims(program, omar, second)

    assert (waiting.reference, waiting.incident, waiting.may_lead) == (first.reference, None, True)
    assert waiting.why == WHY[Why.THREAD]
    assert accepted.incident is not None
    assert (accepted.incident.reference, accepted.may_lead) == (incident.reference, False)


def test_each_reason_why_it_was_not_attached_is_told(program: Program, omar: Actor) -> None:
    first = _takes(program, message_id="<one@utility.example>")
    with program.work(omar) as work:
        letter = ask_reporter(work, AskReporter(first.reference, "Which one?"))
        letter.state, letter.message_id = MessageState.SENT, _OUR_ID
    incident = an_incident(program, omar)
    with program.work(omar) as work:
        other = Message(
            incident_id=incident.id, direction=Direction.OUT, channel=Channel.PAGE, text="Hello",
            kind=MessageKind.LETTER, message_id="hoster@cirt.example", at=work.now,
        )  # fmt: skip
        work.session.add(other)
    came = [
        _takes(program, "a", sender="x@evil.example", In_Reply_To=f"<{_OUR_ID}>"),
        _takes(program, "b", References="<x@y.example> <one@utility.example>"),
        _takes(program, "c", message_id="<one@utility.example>"),
        _takes(program, "d", In_Reply_To="<hoster@cirt.example>"),
    ]

    told = [_claims(program, omar, one)[0] for one in came]

    assert [one.why for one in told] == [
        WHY[each] for each in (Why.SENDER, Why.THREAD, Why.TWIN, Why.LETTER)
    ]
    assert told[3].reference == incident.reference


def test_what_one_may_not_see_or_is_not_there_is_not_spoken_of(
    program: Program, omar: Actor
) -> None:
    red = an_incident(program, omar, tlp=Tlp.RED)
    named = _takes(program, f"Re: {red.reference} INC-2026-9999 REP-2026-9999")
    lina = a_person(program, "Lina", Role.TRIAGE)

    assert _claims(program, lina, named) == []
    assert [one.reference for one in _claims(program, omar, named)] == [red.reference]


def test_the_incident_of_a_report_is_not_told_where_it_alone_is_hidden(
    program: Program, omar: Actor
) -> None:
    first = _takes(program, message_id="<one@utility.example>")
    answer = _takes(program, "Also", In_Reply_To="<one@utility.example>")
    _accepted(program, omar, first, tlp=Tlp.RED, reason="A source")

    (claim,) = _claims(program, a_person(program, "Lina", Role.TRIAGE), answer)

    assert (claim.reference, claim.incident) == (first.reference, None)


def test_a_merged_incident_is_offered_as_the_one_that_leads(program: Program, omar: Actor) -> None:
    old, leading = an_incident(program, omar), an_incident(program, omar)
    named = _takes(program, f"Re: {old.reference}")
    with program.work(omar) as work:
        merge_incident(work, Merge(old.reference, old.version, leading.reference, "The same"))

    (claim,) = _claims(program, omar, named)

    assert claim.incident is not None
    assert (claim.incident.reference, claim.incident.is_closed) == (leading.reference, False)


def test_a_mail_from_before_the_reasons_were_kept_says_that_nothing_proves_it(
    program: Program, omar: Actor
) -> None:
    incident = an_incident(program, omar)
    report = _takes(program)
    report.headers = {"mail": {"claims": [incident.reference]}}

    (claim,) = _claims(program, omar, report)

    assert claim.why.startswith("Nothing proves")


def test_the_page_offers_it_filled_in_and_adds_nothing_before_it_is_saved(
    program: Program, omar: Actor
) -> None:
    incident = an_incident(program, omar)
    report = _takes(program, f"Re: {incident.reference}")
    visitor = signed_in(program, Role.TRIAGE, name="Huda")
    decision = f"/triage/{report.reference}/decision"

    visitor.get(f"/triage?selected={report.reference}")
    assert f"It says that it belongs to {incident.reference}." in visitor.text
    assert "which anybody can write" in visitor.text
    assert visitor.form(decision).fields["decision"] == ["accept"]
    visitor.get(f"/intake/{report.reference}?join={incident.reference}")
    filled = visitor.form(decision).fields
    assert (filled["decision"], filled["incident"]) == (["add"], [incident.reference])
    visitor.send(decision)
    assert "Is this the right one?" in visitor.text
    visitor.send(decision)

    assert visitor.last is not None
    assert visitor.last.headers["Location"] == f"/incidents/{incident.reference}"


def test_nothing_else_is_filled_in_by_an_address(program: Program, omar: Actor) -> None:
    other, red = an_incident(program, omar), an_incident(program, omar, tlp=Tlp.RED)
    report = _takes(program, f"Re: {red.reference}")
    visitor: Visitor = signed_in(program, Role.TRIAGE, name="Huda")

    for wanted in (other.reference, red.reference, "x", "<script>"):
        visitor.get(f"/intake/{report.reference}", query_string={"join": wanted})
        fields = visitor.form(f"/triage/{report.reference}/decision").fields
        assert (fields["decision"], fields["incident"]) == (["accept"], [""])
    assert "It says that it belongs to" not in visitor.text


def test_a_closed_incident_is_named_and_not_offered(program: Program, omar: Actor) -> None:
    incident = an_incident(program, omar)
    report = _takes(program, f"Re: {incident.reference}")
    with program.work(SYSTEM) as work:
        work.session.get_one(Incident, incident.id).state = IncidentState.CLOSED
    visitor = signed_in(program, Role.TRIAGE, name="Huda")

    visitor.get(f"/intake/{report.reference}")

    assert "this incident is closed. Open it again first" in visitor.text
    assert "Add to incident" not in visitor.text
