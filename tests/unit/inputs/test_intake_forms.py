"""Forms of the counter and of the desk's intake: untrusted mappings become commands, or sentences beside their fields."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cirt.inputs import intake as forms
from cirt.inputs.base import CommandInput
from cirt.kernel.errors import FieldsInvalid
from cirt.kernel.tlp import Tlp
from cirt.register.commands import SentFile, TakeReport
from cirt.register.models import Affected, Lane, ReportSource, Speaker

ALL = (
    forms.TakeReportInput,
    forms.EnterReportInput,
    forms.AskStatusInput,
    forms.TakeAnswerInput,
    forms.AskReporterInput,
    forms.NoteAnswerInput,
    forms.MarkReadInput,
)


def problems(form: CommandInput[Any], given_fields: Any, **known: Any) -> dict[str, list[str]]:
    with pytest.raises(FieldsInvalid) as refusal:
        form.read(given_fields, **known)
    return dict(refusal.value.errors)


def test_the_public_form_keeps_the_text_to_the_letter() -> None:
    text = " \r\nline\x00\u202e<script> \r\n"

    cmd = forms.TakeReportInput().read({"text": text}, source=ReportSource.FORM)

    assert cmd == TakeReport(text)


@pytest.mark.parametrize(
    ("given_fields", "files", "field"),
    [
        ({"text": " "}, (), "text"),
        ({}, (), "text"),
        ({"text": "x" * (1024 * 1024 + 1)}, (), "text"),
        ({"text": "é" * (600 * 1024)}, (), "text"),
        ({"text": "x", "contact": "me at home"}, (), "contact"),
        ({"text": "x", "tlp": "red"}, (), "tlp"),
        ({"text": "x", "lane": "spam "}, (), "lane"),
        ({"text": "x", "who": ""}, (), "who"),
        ({"text": "x", "who": "other"}, (), "on_behalf_of"),
        ({"text": "x", "on_behalf_known": "perhaps"}, (), "on_behalf_known"),
        ({"text": "x", "began": "yesterday"}, (), "began"),
        ({"text": "x", "began": "2026-02-30"}, (), "began"),
        ({"text": "x", "affected": ["office", "moon"]}, (), "affected"),
        ({"text": "x", "came_at": "2026-11-18T09:10"}, (), "came_at"),
        ({"text": "x", "reporter": "a\nb"}, (), "reporter"),
        ({"text": "x", "organisation": "a\0b"}, (), "organisation"),
        ({"text": "x"}, (SentFile("a", "b/c", b""),) * 6, "files"),
        ({"text": "x"}, (SentFile("a", "b/c", b"0" * (10 * 1024 * 1024 + 1)),), "files"),
    ],
)
def test_the_public_form_says_what_to_fix(
    given_fields: dict[str, str], files: tuple[SentFile, ...], field: str
) -> None:
    found = problems(forms.TakeReportInput(), given_fields, files=files)

    assert found.keys() == {field}


@pytest.mark.parametrize("contact", ["a@b.example", "+41 44 123 45 67", "", "(555) 0100"])
def test_a_contact_is_a_mail_address_or_a_phone_number(contact: str) -> None:
    assert forms.TakeReportInput().read({"text": "x", "contact": contact}).contact == contact


def test_what_is_passed_over_on_the_public_form_is_not_said() -> None:
    empty = {"lane": "", "ongoing": "", "began": "", "on_behalf_of": "", "on_behalf_known": ""}

    assert forms.TakeReportInput().read({"text": "x", **empty}) == TakeReport("x")


def test_the_questions_of_the_public_form_are_read() -> None:
    given_fields = {
        "text": "x",
        "lane": "operator",
        "who": "other",
        "on_behalf_of": "Harbour Water",
        "on_behalf_known": "no",
        "ongoing": "yes",
        "began": "2026-11-18",
        "affected": ["service", "office", "service"],
    }

    assert forms.TakeReportInput().read(given_fields) == TakeReport(
        "x",
        lane=Lane.OPERATOR,
        who=Speaker.OTHER,
        on_behalf_of="Harbour Water",
        on_behalf_known=False,
        ongoing=True,
        began=date(2026, 11, 18),
        affected=(Affected.SERVICE, Affected.OFFICE),
    )


def test_whoever_stays_anonymous_may_leave_half_a_contact_behind() -> None:
    """Where styles hide the field nobody could mend it."""
    forms.TakeReportInput().read({"text": "x", "who": "nobody", "contact": "me at home"})


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", None),
        ("2026-11-18T09:10", datetime(2026, 11, 18, 9, 10, tzinfo=UTC)),
        ("2026-11-18T09:10+02:00", datetime(2026, 11, 18, 7, 10, tzinfo=UTC)),
    ],
)
def test_the_time_of_a_call_is_utc_unless_it_says_otherwise(
    typed: str, read: datetime | None
) -> None:
    assert forms.EnterReportInput().read({"text": "x", "came_at": typed}).came_at == read


def test_the_desk_may_mark_what_it_writes_down_as_red() -> None:
    assert forms.EnterReportInput().read({"text": "x", "tlp": "red"}).tlp is Tlp.RED


@given(
    st.sampled_from(ALL),
    st.dictionaries(
        st.sampled_from(["text", "lane", "who", "began", "came_at", "affected", "upto", "tlp"]),
        st.one_of(st.text(max_size=30), st.lists(st.text(max_size=5), max_size=3), st.none()),
    ),
)
def test_whatever_is_sent_is_read_or_refused_with_sentences(
    form: type[CommandInput[Any]], given_fields: dict[str, Any]
) -> None:
    sentences: list[str] = []
    try:
        form().read(given_fields)
    except FieldsInvalid as refusal:
        sentences = [said for found in refusal.errors.values() for said in found]

    assert all(said.endswith(".") for said in sentences)
