"""Forms of the register: untrusted mappings become commands, or sentences beside their fields."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.inputs import facts
from cirt.inputs import register as forms
from cirt.inputs.base import CommandInput
from cirt.inputs.checking import CheckOfferedInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.tlp import Tlp
from cirt.objects.observables.kinds import Kind
from cirt.register.checking.commands import Ruling, Rulings
from cirt.register.commands import (
    AcceptReport,
    ChangeState,
    Promote,
)
from cirt.register.models import CloseReason, IncidentState, Severity

ACCEPT = {
    "version": "3",
    "title": " Lure ",
    "rsit_class": "fraud",
    "rsit_type": "",
    "severity": "high",
    "tlp": "TLP:AMBER+STRICT",
    "mine": "1",
}
ALL = [
    one
    for one in {**vars(forms), **vars(facts)}.values()
    if isinstance(one, type) and issubclass(one, CommandInput) and hasattr(one, "command")
]
ADDED = ("reference", "incident", "note_id", "party_id", "observable_id")  # by the edge


def problems(form: CommandInput[Any], given_fields: dict[str, Any], **known: Any) -> dict[str, Any]:
    with pytest.raises(FieldsInvalid) as refusal:
        form.read(given_fields, **known)
    assert refusal.value.kept == given_fields
    return dict(refusal.value.errors)


def test_a_form_becomes_a_command_with_what_the_edge_adds() -> None:
    cmd = forms.AcceptReportInput().read(ACCEPT, reference="REP-2026-0001")

    assert cmd == AcceptReport(
        reference="REP-2026-0001",
        version=3,
        title="Lure",
        rsit_class="fraud",
        rsit_type=None,
        severity=Severity.HIGH,
        tlp=Tlp.AMBER_STRICT,
        reason="",
        mine=True,
    )


def test_every_field_that_is_wrong_gets_its_sentence_and_the_rest_is_kept() -> None:
    given_fields = {
        "version": "x",
        "title": " ",
        "severity": "awful",
        "tlp": "pink",
        "rsit_class": "",
    }

    found = problems(forms.AcceptReportInput(), given_fields, reference="REP-2026-0001")

    assert found.keys() == given_fields.keys()
    assert found["title"] == ["Enter a title: what happened, and to whom."]
    assert all(one.endswith(".") for sentences in found.values() for one in sentences)


def test_an_unknown_field_is_refused() -> None:
    found = problems(forms.AcceptReportInput(), {**ACCEPT, "owner": "1"}, reference="R")

    assert found.keys() == {"owner"}


def test_a_type_of_another_class_is_refused_beside_its_field() -> None:
    found = problems(forms.AcceptReportInput(), {**ACCEPT, "rsit_type": "ddos"}, reference="R")

    assert found.keys() == {"rsit_type"}


def test_what_is_said_of_rows_kinds_and_all_is_one_ruling() -> None:
    form = CheckOfferedInput()
    said = {"all": "later", "kind-url": "dismiss", "kind-md5": "", "do-7": "confirm"}

    cmd = form.read({"upto": "9", "rulings": said}, incident="INC-2026-0001")

    assert cmd.rulings == Rulings(Ruling.LATER, {Kind.URL: Ruling.IGNORE}, {7: Ruling.KEEP})
    assert cmd.rulings.of(Kind.URL, 8) is Ruling.IGNORE
    for wrong in ({"all": "x"}, {"kind-x": "later"}, {"do-x": "later"}, {"do-1": "x"}):
        found = problems(form, {"upto": "9", "rulings": wrong}, incident="x")
        assert found.keys() == {"rulings"}


def test_a_change_of_state_takes_its_reasons_where_they_are_given() -> None:
    given_fields = {"version": "1", "to": "closed", "reason": "done", "close_reason": "solved"}

    cmd = forms.ChangeStateInput().read(given_fields, reference="INC-2026-0001")

    assert cmd == ChangeState("INC-2026-0001", 1, IncidentState.CLOSED, "done", CloseReason.SOLVED)
    given_fields = {"version": "1", "to": "open", "close_reason": ""}
    assert forms.ChangeStateInput().read(given_fields, reference="x").close_reason is None


def test_a_last_day_ends_with_its_night() -> None:
    given_fields = {
        "observable_ids": ["4"],
        "tlp": "green",
        "valid_until": "2026-12-18",
        "valid_days": "",
        "indicator_type": "malicious-activity",
        "confidence": "70",
    }

    cmd = forms.PromoteInput().read(given_fields, incident="INC-2026-0001")

    assert cmd == Promote(
        "INC-2026-0001",
        (4,),
        Tlp.GREEN,
        valid_until=datetime(2026, 12, 19, tzinfo=UTC),
        personal=False,
        confidence=70,
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_until": "soon"}, "valid_until"),
        ({"valid_until": "9999-12-31"}, "valid_until"),
        ({"valid_until": "2026-12-18", "valid_days": "3"}, "valid_until"),
        ({"valid_days": "0"}, "valid_days"),
        ({"confidence": "101"}, "confidence"),
        ({"indicator_type": "nonsense"}, "indicator_type"),
        ({"observable_ids": []}, "observable_ids"),
    ],
)
def test_settings_of_indicators_that_do_not_hold_are_refused(
    changes: dict[str, Any], field: str
) -> None:
    given_fields = {"observable_ids": "4", "tlp": "green", "indicator_type": "unknown", **changes}

    assert problems(forms.PromoteInput(), given_fields, incident="x").keys() == {field}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("form", ALL)
@given(data=st.data())
def test_whatever_is_sent_gives_a_command_or_sentences(
    form: type[CommandInput[Any]], data: st.DataObject
) -> None:
    names = [*form().fields, "stray"]
    given_fields = data.draw(st.dictionaries(st.sampled_from(names), anything))
    names_of_command = {field.name for field in fields(form.command)}
    known: dict[str, str] = {name: "x" for name in ADDED if name in names_of_command}
    known = {name: value for name, value in known.items() if name not in form().fields}

    result = _command_or_errors(form(), given_fields, known)

    if isinstance(result, dict):
        assert result
        assert all(isinstance(s, str) and s for found in result.values() for s in found)
    else:
        assert isinstance(result, form.command)


def _command_or_errors(
    form: CommandInput[Any], given_fields: dict[str, Any], known: dict[str, str]
) -> Any:
    try:
        return form.read(given_fields, **known)
    except FieldsInvalid as refusal:
        return dict(refusal.errors)
