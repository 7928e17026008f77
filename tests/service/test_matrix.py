"""The matrix: marking x agreement x recipient x state x exit, each cell held against an oracle that knows no product code.

A leak is a word that came out though the oracle says no; an over-block is one that it says yes to and that did not.
"""

import sys
from collections import Counter
from collections.abc import Iterable

import pytest

from cirt.kernel.program import Program
from cirt.release.models import CollectionKind
from tests.support import oracle
from tests.support.matrix import (
    FIELDS,
    ON_INCIDENT,
    ON_REPORT,
    SIGNED_IN,
    Told,
    World,
    a_world,
    id_in,
    plain,
    told_of_one,
    told_outside,
    told_to_peer,
    told_to_staff,
)


class Sheet:
    """What was compared, and what did not hold."""

    def __init__(self) -> None:
        self.cells: Counter[str] = Counter()
        self.wrong: list[str] = []

    def compare(self, world: World, recipient: str, agreement: str, told: Told) -> None:
        """Every object against what an exit said at once."""
        for tlp, state in world.objects:
            self.compare_one(world, recipient, agreement, told, tlp, state)

    def compare_one(
        self, world: World, recipient: str, agreement: str, told: Told, tlp: str, state: str
    ) -> None:
        text, made = plain(told.text), world.objects[tlp, state]
        self.cells[told.exit] += 1
        cell = f"{tlp}, {agreement}, {recipient}, {state}, {told.exit}"
        for place in (*FIELDS, "id"):
            what = "id" if place == "id" else "content"
            said = oracle.says(
                tlp=tlp,
                agreement=agreement,
                recipient=recipient,
                state=state,
                what=what,
                level=world.level,
            )
            came = (
                id_in(text, made.stix_id) if what == "id" else world.word(tlp, state, place) in text
            )
            # An address that names the object is answered; that it says no is in its status.
            if what == "id" and "<id>" in told.exit:
                came = told.status == 200
            self._judge(cell, place, said, came=came, owed=place in told.carries)

    def _judge(self, cell: str, place: str, said: str, *, came: bool, owed: bool) -> None:
        if came and said == "no" and not (place == "pattern" and "recalled" in cell):
            self.wrong.append(f"leak of {place}: {cell}")
        if not came and said == "yes" and owed:
            self.wrong.append(f"over-block of {place}: {cell}")

    def compare_case(
        self, world: World, recipient: str, tlp: str, told: Told, owed: Iterable[str]
    ) -> None:
        self.cells[told.exit] += 1
        said = oracle.says(thing="case", tlp=tlp, recipient=recipient)
        for place, word in world.cases[tlp].items():
            cell = f"case {tlp}, {recipient}, {told.exit}"
            self._judge(cell, place, said, came=word in plain(told.text), owed=place in owed)


def fill(world: World) -> Sheet:
    sheet = Sheet()
    fill_peers(world, sheet)
    for role in SIGNED_IN:
        for told in told_to_staff(world, role):
            sheet.compare(world, role, "in-force", told)
    fill_outside(world, sheet)
    for role in (*SIGNED_IN, "public"):
        fill_one_by_one(world, sheet, role, role, "in-force")
        fill_cases(world, sheet, role)
    return sheet


def fill_peers(world: World, sheet: Sheet) -> None:
    for (recipient, agreement), peer in world.peers.items():
        for told in told_to_peer(world, recipient, agreement):
            sheet.compare(world, recipient, agreement, told)
            for tlp in world.cases:
                sheet.compare_case(world, recipient, tlp, told, ())
        fill_one_by_one(world, sheet, peer.slug, recipient, agreement)


def fill_outside(world: World, sheet: Sheet) -> None:
    for role in ("public", "reporter"):
        for told in told_outside(world, role):
            sheet.compare(world, role, "in-force", told)
            for tlp in world.cases:
                sheet.compare_case(world, role, tlp, told, ())


def fill_one_by_one(world: World, sheet: Sheet, who: str, recipient: str, agreement: str) -> None:
    for (tlp, state), made in world.objects.items():
        for told in told_of_one(world, who, made.stix_id):
            sheet.compare_one(world, recipient, agreement, told, tlp, state)


def fill_cases(world: World, sheet: Sheet, role: str) -> None:
    for tlp in world.cases:
        incident = f"/incidents/{world.references[f'case-{tlp}']}"
        report = f"/intake/{world.references[f'report-{tlp}']}"
        for path, owed in (
            (incident, ("title", "note")),
            (f"{incident}/tasks", ("title", "task")),
            (f"{incident}/print", ON_INCIDENT),
            (f"{incident}/sharing", ("title",)),
            (report, ON_REPORT),
            ("/incidents", ("title",)),
            ("/incidents?q=zqcase", ()),
            ("/triage", ()),
            ("/triage?words=zqcase", ()),
        ):
            answer = world.visitors[role].get(path)
            text = answer.get_data(as_text=True) + str(answer.headers)
            told = Told(path.replace(incident, "INC").replace(report, "REP"), 0, text, frozenset())
            sheet.compare_case(world, role, tlp, told, owed)


def check(program: Program, kind: CollectionKind, level: str) -> None:
    sheet = fill(a_world(program, kind, level))

    cells, exits = sheet.cells.total(), len(sheet.cells)
    sys.stdout.write(
        f"matrix {level} {kind}: {cells} cells over {exits} exits, {len(sheet.wrong)} wrong\n"
    )
    assert "\n".join(sheet.wrong) == ""
    assert cells > 5000


def test_every_exit_gives_each_what_the_oracle_says(program: Program) -> None:
    check(program, CollectionKind.PUBLISHED, "mou")


@pytest.mark.long
@pytest.mark.parametrize("kind", [CollectionKind.PUBLISHED, CollectionKind.SHARED])
@pytest.mark.parametrize("level", ["tlp-ack", "mou", "mou+nda"])
def test_so_it_is_under_every_level_and_in_every_kind_of_collection(
    program: Program, kind: CollectionKind, level: str
) -> None:
    check(program, kind, level)


def test_the_oracle_answers_every_cell_and_says_yes_and_no() -> None:
    said = Counter(
        oracle.says(tlp=tlp, agreement=agreement, recipient=recipient, state=state)
        for tlp, agreement, recipient, state in oracle.cells()
    )

    assert said.total() == 6 * 5 * 10 * 4
    assert set(said) == {"yes", "may", "no"}
