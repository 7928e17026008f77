"""Incidents on their way: no walk leaves the map, no close goes without its reason, times are kept as they should."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cirt.register import workflow
from cirt.register.closing.rules import NOTHING_HAPPENED, OpenEnd, Standing, open_ends
from cirt.register.errors import FactsMissing, ReasonMissing, TransitionRefused
from cirt.register.models import CloseReason, IncidentState
from cirt.register.workflow import IncidentFacts, Move

START = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
S = IncidentState

standings = st.builds(
    Standing,
    close_reason=st.none() | st.sampled_from(CloseReason),
    open_parts=st.lists(st.sampled_from(["INC-2026-0001", "INC-2026-0002"]), unique=True).map(
        tuple
    ),
    offered=st.integers(0, 3),
    has_score=st.booleans(),
    has_lesson=st.booleans(),
    counted=st.fixed_dictionaries({}, optional={"releases": st.integers(0, 2)}),
)


class OneIncident(RuleBasedStateMachine):
    """An incident that people push about as they like; what is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.state = S.OPEN
        self.has_owner = False
        self.is_final = False
        self.reason: CloseReason | None = None
        self.now = START
        self.times: dict[str, datetime | None] = dict.fromkeys(workflow.REACHED_AT.values())
        self.reached: list[tuple[IncidentState, datetime]] = []

    @rule(has_owner=st.booleans(), is_final=st.booleans())
    def edit(self, has_owner: bool, is_final: bool) -> None:
        self.has_owner, self.is_final = has_owner, is_final

    @rule(
        to=st.sampled_from(IncidentState),
        reason=st.sampled_from(["", "because"]),
        close_reason=st.none() | st.sampled_from(CloseReason),
    )
    def push(self, to: IncidentState, reason: str, close_reason: CloseReason | None) -> None:
        self.now += timedelta(minutes=1)
        kind = ("fraud", "phishing") if self.is_final else ("other", "undetermined")
        facts = IncidentFacts(self.state, *kind, self.has_owner)
        try:
            workflow.check_move(facts, Move(to, reason, close_reason))
        except (TransitionRefused, FactsMissing, ReasonMissing):
            return
        assert to in workflow.INCIDENT_NEXT[self.state]
        assert to is not S.CLOSED or (self.has_owner and self.is_final and reason)
        self.times.update(workflow.times_after(self.times, self.state, to, self.now))
        self.state, self.reason = to, close_reason if to is S.CLOSED else None
        self.reached.append((to, self.now))

    @precondition(lambda self: self.state is S.CLOSED)
    @rule()
    def reopen(self) -> None:
        self.push(S.OPEN, "It came back", None)
        assert self.state is S.OPEN

    @invariant()
    def a_closed_one_has_its_reason_and_its_time(self) -> None:
        is_closed = self.state is S.CLOSED
        assert (self.reason is not None) is is_closed
        assert (self.times["closed_at"] is not None) is is_closed

    @invariant()
    def the_first_time_stays_or_the_last_counts(self) -> None:
        for state, column in workflow.REACHED_AT.items():
            moments = [at for reached, at in self.reached if reached is state]
            if state is S.CLOSED:
                continue
            expected = moments and moments[-1 if state in workflow.LAST_COUNTS else 0]
            assert self.times[column] == (expected or None)


TestOneIncident = OneIncident.TestCase


@given(standings)
def test_what_did_not_happen_needs_no_score_and_no_lesson(standing: Standing) -> None:
    codes = {end.code for end in open_ends(standing)}

    if standing.close_reason in NOTHING_HAPPENED:
        assert codes.isdisjoint({"score", "lesson"})
    else:
        assert ("score" in codes) is not standing.has_score
        assert ("lesson" in codes) is not standing.has_lesson


@given(standings, standings)
def test_what_was_not_seen_is_never_passed_over(seen: Standing, now: Standing) -> None:
    """The keys that a page showed cover what stands open later only where it is the same."""
    keys = {end.key for end in open_ends(seen)}

    for end in open_ends(now):
        if end.key in keys:
            assert _same(end, open_ends(seen))


def _same(end: OpenEnd, others: Sequence[OpenEnd]) -> bool:
    return any(
        (end.code, end.count, end.incidents) == (each.code, each.count, each.incidents)
        for each in others
    )


@given(standings)
def test_everything_open_is_named_once(standing: Standing) -> None:
    codes = [end.code for end in open_ends(standing)]

    assert len(codes) == len(set(codes))
    assert ("parts" in codes) is bool(standing.open_parts)
    assert ("observables" in codes) is bool(standing.offered)
    assert ("releases" in codes) is bool(standing.counted.get("releases"))
