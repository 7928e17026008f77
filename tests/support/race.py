"""Pairs of acts on one release at the same moment, each in a connection of its own, in threads or in processes; and a
check of what came of them that reads the ledger and the audit trail by itself.
"""

import json
import multiprocessing
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.db import make_engine
from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.settings import read_settings
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Actor, Work
from cirt.parties.accounts import set_roles
from cirt.parties.peers import find_peer
from cirt.parties.roles import Role
from cirt.release.asking import ask_release
from cirt.release.collections import add_member, find_collection
from cirt.release.commands import AskRelease, DecideRelease, WithdrawRelease
from cirt.release.deciding import decide_release, withdraw_release
from cirt.release.models import Ruling
from cirt.release.queries import proposal_view
from cirt.sharing.agreements.service import end_agreement
from tests.support.databases import TEST_KEYS
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, our_indicator, revised
from tests.support.store import a_peer, an_agreement, put

WIDEST_S = 0.02  # by how much the one may begin after the other


class Act(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"  # of the object
    WITHDRAW = "withdraw"
    ROLE = "role"  # of the approver, taken
    AGREEMENT = "agreement"  # ended
    MEMBER = "member"  # added


@dataclass(frozen=True, slots=True)
class Team:
    tomas: Actor  # asks
    ada: Actor  # approves first, where two are needed
    irena: Actor  # approves in the race
    petra: Actor  # approves at the same moment


@dataclass(frozen=True, slots=True)
class Pair:
    """One release that waits for its last approval, and what happens to it at that moment."""

    number: int
    act: Act
    needed: int
    reference: str
    digest: str
    stix_id: str
    raw: bytes
    alias: str
    agreement: str
    late: str  # slug of who may become a member
    delays: tuple[float, float]


def a_team(program: Program) -> Team:
    return Team(
        a_person(program, "Tomas", Role.HANDLER),
        a_person(program, "Ada", Role.LEAD),
        a_person(program, "Irena", Role.LEAD),
        a_person(program, "Petra", Role.LEAD),
    )


def some_pairs(program: Program, team: Team, act: Act, numbers: Sequence[int]) -> list[Pair]:
    """Half of them need two approvals, of which one is given."""
    made = []
    for number in numbers:
        needed = 1 + number % 2
        with program.work(CONSOLE) as work:
            made.append((number, needed, *_things(work, number, needed)))
    asked = []
    for number, needed, raw, stix_id, alias, agreement in made:
        with program.work(team.tomas) as work:
            cmd = AskRelease("A wave", "Early warning", (alias,), (stix_id,))
            reference = ask_release(work, cmd).reference
        with program.work(team.ada, write=False) as work:
            digest = proposal_view(work, reference).digest
        if needed == 2:
            with program.work(team.ada) as work:
                decide_release(work, DecideRelease(reference, Ruling.APPROVED, "", digest))
        draw = random.Random(f"{act} {number}")
        late = draw.uniform(0, WIDEST_S)
        delays = (late, 0.0) if draw.random() < 0.5 else (0.0, late)
        asked.append(
            Pair(
                number,
                act,
                needed,
                reference,
                digest,
                stix_id,
                raw,
                alias,
                agreement,
                f"late{number}",
                delays,
            )
        )
    return asked


def _things(work: Work, number: int, needed: int) -> tuple[bytes, str, str, str]:
    tlp = Tlp.AMBER_STRICT if needed == 2 else Tlp.GREEN
    peer = a_peer(work, f"peer{number}")
    agreement = an_agreement(work, peer, ceiling=Tlp.AMBER_STRICT)
    alias = f"wave{number}"
    a_collection(work, peer, alias=alias)
    a_reader(work, f"late{number}", ceiling=Tlp.AMBER_STRICT)
    one = our_indicator(work, f"198.51.{number // 250}.{number % 250}", tlp)
    put(work, one)
    return one.raw, one.stix_id, alias, agreement.reference


def run_approval(program: Program, team: Team, pair: Pair, actor: Actor) -> None:
    with program.work(actor) as work:
        cmd = DecideRelease(pair.reference, Ruling.APPROVED, "", pair.digest)
        decide_release(work, cmd)


def run_other(program: Program, team: Team, pair: Pair) -> None:
    """The act beside the approval. One that leaves no line of its own in the trail leaves one here."""
    if pair.act is Act.APPROVE:
        run_approval(program, team, pair, team.petra)
    elif pair.act is Act.WITHDRAW:
        with program.work(team.tomas) as work:
            withdraw_release(work, WithdrawRelease(pair.reference))
    elif pair.act is Act.EDIT:
        with program.work(CONSOLE) as work:
            put(work, revised(pair.raw, program, name="Another name"))
            work.audit("race.edit", pair.stix_id)
    elif pair.act is Act.ROLE:
        with program.work(CONSOLE) as work:
            set_roles(work, "irena@ex-cirt.example", frozenset({Role.HANDLER}))
    elif pair.act is Act.AGREEMENT:
        with program.work(CONSOLE) as work:
            end_agreement(work, pair.agreement)
    else:
        with program.work(CONSOLE) as work:
            collection = find_collection(work.session, pair.alias)
            add_member(work, collection, find_peer(work.session, pair.late))


def run_side(program: Program, team: Team, pair: Pair, side: int) -> str:
    """One half of a pair; what refused it, or nothing."""
    time.sleep(pair.delays[side])
    try:
        if side == 0:
            run_approval(program, team, pair, team.irena)
        else:
            run_other(program, team, pair)
    except CirtError as error:
        return error.code
    return ""


Runner = Callable[[Pair], None]


@contextmanager
def in_threads(program: Program, team: Team) -> Iterator[Runner]:
    barrier = threading.Barrier(2)

    def run(pair: Pair) -> None:
        faults: list[BaseException] = []

        def half(side: int) -> None:
            try:
                barrier.wait()
                run_side(program, team, pair, side)
            except BaseException as error:  # noqa: BLE001 - told to the test
                faults.append(error)

        threads = [threading.Thread(target=half, args=(side,)) for side in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []

    yield run


@contextmanager
def in_processes(program: Program, team: Team) -> Iterator[Runner]:
    """Two processes, each with an engine of its own on the same database."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    url, now = program.settings.database_url, program.clock.now()
    with ExitStack() as stack:
        pipes = []
        for side in (0, 1):
            ours, theirs = context.Pipe()
            arguments = (url, str(program.settings.data_dir), now, team, side, barrier, theirs)
            process = context.Process(target=_serve, args=arguments)
            process.start()
            stack.callback(process.join, 30)
            stack.callback(ours.send, None)
            pipes.append(ours)

        def run(pair: Pair) -> None:
            for pipe in pipes:
                pipe.send(pair)
            assert [pipe.recv() for pipe in pipes] == ["done", "done"]

        yield run


def _serve(
    url: str, data_dir: str, now: Any, team: Team, side: int, barrier: Any, pipe: Any
) -> None:
    engine = make_engine(url)
    settings = read_settings({"CIRT_DATABASE_URL": url}, Path(data_dir))
    program = Program(settings, engine, TEST_KEYS, FakeClock(now))
    while (pair := pipe.recv()) is not None:
        barrier.wait()
        try:
            run_side(program, team, pair, side)
        except Exception as error:  # noqa: BLE001 - told to the test
            pipe.send(repr(error))
        else:
            pipe.send("done")
    engine.dispose()


def mend(program: Program, pair: Pair) -> None:
    """What the next pair needs as it was."""
    if pair.act is Act.ROLE:
        with program.work(CONSOLE) as work:
            set_roles(work, "irena@ex-cirt.example", frozenset({Role.LEAD}))


@dataclass(slots=True)
class Found:
    """Over all pairs: how many were released, and everything that is wrong."""

    pairs: int = 0
    released: int = 0
    wrong: list[str] | None = None


_OTHER = {
    Act.EDIT: ("race.edit", "stix_id"),
    Act.WITHDRAW: ("release.withdraw", "reference"),
    Act.AGREEMENT: ("agreement.end", "agreement"),
    Act.MEMBER: ("member.add", "alias"),
}


def judge(program: Program, pairs: Sequence[Pair]) -> Found:
    """By plain statements over trail and ledger: nothing of the product's own answers or states is asked."""
    found = Found(wrong=[])
    assert found.wrong is not None
    with program.engine.connect() as connection:
        for pair in pairs:
            found.pairs += 1
            published = _publications(connection, pair)
            found.released += len(published)
            found.wrong += [
                f"{pair.act} {pair.number}: {one}" for one in _faults(connection, pair, published)
            ]
    return found


def _publications(connection: sa.Connection, pair: Pair) -> list[int]:
    query = sa.text(
        "SELECT seq FROM audit_entry WHERE act = 'release.publish' AND subject = :it ORDER BY seq"
    )
    return list(connection.execute(query, {"it": pair.reference}).scalars())


def _faults(connection: sa.Connection, pair: Pair, published: list[int]) -> Iterator[str]:
    if len(published) > 1:
        yield "published twice"
    entries, offers = _ledger(connection, pair)
    if entries != len(published):
        yield f"stands {entries} times in the collection, published {len(published)} times"
    if offers != len(published):
        yield f"offered {offers} times to its first member, published {len(published)} times"
    if not published:
        return
    approved = _approvals(connection, pair, published[0])
    if len(approved) != pair.needed or len(set(approved)) != pair.needed:
        yield f"published with the approvals of {approved}, needed {pair.needed}"
    if "Tomas" in approved:
        yield "approved by who asked"
    other = _other_act(connection, pair, published[0])
    if other is not None and (other < published[0] or pair.act is Act.WITHDRAW):
        yield f"stale: line {other} of the trail stands before the release, line {published[0]}"


def _ledger(connection: sa.Connection, pair: Pair) -> tuple[int, int]:
    """How often it stands in its collection, and how often it was offered to the peer that was a member from the first."""
    entries = sa.text(
        "SELECT count(*) FROM collection_entry e JOIN stix_object o ON o.id = e.object_id"
        " JOIN collection c ON c.id = e.collection_id WHERE o.stix_id = :it AND c.alias = :alias"
    )
    offers = sa.text(
        "SELECT count(*) FROM feed_row r JOIN stix_object o ON o.id = r.object_id JOIN feed f ON f.id = r.feed_id"
        " JOIN peer p ON p.id = f.peer_id WHERE o.stix_id = :it AND p.slug = :slug"
    )
    values = {"it": pair.stix_id, "alias": pair.alias, "slug": f"peer{pair.number}"}
    return connection.execute(entries, values).scalar_one(), connection.execute(
        offers, values
    ).scalar_one()


def _approvals(connection: sa.Connection, pair: Pair, before: int) -> list[str]:
    query = sa.text(
        "SELECT actor_name, facts FROM audit_entry WHERE act = 'release.approve' AND subject = :it AND seq < :seq"
    )
    rows = connection.execute(query, {"it": pair.reference, "seq": before})
    return [row.actor_name for row in rows if json.loads(row.facts)["digest"] == pair.digest]


def _other_act(connection: sa.Connection, pair: Pair, published: int) -> int | None:
    """The line of the act beside it, where it came about."""
    if pair.act is Act.APPROVE:
        return None
    if pair.act is Act.ROLE:
        return _role_taken(connection, published)
    act, name = _OTHER[pair.act]
    lines = "SELECT seq, facts FROM audit_entry WHERE act = :act AND subject = :it ORDER BY seq"
    rows = connection.execute(sa.text(lines), {"act": act, "it": getattr(pair, name)}).all()
    if pair.act is Act.MEMBER:  # the first member is from before the request
        rows = [row for row in rows if json.loads(row.facts)["peer"] == pair.late]
    return rows[0].seq if rows else None


def _role_taken(connection: sa.Connection, published: int) -> int | None:
    """The last word on the approver's roles before the release, if it took the role."""
    query = sa.text(
        "SELECT seq, facts FROM audit_entry WHERE act = 'account.roles' AND seq < :seq ORDER BY seq DESC LIMIT 1"
    )
    row = connection.execute(query, {"seq": published}).one_or_none()
    return row.seq if row and "lead" not in json.loads(row.facts)["roles"] else None
