"""The matrix of all else that the gate decides by: each fact, and each pair of facts, against every recipient and exit.

As in ``test_matrix``, a leak is a word or an id that came out though the oracle says no; an over-block is one that it says
yes to and that did not.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import partial

import pytest

from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.release.models import CollectionKind
from cirt.sharing.explain import explain_to_peers
from tests.support import oracle
from tests.support.covering import all_pairs, covering
from tests.support.matrix import SIGNED_IN, Told, plain
from tests.support.matrix_facts import (
    FIRST,
    OBJECT,
    RED_ENDS,
    TERMS,
    Made,
    Reader,
    can_be,
    cell_for_peer,
    cell_for_staff,
    ends_of,
)
from tests.support.matrix_facts_exits import (
    told_of_one_to_reader,
    told_of_one_to_role,
    told_to_reader,
    told_to_role,
    told_to_strangers,
)
from tests.support.matrix_facts_world import Facts, a_world_of_facts, version_ids
from tests.support.matrix_mail import Mails, cell

_WORD = re.compile(r"zq(\d{4})([a-z]+)zq")
_ID = re.compile(r"([0-9a-f]{8})-0000-4000-8000-000000000000")
Said = Mapping[int, Mapping[str, str]]  # by number of the object: of its content, and of its id


def _owed(one: Made, carries: frozenset[str]) -> AbstractSet[str]:
    if "name or id" in carries:
        return {"name" if "name" in one.places else "id"}
    if "indicators alone" in carries and one.facts["shape"] != "indicator":
        return set()
    return carries & set(one.places)


class Sheet:
    def __init__(self) -> None:
        self.cells: Counter[str] = Counter()
        self.wrong: list[str] = []

    def compare(self, made: Iterable[Made], who: str, told: Told, said: Said) -> None:
        """Every object against what an exit said at once."""
        text = plain(told.text)
        words, ids = set(_WORD.findall(text)), {int(each, 16) for each in _ID.findall(text)}
        for one in made:
            self.cells[told.exit] += 1
            came = {place for place in one.places if (f"{one.number:04}", place) in words}
            if FIRST + one.number in ids and ("<id>" not in told.exit or told.status == 200):
                came.add("id")
            owed = _owed(one, told.carries)
            for place in one.places:
                answer = said[one.number]["id" if place == "id" else "content"]
                if place in came and answer == "no":
                    self.note("leak", place, one, who, told.exit)
                if place in owed - came and answer == "yes":
                    self.note("over-block", place, one, who, told.exit)

    def note(self, what: str, place: str, one: Made, who: str, at: str) -> None:
        facts = {name: v for name, v in one.facts.items() if v != OBJECT[name][0]}
        self.wrong.append(f"{what} of {place}: {one.number} {facts} to {who} by {at}")

    def compare_red_ends(self, who: str, told: Told) -> None:
        """RED binds every role: of what names it, the id does not show."""
        text = told.text
        for number in RED_ENDS:
            self.cells[f"{told.exit}, ends"] += 1
            if f"{number:08x}-0000-4000-8000" in text:
                self.wrong.append(f"leak of a RED id {number:x} to {who} by {told.exit}")

    def compare_ends(self, world: Facts, who: str, told: Told, said: Said) -> None:
        """An end, or a maker, may be known where something may go that names it."""
        ids = {int(each, 16) for each in _ID.findall(plain(told.text))}
        for name, number in ends_of(world.kind).items():
            self.cells[f"{told.exit}, ends"] += 1
            namers = [each for each in world.objects if name in each.named]
            if number in ids and all(said[each.number]["content"] == "no" for each in namers):
                self.wrong.append(f"leak of the {name} end to {who} by {told.exit}")


def answers(world: Facts, cell_of: Callable[[Made], dict[str, str]]) -> Said:
    return {
        made.number: {what: oracle.says(**cell_of(made), what=what) for what in ("content", "id")}
        for made in world.objects
    }


def fill_readers(world: Facts, sheet: Sheet, *, every: int) -> None:
    """``every``: of what is asked one by one, each so many."""
    for number, reader in enumerate(world.readers):
        said = answers(world, partial(cell_for_peer, reader=reader, kind=world.kind))
        who = f"{reader.slug} {_narrow(reader)}"
        for told in told_to_reader(world, reader, deep=number % every == 0):
            sheet.compare(world.objects, who, told, said)
            sheet.compare_ends(world, who, told, said)
        for made in world.objects:
            if (number + made.number) % every == 0:
                for told in told_of_one_to_reader(world, reader, made):
                    sheet.compare([made], who, told, said)


def _narrow(reader: Reader) -> dict[str, str]:
    return {name: value for name, value in reader.terms.items() if value != TERMS[name][0]}


def fill_roles(world: Facts, sheet: Sheet, *, every: int) -> None:
    for number, role in enumerate(SIGNED_IN):
        bulk, page = (
            answers(world, partial(cell_for_staff, role=role, at=at)) for at in ("bulk", "page")
        )
        for told in told_to_role(world, role):
            sheet.compare(world.objects, role, told, bulk)
            sheet.compare_red_ends(role, told)
        for made in world.objects:
            if (number + made.number) % every == 0:
                for told in told_of_one_to_role(world, role, made):
                    sheet.compare([made], role, told, page)
                    if role != "named" or not made.is_red:  # what names them, they read whole
                        sheet.compare_red_ends(role, told)
    for told in told_to_strangers(world):
        nothing = answers(world, partial(cell_for_staff, role="public", at="page"))
        sheet.compare(world.objects, "public", told, nothing)


def fill_reasons(world: Facts, sheet: Sheet) -> None:
    """What the page "Who may have it" says of each peer is what that peer gets."""
    by_slug = {reader.slug: reader for reader in world.readers}
    with world.program.work(CONSOLE, write=False) as work:
        ids = version_ids(work, world.objects)
        for made in world.objects:
            if made.facts["later"] != "none":
                continue  # it is asked of the draft
            for each in explain_to_peers(work, ids[made.one.stix_id]):
                reader = by_slug[each.reader.slug]
                if not reader.is_member or made.facts["by"] == "too":
                    continue  # not a matter of rules
                sheet.cells["who may have it"] += 1
                said = oracle.says(**cell_for_peer(made, reader, world.kind))
                if (said == "yes") != each.decision.lets_leave():
                    sheet.note(each.decision.rule, said, made, reader.slug, "who may have it")


def check(program: Program, kind: CollectionKind, *, every: int, thin: bool = False) -> None:
    world = a_world_of_facts(program, kind, thin=thin)
    sheet = Sheet()
    fill_readers(world, sheet, every=every)
    fill_roles(world, sheet, every=every)
    if kind is CollectionKind.PUBLISHED:
        fill_reasons(world, sheet)

    cells, exits = sheet.cells.total(), len(sheet.cells)
    sys.stdout.write(
        f"facts {kind}: {len(world.objects)} objects, {len(world.readers)} peers, {cells} cells over {exits} exits, "
        f"{len(sheet.wrong)} wrong\n"
    )
    assert "\n".join(sheet.wrong) == ""
    assert cells > 30_000


@pytest.mark.parametrize("kind", [CollectionKind.PUBLISHED, CollectionKind.SHARED])
def test_every_fact_and_pair_of_facts_opens_and_closes_what_the_oracle_says(
    program: Program, kind: CollectionKind
) -> None:
    check(program, kind, every=17, thin=kind is CollectionKind.SHARED)


@pytest.mark.long
@pytest.mark.parametrize("kind", [CollectionKind.PUBLISHED, CollectionKind.SHARED])
def test_so_it_is_at_every_single_address(program: Program, kind: CollectionKind) -> None:
    check(program, kind, every=1)


def test_mails_to_named_persons_hold_what_the_oracle_says(program: Program) -> None:
    mails, wrong, said_yes, cells = Mails(program), [], 0, 0
    for row, numbers, text in mails.told():
        for made in mails.things:
            cells += 1
            said = oracle.says(**cell(row, made))
            said_yes += said == "yes"
            came = made.number in numbers
            assert came == (made.word("name") in text)
            if came != (said == "yes"):
                wrong.append(f"{'leak' if came else 'over-block'}: {made.facts} to {row}")

    sys.stdout.write(f"named persons: {cells} cells, {said_yes} yes, {len(wrong)} wrong\n")
    assert "\n".join(wrong) == ""
    assert said_yes > 100


@pytest.mark.parametrize(
    ("factors", "allowed"), [(OBJECT, can_be), (TERMS, lambda _: True)], ids=["object", "terms"]
)
def test_the_rows_cover_every_pair_that_can_be(
    factors: dict[str, tuple[str, ...]], allowed: Callable[[dict[str, str]], bool]
) -> None:
    rows = covering(factors, allowed)

    met = {
        (one, row[one], other, row[other]) for row in rows for one in factors for other in factors
    }
    assert set(all_pairs(factors, allowed)) <= met
    assert all(map(allowed, rows))
