"""The further facts of an incident: classes, sectors, countries, PAP, priority, severity by score."""

from dataclasses import replace

import pytest

from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import EditFacts
from cirt.register.errors import ClassUnknown, IncidentChanged
from cirt.register.facts.commands import MoreFacts
from cirt.register.facts.errors import (
    CountryUnknown,
    PriorityNeedsReason,
    SectorUnknown,
    SeverityNeedsReason,
)
from cirt.register.facts.kinds import Pap, Priority
from cirt.register.models import EntryKind, Incident, Severity
from cirt.register.overview import overview
from cirt.register.queries import IncidentFilter
from cirt.register.severity.commands import ScoreSeverity
from cirt.register.severity.errors import AnswersMissing
from cirt.register.severity.queries import scores_of
from cirt.register.severity.table import table
from tests.support.register import a_person, an_incident
from tests.unit.register.test_severity import EXAMPLE

MORE = MoreFacts(
    classes=("malicious-code/infected-system",),
    sectors=("water",),
    countries=("KE", "TZ"),
    pap=Pap.GREEN,
    is_cross_border=True,
)


def facts(incident: Incident, **changes: object) -> EditFacts:
    names = ("title", "rsit_class", "rsit_type", "severity", "tlp", "owner_id")
    given = {name: getattr(incident, name) for name in names}
    return EditFacts(incident.reference, incident.version, **{**given, **changes})


def score(incident: Incident, **changes: object) -> ScoreSeverity:
    given = {"answers": EXAMPLE, **changes}
    return ScoreSeverity(incident.reference, incident.version, **given)  # type: ignore[arg-type]


def test_further_facts_are_kept_told_and_taken_off_again(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)
    with program.work(tomas) as work:
        incident = service.edit_facts(work, facts(incident, more=MORE))
        shown = overview(work, incident)
        entry = queries.timeline(work, incident.reference).rows[0]
    with program.work(tomas) as work:
        less = replace(MORE, classes=(), countries=("KE",))
        incident = service.edit_facts(work, facts(incident, more=less))
        left = overview(work, incident)
    with program.work(tomas) as work:
        version = service.edit_facts(work, facts(incident, more=less)).version

    assert shown.classes == ["malicious-code/infected-system"]
    assert (shown.sectors, shown.countries) == (["water"], ["KE", "TZ"])
    assert (incident.pap, incident.is_cross_border) == (Pap.GREEN, True)
    assert entry.kind is EntryKind.FACTS
    assert entry.values["fields"] == ["classes", "sectors", "countries", "pap", "is_cross_border"]
    assert (left.classes, left.countries) == ([], ["KE"])
    assert version == incident.version  # nothing changed


def test_a_form_without_them_leaves_them_as_they_are(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, more=MORE)

    with program.work(tomas) as work:
        incident = service.edit_facts(work, facts(incident, title="Another title"))
        shown = overview(work, incident)

    assert shown.countries == ["KE", "TZ"]
    assert incident.pap is Pap.GREEN


def test_what_becomes_the_primary_class_is_no_further_one(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, more=MORE)

    with program.work(tomas) as work:
        primary = {"rsit_class": "malicious-code", "rsit_type": "infected-system", "more": MORE}
        incident = service.edit_facts(work, facts(incident, **primary))
        shown = overview(work, incident)

    assert shown.classes == []


def test_codes_that_no_list_has_are_refused_by_name(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas)

    for wrong, refusal in (
        (MoreFacts(classes=("fraud/ddos",)), ClassUnknown),
        (MoreFacts(sectors=("castles",)), SectorUnknown),
        (MoreFacts(countries=("UK",)), CountryUnknown),
        (MoreFacts(priority=Priority.LATER), PriorityNeedsReason),
    ):
        with pytest.raises(refusal), program.work(tomas) as work:
            service.edit_facts(work, facts(incident, more=wrong))
    with program.work(tomas, write=False) as work:
        assert queries.incident_view(work, incident.reference).incident.version == 1


def test_priority_follows_severity_and_sectors_until_somebody_says_otherwise(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, severity=Severity.MEDIUM)
    seen = [incident.priority]

    def edit(**changes: object) -> None:
        nonlocal incident
        with program.work(tomas) as work:
            incident = service.edit_facts(work, facts(incident, **changes))
        seen.append(incident.priority)

    edit(more=MORE)
    edit(severity=Severity.CRITICAL)
    edit(more=replace(MORE, priority=Priority.LATER), reason="Handled by the supplier")
    edit(severity=Severity.HIGH)
    edit(more=MORE)

    assert seen == [3, 2, 1, 4, 4, 1]


def test_the_list_is_filtered_by_borders_and_ordered_by_priority_page_by_page(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    low, high, far = (
        an_incident(program, tomas, severity=severity, more=MoreFacts(is_cross_border=crosses))
        for severity, crosses in (
            (Severity.LOW, False),
            (Severity.CRITICAL, False),
            (Severity.HIGH, True),
        )
    )
    in_order = [high.reference, far.reference, low.reference]

    with program.work(tomas, write=False) as work:

        def shown(wanted: IncidentFilter, cursor: str | None = None) -> list[str]:
            page = queries.incidents(work, wanted, cursor=cursor, limit=2)
            pages.append(page)
            return [row.reference for row in page.rows]

        pages: list[queries.Page[queries.IncidentRow]] = []
        by_priority = IncidentFilter(by_priority=True)
        first = shown(by_priority)
        second = shown(by_priority, pages[0].after)
        back = shown(by_priority, pages[1].before)
        assert [first, second, back] == [in_order[:2], in_order[2:], in_order[:2]]
        assert shown(IncidentFilter(is_cross_border=True)) == [far.reference]
        assert set(shown(IncidentFilter(is_cross_border=False))) == {low.reference, high.reference}
        assert [row.reference for row in queries.next_in_line(work)] == in_order


def test_a_score_sets_the_severity_and_all_scores_are_kept(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, severity=Severity.HIGH)
    worst = {c.code: max(c.options, key=c.options.__getitem__) for c in table().categories}

    for answers in (EXAMPLE, worst):
        with program.work(tomas) as work:
            service.score_severity(work, score(incident, answers=answers))
            incident = queries.incident_view(work, incident.reference).incident

    with program.work(tomas, write=False) as work:
        newest, first = scores_of(work, incident.id)
        entries = queries.timeline(work, incident.reference).rows
    assert (first.tenths, first.level, first.proposed) == (398, "low", Severity.LOW)
    assert (first.table_version, first.actor) == (table().version, "Tomas")
    assert sum(line["weight"] * line["value"] for line in first.lines) == 1550
    assert (newest.tenths, incident.severity, incident.priority) == (1000, Severity.CRITICAL, 1)
    assert [entry.kind for entry in entries[:2]] == [EntryKind.SCORED] * 2
    assert entries[1].values["score"] == "39.8"


def test_another_severity_than_the_score_says_why(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    incident = an_incident(program, tomas, severity=Severity.HIGH)

    with pytest.raises(SeverityNeedsReason, match="Low"), program.work(tomas) as work:
        service.score_severity(work, score(incident, severity=Severity.HIGH))
    with program.work(tomas) as work:
        taken = score(incident, severity=Severity.HIGH, reason="More victims will come")
        kept = service.score_severity(work, taken)
        incident = queries.incident_view(work, incident.reference).incident
    with pytest.raises(SeverityNeedsReason), program.work(tomas) as work:
        service.edit_facts(work, facts(incident, severity=Severity.CRITICAL))
    with program.work(tomas) as work:
        back = service.edit_facts(work, facts(incident, severity=Severity.LOW))

    assert (kept.proposed, kept.severity) == (Severity.LOW, Severity.HIGH)
    assert back.severity is Severity.LOW


def test_a_score_that_does_not_hold_changes_nothing(program: Program) -> None:
    tomas, nia = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Nia", Role.AUDITOR)
    incident = an_incident(program, tomas)

    for actor, wrong, refusal in (
        (tomas, score(incident, answers={"actor": "criminal"}), AnswersMissing),
        (tomas, replace(score(incident), version=7), IncidentChanged),
        (nia, score(incident), NotAllowed),
    ):
        with pytest.raises(refusal), program.work(actor) as work:
            service.score_severity(work, wrong)
    with program.work(tomas, write=False) as work:
        assert scores_of(work, incident.id) == []
        assert queries.incident_view(work, incident.reference).incident.tlp is Tlp.AMBER
