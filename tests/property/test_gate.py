"""The rules in SQL give what the rules in Python give, on real databases."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cirt.kernel.clock import to_us
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.factsets import FactSet, ids_of
from cirt.objects.models import ObjectFacts
from cirt.objects.policies import Action, Iep, Pap
from cirt.parties.models import Peer, PeerState
from cirt.sharing.consent import load_consent
from cirt.sharing.facts import (
    Facts,
    NamedReader,
    PeerReader,
    PublicReader,
    Recipient,
    StaffReader,
    Terms,
)
from cirt.sharing.models import AgreementState, Direction, Level
from cirt.sharing.narrow import visible_facts
from cirt.sharing.permissions.models import Audience, Permission
from cirt.sharing.rules import decide
from cirt.sharing.standing import FACTS, facts_of
from tests.support.sharing import NOW
from tests.support.store import a_peer, an_agreement, indicator, put

TYPES = ("indicator", "malware", "identity", "marking-definition")
SECTORS = ("energy", "water")
CREATORS = ("identity--b", "identity--c")
PERMITS = ((), (), (1,), (2,), (1, 12), (21,))  # ids, of which one is a part of another
NOW_US = to_us(NOW)
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
        pap=draw(st.sampled_from([None, *Pap])),
        iep=draw(st.one_of(st.just(Iep()), policies())),
        personal=draw(st.sampled_from([False, False, True])),
        withheld=draw(st.sampled_from([False, False, False, True])),
        permits=draw(st.sampled_from(PERMITS)),
        disputed=draw(st.booleans()),
    )


def policies() -> SearchStrategy[Iep]:
    moments = st.sampled_from([None, None, NOW_US - 1, NOW_US, NOW_US + 1])
    actions = st.sampled_from([None, *Action])
    seldom = st.sampled_from([False, False, True])
    return st.builds(Iep, moments, moments, actions, seldom, st.booleans())


@st.composite
def permissions(draw: DrawFn, peers: tuple[int, int]) -> dict[str, Any]:
    """Of all that one peer brings, or of objects that name it."""
    audience = draw(st.sampled_from(Audience))
    begins, ends = draw(st.sampled_from([0, 0, 1])), draw(st.sampled_from([None, None, 0, 1]))
    return {
        "origin_id": draw(st.sampled_from([None, *peers])),
        "audience": audience,
        "reader_id": draw(st.sampled_from(peers)) if audience is Audience.PEER else None,
        "up_to": draw(st.sampled_from(Tlp)),
        "given_at": NOW + timedelta(seconds=begins),
        "until": None if ends is None else NOW + timedelta(seconds=ends),
        "ended_at": draw(st.sampled_from([None, None, NOW])),
    }


@st.composite
def bringing(draw: DrawFn) -> dict[str, Any]:
    """Terms of a bringer, of which only this matters."""
    begins, ends = draw(st.sampled_from([-1, 0, 1])), draw(st.sampled_from([None, None, 0, 1]))
    return {
        "transit": draw(st.booleans()),
        "attribution": draw(st.booleans()),
        "state": draw(st.sampled_from([AgreementState.IN_FORCE, *AgreementState])),
        "valid_from": NOW + timedelta(seconds=begins),
        "valid_until": None if ends is None else NOW + timedelta(seconds=ends),
    }


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
        personal_data=draw(st.booleans()),
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
        agreed(work, peers, [data.draw(bringing(), label="bringer") for _ in peers])
        record(work, data.draw(st.lists(permissions(peers), max_size=4), label="permissions"))
        consent = load_consent(session.connection())
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
                if decide(
                    facts_of(row), reader, kind, NOW, posted=posted, consent=consent
                ).lets_leave(approved=approved)
            }

            assert narrowed == decided
        savepoint.rollback()


def agreed(work: Work, peers: tuple[int, int], terms: list[dict[str, Any]]) -> None:
    for peer_id, each in zip(peers, terms, strict=True):
        an_agreement(work, work.session.get_one(Peer, peer_id), **each)
    work.session.get_one(Peer, peers[1]).state = PeerState.SUSPENDED
    work.session.flush()


def record(work: Work, permissions: list[dict[str, Any]]) -> None:
    """With ids by which facts may name them."""
    [one] = put(work, indicator(1))
    for number, each in zip((1, 2, 12, 21), permissions, strict=False):
        named = one.object_id if each["origin_id"] is None else None
        written = {"tlp": Tlp.AMBER, "given_by": "x", "evidence": "x", "recorded_by": "x"}
        row = Permission(
            id=number,
            reference=f"PER-{number}",
            object_id=named,
            recorded_at=NOW,
            **written,
            **each,
        )
        work.session.add(row)
    work.session.flush()


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
