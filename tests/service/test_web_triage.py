"""Triage by forms alone: forwarding, splitting, linking, bulk, views, agencies, and what is refused."""

from io import BytesIO

import pytest

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from cirt.register.bin.models import BinAct, Binned
from cirt.register.sight import get_incident
from tests.support.browse import Visitor, signed_in
from tests.support.register import a_report


@pytest.fixture
def irena(program: Program) -> Visitor:
    return signed_in(program, Role.LEAD, name="Irena")


def decide(visitor: Visitor, reference: str, **fields: str) -> int:
    """The answer; where a page asks first, what answering it leads to."""
    visitor.get(f"/triage?selected={reference}")
    status = visitor.send(f"/triage/{reference}/decision", **fields).status_code
    return sure(visitor, f"/triage/{reference}/decision") if status == 200 else status


def sure(visitor: Visitor, action: str) -> int:
    assert "Is this the right one?" in visitor.text
    return visitor.send(action).status_code


def test_a_report_is_forwarded_and_what_is_wrong_is_said_at_its_field(
    program: Program, irena: Visitor
) -> None:
    irena.get("/triage/agencies")
    assert "No agencies yet" in irena.text
    irena.get("/triage/agencies/new")
    assert irena.send("/triage/agencies/new", name="Police").status_code == 422
    irena.send("/triage/agencies/new", name="Police", address="p@police.example", purpose="Crimes")
    assert "Police" in irena.follow().text
    report = a_report(program, "A fee by telephone, see http://fee.example/x").reference

    assert decide(irena, report, decision="forward", reason="A crime", words="Look.") == 422
    assert 'href="#to"' in irena.page
    assert "A crime" in irena.page
    assert decide(irena, report, decision="forward", to="agency:1", reason="Crime") == 303
    irena.get(f"/intake/{report}")
    assert "Forwarded to Police" in irena.text
    assert "hxxp[:]//fee[.]example/x" in irena.page


def test_links_merges_and_spam_from_the_pane(program: Program, irena: Visitor) -> None:
    one, other, third = (a_report(program, f"Mail {n}").reference for n in range(3))

    assert decide(irena, one, decision="link", link_to="INC-2020-0001") == 422
    assert "nothing with this reference that you may see" in irena.text
    assert decide(irena, one, decision="add", incident="INC-2020-0001") == 422
    assert "nothing with this reference that you may see" in irena.text
    assert decide(irena, one, decision="link", link_to=third.lower(), reason="Perhaps") == 303
    assert f"Remove the link to {third}" in irena.follow().text
    irena.send(f"/triage/{one}/unlink")
    assert "Remove the link" not in irena.follow().text

    assert decide(irena, one, decision="merge", leading="REP-2020-0001", reason="Same") == 422
    assert decide(irena, one, decision="merge", leading=one, reason="Same") == 422
    assert decide(irena, one, decision="merge", leading=other, reason="Same") == 303
    irena.get(f"/intake/{other}")
    irena.send(f"/triage/{one}/unmerge")
    assert "Save decision on" in irena.follow().text

    assert decide(irena, third, decision="spam") == 303
    irena.get("/triage?view=decided")
    assert "Spam" in irena.text


def test_a_typed_reference_acts_only_after_a_page_that_shows_what_it_names(
    program: Program, irena: Visitor
) -> None:
    wave, one, other = (a_report(program, text).reference for text in ("Parcel", "Fee", "Toll"))
    facts = {"classification": "fraud/phishing", "severity": "low", "tlp": "green"}
    assert decide(irena, wave, decision="accept", title="The wave", reason="Open", **facts) == 303
    incident = "INC-2026-0001"

    irena.get(f"/intake/{one}")
    assert irena.page.index('id="decision"') < irena.page.index('id="dialogue"')
    assert f"the reporter of {one}" in irena.text
    decision = f"/triage/{one}/decision"
    given = {"decision": "merge", "leading": other.lower(), "reason": "The same sender"}
    assert irena.send(decision, **given).status_code == 200
    assert f"{one} leaves the queue and shares the fate of {other} ." in irena.text
    assert f"This one leads {other} TLP:AMBER Toll Waiting" in irena.text
    assert "The same sender" in irena.text
    asked = irena.form(decision).fields
    assert irena.send(decision, back="1").status_code == 200
    assert irena.form(decision).fields["leading"] == [other.lower()]
    assert irena.form(decision).fields["reason"] == ["The same sender"]
    irena.get(f"/intake/{other}")
    assert "Merged into this one" not in irena.text

    # Another reference than the one that was shown is shown first, whoever changed it on the way.
    changed = {**asked, "leading": wave}
    assert irena.post(decision, changed).status_code == 200
    assert f"This one leads {wave}" in irena.text
    assert irena.send(decision).status_code == 303
    irena.follow()
    assert f"Merged into {wave} ." in irena.text

    assert decide(irena, other, decision="add", incident=incident) == 422
    irena.get(f"/intake/{other}")
    given = {"decision": "add", "incident": incident, "reason": "They agreed"}
    irena.send(f"/triage/{other}/decision", **given)
    assert f"{incident} TLP:GREEN The wave In progress" in irena.text
    assert "TLP:GREEN, less strict than the report, which is TLP:AMBER" in irena.text
    assert sure(irena, f"/triage/{other}/decision") == 303
    irena.follow()
    assert "Toll" in irena.text


def test_ticked_reports_are_added_after_the_incident_was_shown(
    program: Program, irena: Visitor
) -> None:
    reports = [a_report(program, f"Mail {n}").reference for n in range(3)]
    facts = {"classification": "fraud/phishing", "severity": "low", "tlp": "amber"}
    assert decide(irena, reports[0], decision="accept", title="The wave", **facts) == 303
    irena.get("/triage")
    irena.send("/triage/bulk", do="add", r=reports[1:])
    irena.follow()

    assert irena.send("/triage/bulk/1", target="INC-2020-0001").status_code == 422
    assert irena.send("/triage/bulk/1", target="INC-2026-0001").status_code == 200
    assert "2 reports are added to INC-2026-0001 ." in irena.text
    assert "The wave In progress" in irena.text
    assert sure(irena, "/triage/bulk/1") == 303
    irena.follow()
    assert "Done. 2 reports." in irena.text


def in_the_bin(program: Program, reference: str) -> None:
    """As it could be put there, although others are merged into it, before that was refused."""
    with program.work(CONSOLE) as work:
        incident = get_incident(work, reference)
        act = BinAct(
            kind=Binned.INCIDENT,
            row_id=incident.id,
            incident_id=incident.id,
            deleted_at=work.now,
            deleted_by="Irena",
            reason="Was a drill",
            reports={},
        )
        work.session.add(act)
        work.session.flush()
        incident.bin_id = act.id


def test_a_merge_into_what_was_deleted_since_keeps_its_reason_and_its_way_back(
    program: Program, irena: Visitor
) -> None:
    for title in ("One", "Two"):
        irena.get("/incidents/new")
        facts = {"classification": "fraud/phishing", "severity": "low", "tlp": "amber"}
        irena.send("/incidents/new", title=title, **facts)
    merge = "/incidents/INC-2026-0002/merge"
    irena.get(merge)
    assert irena.send(merge, leading="inc-2026-0001", reason="One sender").status_code == 200
    assert "INC-2026-0002 is closed as merged" in irena.text
    assert sure(irena, merge) == 303
    in_the_bin(program, "INC-2026-0001")

    irena.get("/incidents/INC-2026-0002")
    assert "Merged into INC-2026-0001 ." in irena.text
    assert "One sender" in irena.text
    assert "That one lies in the bin." in irena.text
    assert irena.send("/incidents/INC-2026-0002/unmerge").status_code == 303
    irena.follow()
    assert "In progress" in irena.text
    assert "Merged into" not in irena.text


def test_one_report_becomes_two_incidents(program: Program, irena: Visitor) -> None:
    report = a_report(program, "Two things at once").reference
    facts = {"classification": "fraud/phishing", "severity": "low", "tlp": "amber"}
    assert decide(irena, report, decision="accept", title="The first", **facts) == 303
    irena.get(f"/intake/{report}")

    assert (
        irena.send(f"/triage/{report}/split", decision="add", incident="INC-1").status_code == 422
    )
    irena.get(f"/intake/{report}")
    irena.send(f"/triage/{report}/split", decision="accept", title="The second", **facts)

    assert "The second" in irena.follow().text
    irena.get(f"/intake/{report}")
    assert "INC-2026-0001" in irena.text
    assert "INC-2026-0002" in irena.text


def test_bulk_by_forms(program: Program, irena: Visitor) -> None:
    reports = [a_report(program, f"Mail {n}").reference for n in range(3)]
    irena.get("/triage")
    assert irena.send("/triage/bulk", do="reject").status_code == 422
    assert "Tick at least one report" in irena.text
    irena.get("/triage")
    irena.send("/triage/bulk", do="reject", r=reports)
    irena.follow()
    assert irena.send("/triage/bulk/1").status_code == 422
    assert "Say why the report is rejected" in irena.text
    irena.send("/triage/bulk/1", reason="Advertising")
    irena.follow()
    assert "Done. 3 reports." in irena.text
    irena.send("/triage/bulk/1/undo")
    irena.follow()
    assert "All of them are back where they were" in irena.text
    assert signed_in(program, Role.LEAD, name="Lin").get("/triage/bulk/1").status_code == 404


def test_a_view_is_saved_shared_and_dropped(program: Program, irena: Visitor) -> None:
    a_report(program)
    irena.get("/triage?source=form&late=1&page=before.1.1")
    assert "No report fits these filters" in irena.text
    irena.get("/triage/views/new?source=form&late=1")
    assert irena.send("/triage/views/new", name=" ").status_code == 422
    irena.send("/triage/views/new", name="Late from the form", shared="1")
    assert irena.last is not None
    assert irena.last.headers["Location"] == "/triage?source=form&late=1"
    lin = signed_in(program, Role.TRIAGE, name="Lin")
    lin.get("/triage")
    assert "Late from the form" in lin.text
    irena.get("/triage/views/new")
    irena.send("/triage/views/1/drop")
    lin.get("/triage")
    assert "Late from the form" not in lin.text


def test_auditors_read_and_find_no_forms(program: Program, irena: Visitor) -> None:
    report = a_report(program).reference
    olga = signed_in(program, Role.AUDITOR, name="Olga")
    olga.get(f"/triage?selected={report}")

    assert 'name="do"' not in olga.page
    assert 'type="checkbox" name="r"' not in olga.page
    assert olga.get("/triage/views/new").status_code == 403
    assert olga.get("/triage/agencies/new").status_code == 403
    assert olga.get("/triage/agencies").status_code == 200


def test_the_page_after_a_decision_offers_to_take_it_back_to_those_who_may(
    program: Program, irena: Visitor
) -> None:
    report = a_report(program, "Cheap pills").reference
    assert decide(irena, report, decision="reject", reason="Advertising") == 303
    irena.follow()
    assert irena.form(f"/triage/{report}/undo")
    olga = signed_in(program, Role.AUDITOR, name="Olga")

    for visitor, asked in ((olga, report), (irena, "REP-2026-0999"), (irena, f"{report}x")):
        assert visitor.get(f"/triage?decided={asked}").status_code == 200
        assert "Undo this decision" not in visitor.text
    assert irena.get("/triage?decided=REP-2026-0001%00").status_code == 404
    irena.get(f"/triage?decided={report}")
    irena.send(f"/triage/{report}/undo")
    irena.get(f"/triage?decided={report}")
    assert "Undo this decision" not in irena.text


def test_a_report_by_telephone_brings_its_files(program: Program, irena: Visitor) -> None:
    irena.get("/triage/new")
    many = [(BytesIO(b"x"), f"{number}.txt") for number in range(6)]
    assert irena.send("/triage/new", text="A window", files=many).status_code == 422
    assert "at most 5 files" in irena.text
    large = (BytesIO(b"x" * (10 * 2**20 + 1)), "large.log")
    assert irena.send("/triage/new", text="A window", files=large).status_code == 422
    assert "larger than 10 MB" in irena.text
    assert "Choose your files once more" in irena.text
    assert 'href="#files"' in irena.page
    irena.send("/triage/new", text="A window", sector="telex")
    assert "Choose a sector of the list" in irena.text
    picture = (BytesIO(b"<svg onload=alert(1)>"), "what <i>they</i> saw.svg")
    assert irena.send("/triage/new", sector="water", files=picture).status_code == 303
    irena.get("/intake/REP-2026-0001")
    assert "what <i>they</i> saw.svg" in irena.text
    assert "Water" in irena.text
    assert irena.get("/intake/REP-2026-0001/files/1").data == b"<svg onload=alert(1)>"


def test_the_order_stands_in_the_address_and_in_saved_views(
    program: Program, irena: Visitor
) -> None:
    one, other = (a_report(program, f"Mail {number}").reference for number in range(2))
    irena.get("/triage?sort=newest&lane=nobody&sector=telex")
    assert irena.text.index(other) < irena.text.index(one)
    assert 'aria-sort="ascending"' in irena.page
    irena.get("/triage?view=likely&sort=urgent&sector=water&lane=operator")
    assert "No report fits these filters" in irena.text
    irena.get("/triage/views/new?view=likely&sort=urgent&sector=water&lane=operator")
    irena.send("/triage/views/new", name="Water")
    assert irena.last is not None
    assert irena.last.headers["Location"] == (
        "/triage?view=likely&sort=urgent&sector=water&lane=operator"
    )


def test_the_sector_is_set_on_the_page_of_the_report(program: Program, irena: Visitor) -> None:
    report = a_report(program).reference
    irena.get(f"/intake/{report}")
    assert irena.send(f"/triage/{report}/sector", sector="telex").status_code == 422
    irena.get(f"/intake/{report}")
    irena.send(f"/triage/{report}/sector", sector="energy")
    assert "Energy" in irena.follow().text
    irena.get("/triage?sector=energy")
    assert report in irena.text
