"""The audit trail: one chain, written with the act, and every tampering named by its place."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from cirt.kernel import audit
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from tests.support.databases import Databases


def _write(program: Program, count: int) -> None:
    for number in range(count):
        with program.work(CONSOLE) as work:
            work.audit("test.act", f"REP-2026-{number:04d}", number=number, text="é\u202e«»")


def _state(program: Program) -> audit.ChainState:
    with program.work(CONSOLE, write=False) as work:
        return audit.verify(work.session)


def _lines(program: Program) -> list[dict[str, Any]]:
    with program.work(CONSOLE, write=False) as work:
        return list(audit.entries(work.session))


def test_an_untouched_trail_holds(program: Program) -> None:
    _write(program, 5)

    state = _state(program)

    assert state.broken is None
    assert state.checked == len(_lines(program))


def test_nothing_is_written_when_the_act_fails(program: Program) -> None:
    before = len(_lines(program))

    with pytest.raises(RuntimeError), program.work(CONSOLE) as work:
        work.audit("test.act", "x")
        raise RuntimeError

    assert len(_lines(program)) == before


@pytest.mark.parametrize(
    "column", ["at", "actor_kind", "actor_id", "actor_name", "act", "subject", "facts", "hash"]
)
def test_a_changed_byte_is_found_at_its_line(program: Program, column: str) -> None:
    _write(program, 5)
    line = _lines(program)[-3]
    changed = ("f" if line[column][:1] != "f" else "0") + line[column][1:]
    with program.work(CONSOLE) as work:
        row = audit.AuditEntry.seq == line["seq"]
        work.session.execute(sa.update(audit.AuditEntry).where(row).values({column: changed}))

    broken = _state(program).broken

    assert broken is not None
    assert broken.seq == line["seq"]


@pytest.mark.parametrize("place", [0, 2, -1])
def test_a_removed_line_is_found(program: Program, place: int) -> None:
    _write(program, 5)
    gone = _lines(program)[place]["seq"]
    with program.work(CONSOLE) as work:
        work.session.execute(sa.delete(audit.AuditEntry).where(audit.AuditEntry.seq == gone))

    broken = _state(program).broken

    assert broken is not None
    assert broken.seq == gone


def test_an_added_line_is_found(program: Program) -> None:
    _write(program, 3)
    last = _lines(program)[-1]
    with program.work(CONSOLE) as work:
        forged = last | {"seq": last["seq"] + 1, "previous": last["hash"]}
        forged["hash"] = audit.line_hash(forged)
        work.session.execute(sa.insert(audit.AuditEntry).values(forged))

    broken = _state(program).broken

    assert broken is not None
    assert broken.seq == last["seq"] + 1


def test_a_trail_that_is_gone_does_not_hold(program: Program) -> None:
    with program.work(CONSOLE) as work:
        work.session.execute(sa.delete(audit.AuditEntry))
        work.session.execute(sa.delete(audit.AuditHead))

    assert _state(program).broken is not None


def test_a_flipped_bit_anywhere_in_a_line_of_the_file_is_named(
    databases: Databases, tmp_path: Path, clock: FakeClock
) -> None:
    """Also one that leaves text which is no text, or a page which is no page."""
    with databases.program("sqlite", tmp_path / "one", clock) as program:
        _write(program, 8)
        line = _lines(program)[-4]
        path = Path(str(program.engine.url.database))
        with program.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    start = whole.index(str(line["previous"]).encode() + str(line["hash"]).encode())
    for offset in range(-60, 128, 7):
        flipped = bytearray(whole)
        flipped[start + offset] ^= 0x80
        path.write_bytes(bytes(flipped))
        with databases.program_at(path, clock) as program:
            broken = _state(program).broken

        assert broken is not None
        assert broken.seq == line["seq"], offset


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_tampering_with_an_exported_trail_is_found(data: st.DataObject) -> None:
    lines = _chain(data.draw(st.integers(2, 12), label="length"))
    head = (lines[-1]["seq"], lines[-1]["hash"])
    place = data.draw(st.integers(0, len(lines) - 1), label="place")
    match data.draw(st.sampled_from(["change", "remove", "swap", "repeat"]), label="how"):
        case "change":
            name = data.draw(st.sampled_from(["act", "facts", "at", "previous"]), label="column")
            lines[place] |= {name: lines[place][name] + "x"}
        case "remove":
            del lines[place]
        case "swap":
            other = (place + 1) % len(lines)
            lines[place], lines[other] = lines[other], lines[place]
        case "repeat":
            lines.insert(place, lines[place])

    assert audit.check_chain(lines, head).broken is not None


def _chain(length: int) -> list[dict[str, Any]]:
    lines, previous = [], audit.GENESIS
    for seq in range(1, length + 1):
        line: dict[str, Any] = {
            "seq": seq,
            "at": f"2026-11-18T12:00:{seq:02d}.000000+00:00",
            "actor_kind": "console",
            "actor_id": "",
            "actor_name": "console",
            "act": "test.act",
            "subject": f"REP-2026-{seq:04d}",
            "facts": "{}",
            "previous": previous,
        }
        previous = line["hash"] = audit.line_hash(line)
        lines.append(line)
    return lines
