"""The rules in SQL give what the rules in Python give, on real databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.factsets import FactSet, ids_of
from cirt.objects.models import ObjectFacts
from cirt.sharing.facts import (
    Facts,
    NamedReader,
    PeerReader,
    PublicReader,
    Recipient,
    StaffReader,
    Terms,
)
from cirt.sharing.gate import allowed_facts
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.sharing.narrow import visible_facts
from cirt.sharing.rules import decide
from cirt.sharing.standing import FACTS, facts_of
from tests.support.sharing import NOW
from tests.support.store import a_peer

TYPES = ("indicator", "malware", "identity", "marking-definition")
SECTORS = ("energy", "water")
CREATORS = ("identity--b", "identity--c")
KINDS = st.sampled_from(["published", "shared", "inbox", None])


@st.composite
def fact_sets(draw: DrawFn, peers: tuple[int, int]) -> FactSet:
    origin_id = draw(st.sampled_from([None, *peers]))
    return FactSet(
        type=draw(st.sampled_from(TYPES)),
        tlp=draw(st.sampled_from(Tlp)),
        written_tlp=draw(st.sampled_from([None, *Tlp])),
        origin_id=origin_id,
        creator=draw(st.sampled_from([None, *CREATORS])),
        sector=draw(st.sampled_from([None, *SECTORS])),
        vouched=draw(st.booleans()),
        companion=draw(st.booleans()),
    )


@st.composite
def all_terms(draw: DrawFn) -> Terms:
    begins = draw(st.sampled_from([-1, 0, 1]))
    ends = draw(st.sampled_from([None, -1, 0, 1]))
    return Terms(
        reference="MOU-2026-0001",
        version=1,
        state=draw(st.one_of(st.just(AgreementState.IN_FORCE), st.sampled_from(AgreementState))),
        level=draw(st.sampled_from(Level)),
        ceiling=draw(st.sampled_from(Tlp)),
        default_tlp=draw(st.sampled_from([None, *Tlp])),
        direction=draw(st.sampled_from(Direction)),
        valid_from=NOW + timedelta(seconds=begins),
        valid_until=None if ends is None else NOW + timedelta(seconds=ends),
        types=frozenset(draw(st.sets(st.sampled_from(TYPES)))),
        sectors=frozenset(draw(st.sets(st.sampled_from(SECTORS)))),
        transit=draw(st.booleans()),
    )


def recipients(peers: tuple[int, int]) -> SearchStrategy[Recipient]:
    staff = st.builds(
        StaffReader,
        person_id=st.sampled_from([None, 1]),
        permissions=st.sampled_from([frozenset(), frozenset({"content:read"})]),
    )
    peer = st.builds(
        PeerReader,
        peer_id=st.sampled_from(peers),
        slug=st.just("cert-b"),
        name=st.just("CERT-B"),
        identity_id=st.sampled_from([None, *CREATORS]),
        suspended=st.sampled_from([False, False, False, True]),
        terms=st.one_of(all_terms(), all_terms(), st.none()),
    )
    named = st.builds(
        NamedReader,
        person_id=st.just(1),
        name=st.just("Mei"),
        email=st.just("mei@cert-b.example"),
        peer=peer,
        named_in=st.sampled_from(["MOU-2026-0001", "MOU-2026-0001", "MOU-2026-0002"]),
        removed=st.sampled_from([False, False, False, True]),
        key=st.sampled_from(["A" * 40, "A" * 40, ""]),
        key_until=st.sampled_from([None, NOW, NOW + timedelta(seconds=1)]),
    )
    return st.one_of(peer, peer, peer, named, named, staff, st.just(PublicReader()))


@pytest.fixture
def work(program: Program) -> Iterator[Work]:
    with program.work(CONSOLE) as opened:
        yield opened


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_rules_in_sql_are_the_rules_in_python(work: Work, data: st.DataObject) -> None:
    session = work.session
    with session.begin_nested() as savepoint:
        peers = a_peer(work, "cert-b").id, a_peer(work, "cert-c").id
        sets = data.draw(st.lists(fact_sets(peers), min_size=1, max_size=30), label="facts")
        ids_of(session.connection(), sets)
        rows = session.execute(sa.select(*FACTS)).all()
        for _ in range(5):
            reader = data.draw(recipients(peers), label="reader")
            kind = data.draw(KINDS, label="kind")
            posted, approved = data.draw(st.booleans()), data.draw(st.booleans())

            in_sql = visible_facts(reader, kind, NOW, posted=posted, approved=approved)
            narrowed = set(session.scalars(sa.select(ObjectFacts.id).where(in_sql)))
            decided = {
                row.id
                for row in rows
                if decide(facts_of(row), reader, kind, NOW, posted=posted).lets_leave(
                    approved=approved
                )
            }

            assert narrowed == decided
            if approved is not posted:
                assert allowed_facts(session, reader, kind, NOW, posted=posted) == decided
        savepoint.rollback()


@given(data=st.data())
def test_a_stricter_level_never_opens_what_a_milder_one_keeps_shut(data: st.DataObject) -> None:
    one = data.draw(fact_sets((2, 3)))
    milder, stricter = sorted(data.draw(st.tuples(st.sampled_from(Tlp), st.sampled_from(Tlp))))
    reader, kind = data.draw(recipients((2, 3))), data.draw(KINDS)
    assume(not isinstance(reader, NamedReader))  # RED is above every ceiling, and goes to them

    verdicts = [
        decide(_facts(one, tlp), reader, kind, NOW).verdict.strictness for tlp in (milder, stricter)
    ]

    assert verdicts[0] <= verdicts[1]


def _facts(one: FactSet, tlp: Tlp) -> Facts:
    return Facts(one.type, tlp, tlp, one.origin_id, one.creator, one.sector)
