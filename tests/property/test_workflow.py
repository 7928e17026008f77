"""The state machines of reports and incidents, over every state, every wish and long walks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cirt.register import rsit, workflow
from cirt.register.errors import (
    FactsMissing,
    ReasonMissing,
    RejectionNeedsReason,
    TransitionRefused,
)
from cirt.register.models import CloseReason, IncidentState, ReportState
from cirt.register.workflow import IncidentFacts, Move

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)

classes = st.sampled_from([(c.code, t) for c in rsit.CLASSES.values() for t in (None, *c.types)])
facts = st.builds(
    lambda state, rsit_pair, has_owner: IncidentFacts(state, rsit_pair[0], rsit_pair[1], has_owner),
    st.sampled_from(IncidentState),
    classes,
    st.booleans(),
)
moves = st.builds(
    Move,
    st.sampled_from(IncidentState),
    st.sampled_from(["", " ", "because"]),
    st.none() | st.sampled_from(CloseReason),
)


def attempt(given_facts: IncidentFacts, move: Move) -> type[Exception] | None:
    try:
        workflow.check_move(given_facts, move)
    except (TransitionRefused, FactsMissing, ReasonMissing) as refusal:
        return type(refusal)
    return None


@given(facts, moves)
def test_only_ways_of_the_table_are_gone(given_facts: IncidentFacts, move: Move) -> None:
    if attempt(given_facts, move) is None:
        assert move.to in workflow.INCIDENT_NEXT[given_facts.state]


@given(facts, moves)
def test_nothing_closes_without_both_reasons_and_a_final_class(
    given_facts: IncidentFacts, move: Move
) -> None:
    if move.to is IncidentState.CLOSED and attempt(given_facts, move) is None:
        assert move.close_reason is not None
        assert move.reason.strip()
        assert (given_facts.rsit_class, given_facts.rsit_type) != rsit.NOT_FINAL
        is_solved = move.close_reason is CloseReason.SOLVED
        assert not is_solved or given_facts.state is IncidentState.RESOLVED


@given(facts, moves)
def test_progress_needs_an_owner(given_facts: IncidentFacts, move: Move) -> None:
    progress = {IncidentState.CONTAINED, IncidentState.ERADICATED, IncidentState.RESOLVED}
    if move.to in progress and attempt(given_facts, move) is None:
        assert given_facts.has_owner


@given(facts)
def test_a_page_offers_just_what_would_be_let_through(given_facts: IncidentFacts) -> None:
    for step in workflow.steps(given_facts):
        reason = "because" if step.needs_reason else ""
        close = workflow.close_reasons(given_facts.state)[0]
        close_reason = close if step.to is IncidentState.CLOSED else None
        refusal = attempt(given_facts, Move(step.to, reason, close_reason))
        assert refusal is (FactsMissing if step.missing else None)


@given(st.lists(moves, max_size=30))
def test_no_walk_ends_in_a_state_without_a_way_on_or_loses_the_way_to_closed(
    walk: Sequence[Move],
) -> None:
    state = IncidentState.OPEN
    for move in walk:
        here = IncidentFacts(state, "fraud", "phishing", has_owner=True)
        if attempt(here, move) is None:
            state = move.to

    reached, frontier = {state}, [state]
    while frontier:
        for after in workflow.INCIDENT_NEXT[frontier.pop()]:
            if after not in reached:
                reached.add(after)
                frontier.append(after)
    assert reached == set(IncidentState)


def test_the_ways_are_those_of_the_handling_standard() -> None:
    ways = {
        (before.value, after.value)
        for before, afters in workflow.INCIDENT_NEXT.items()
        for after in afters
    }

    assert ways == {
        ("open", "contained"),
        ("open", "waiting"),
        ("open", "closed"),
        ("waiting", "open"),
        ("waiting", "contained"),
        ("waiting", "closed"),
        ("contained", "eradicated"),
        ("contained", "open"),
        ("contained", "closed"),
        ("eradicated", "resolved"),
        ("eradicated", "open"),
        ("resolved", "closed"),
        ("resolved", "open"),
        ("closed", "open"),
    }


@given(st.sampled_from(ReportState), st.sampled_from(ReportState))
def test_a_decided_report_is_never_decided_again_without_an_undo(
    before: ReportState, after: ReportState
) -> None:
    try:
        workflow.check_report(before, after)
    except TransitionRefused:
        return
    assert not (before in workflow.DECIDED and after in workflow.DECIDED)
    assert before is not after


@given(st.sampled_from(ReportState), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_an_undo_leads_back_to_waiting_within_a_day_only(
    state: ReportState, age: timedelta
) -> None:
    if workflow.can_undo(state, NOW - age, NOW):
        assert age <= timedelta(days=1)
        for back in workflow.WAITING:
            workflow.check_report(state, back)
    assert not workflow.can_undo(state, None, NOW)


@given(st.text(alphabet=" \n\t\u3000", max_size=5))
def test_a_rejection_for_no_reason_is_refused(blank: str) -> None:
    try:
        workflow.check_rejection(blank)
    except RejectionNeedsReason:
        return
    raise AssertionError("a blank reason was taken")
