"""Playbooks: applied without doubles, changed by leads, set back to what is included."""

import pytest

from cirt.kernel.errors import NotAllowed
from cirt.kernel.program import Program
from cirt.parties.roles import Role
from cirt.register.phases import Phase
from cirt.register.playbooks.commands import (
    AddPlaybook,
    ApplyPlaybook,
    EditPlaybook,
    RestorePlaybook,
)
from cirt.register.playbooks.included import INCLUDED
from cirt.register.playbooks.rules import Step, Steps
from cirt.register.playbooks.service import (
    NoSuchPlaybook,
    PlaybookChanged,
    add_playbook,
    apply_playbook,
    edit_playbook,
    fitting,
    history_of,
    playbook,
    playbooks,
    restore_playbook,
)
from cirt.register.tasks.queries import tasks_of
from tests.support.browse import signed_in
from tests.support.register import a_person, an_incident

SHORT = Steps("Ours", ("fraud",), (Step(Phase.CONTAIN, "Call the bank"),))


def test_what_is_on_the_list_is_not_added_again(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    reference = an_incident(program, tomas).reference

    added = []
    for slug in ("phishing", "phishing", "fraud"):
        with program.work(tomas) as work:
            added.append(apply_playbook(work, ApplyPlaybook(reference, slug)))

    with program.work(tomas, write=False) as work:
        tasks = tasks_of(work, reference)
    phishing, fraud = (INCLUDED[slug].steps for slug in ("phishing", "fraud"))
    shared = {step.key for step in phishing} & {step.key for step in fraud}
    assert shared
    assert added == [len(phishing), 0, len(fraud) - len(shared)]
    assert len({task.title for task in tasks}) == len(tasks) == sum(added)
    first = tasks[0]
    assert (first.playbook, first.playbook_version, first.phase) == ("phishing", 0, Phase.IDENTIFY)
    assert first.due_at == program.clock.now() + phishing[0].due  # type: ignore[operator]  # it has one


def test_a_lead_changes_one_and_incidents_keep_the_version_they_had(program: Program) -> None:
    irena, tomas = a_person(program, "Irena", Role.LEAD), a_person(program, "Tomas", Role.HANDLER)
    one, other = (an_incident(program, tomas).reference for _ in range(2))
    with program.work(tomas) as work:
        apply_playbook(work, ApplyPlaybook(one, "phishing"))
    with program.work(irena) as work:
        edit_playbook(work, EditPlaybook("phishing", 0, SHORT))
        apply_playbook(work, ApplyPlaybook(other, "phishing"))
    with program.work(irena, write=False) as work:
        versions = [{t.playbook_version for t in tasks_of(work, each)} for each in (one, other)]
        changed = playbook(work, "phishing")
    with program.work(irena) as work:
        restore_playbook(work, RestorePlaybook("phishing", 1))
    with program.work(irena, write=False) as work:
        back, history = playbook(work, "phishing"), history_of(work, "phishing")

    assert versions == [{0}, {1}]
    assert (changed.content, changed.version, changed.is_changed) == (SHORT, 1, True)
    assert (back.content, back.version, back.is_changed) == (INCLUDED["phishing"], 2, False)
    assert [(one.version, one.content) for one in history] == [(2, None), (1, SHORT)]


def test_of_two_leads_the_second_is_told(program: Program) -> None:
    irena, amina = (a_person(program, name, Role.LEAD) for name in ("Irena", "Amina"))
    with program.work(irena) as work:
        edit_playbook(work, EditPlaybook("ddos", 0, SHORT))

    with pytest.raises(PlaybookChanged, match="Irena"), program.work(amina) as work:
        edit_playbook(work, EditPlaybook("ddos", 0, SHORT))


def test_the_best_fit_comes_first_and_what_is_not_offered_not_at_all(program: Program) -> None:
    irena = a_person(program, "Irena", Role.LEAD)
    with program.work(irena) as work:
        slug = add_playbook(work, AddPlaybook(SHORT))
        before = [view.slug for view in fitting(work, "fraud", "phishing")]
        edit_playbook(work, EditPlaybook(slug, 1, SHORT, offered=False))
        after = [view.slug for view in fitting(work, "fraud", "phishing")]
        known = [view.slug for view in playbooks(work)]

    assert before == ["phishing", "fraud", slug]
    assert after == ["phishing", "fraud"]
    assert known == [*INCLUDED, slug]


def test_handlers_apply_them_and_change_none(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    reference = an_incident(program, tomas).reference

    with pytest.raises(NotAllowed), program.work(tomas) as work:
        add_playbook(work, AddPlaybook(SHORT))
    with pytest.raises(NotAllowed), program.work(tomas) as work:
        edit_playbook(work, EditPlaybook("ddos", 0, SHORT))
    with pytest.raises(NoSuchPlaybook), program.work(tomas) as work:
        apply_playbook(work, ApplyPlaybook(reference, "no-such"))


def test_an_incident_begins_with_the_playbook_of_its_kind(program: Program) -> None:
    visitor = signed_in(program, Role.HANDLER)
    visitor.get("/incidents/new")
    facts = {"title": "Fake bank", "classification": "fraud/phishing", "severity": "high"}

    visitor.send("/incidents/new", **facts)
    visitor.follow()
    assert f"0 / {len(INCLUDED['phishing'].steps)}" in visitor.text
    visitor.get("/incidents/new")
    form = visitor.form("/incidents/new")
    del form.fields["playbook"]
    visitor.post("/incidents/new", {**form.fields, **facts})
    visitor.follow()

    assert "No tasks yet" in visitor.text


def test_the_form_of_a_playbook_says_what_is_wrong_and_keeps_the_text(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD)
    visitor.get("/playbooks/new")

    answer = visitor.send("/playbooks/new", title="")
    assert answer.status_code == 422
    assert "Give the playbook a title" in visitor.text
    answer = visitor.send("/playbooks/new", title="Ours", identify="x" * 301, fits="no/such")
    assert answer.status_code == 422
    for words in ("longer than 300", "from the list"):
        assert words in visitor.text
    assert "x" * 301 in visitor.page
    visitor.send("/playbooks/new", title="Ours", identify="2 h: Call the bank", fits="fraud")
    visitor.follow()
    assert "Call the bank within 2 h" in visitor.text
    assert visitor.get("/playbooks/phishing?version=5").status_code == 404
    assert visitor.get("/playbooks/none").status_code == 404


def test_an_included_playbook_is_changed_and_set_back_on_its_page(program: Program) -> None:
    visitor = signed_in(program, Role.LEAD)
    visitor.get("/playbooks/test/edit")
    visitor.send("/playbooks/test/edit", learn="Think")
    visitor.follow()
    assert "Version 1" in visitor.text
    stale = visitor.get("/playbooks/test/edit")
    form = visitor.form("/playbooks/test/edit").fields
    visitor.get("/playbooks/test")
    visitor.send("/playbooks/test/restore")
    visitor.follow()
    assert "Version 2" in visitor.text
    assert "Hold a short review" in visitor.text

    answer = visitor.post("/playbooks/test/edit", {**form, "title": "What I typed"})

    assert stale.status_code == 200
    assert answer.status_code == 409
    assert "What I typed" in visitor.page
