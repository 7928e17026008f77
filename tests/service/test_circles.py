"""Nothing is ever a part of itself: not by way of what is hidden, deleted or merged, nor by two people at once."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from cirt.kernel.errors import CirtError
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import SYSTEM, Actor
from cirt.parties.roles import Role
from cirt.register import service
from cirt.register.bin.commands import DeleteIncident, Restore
from cirt.register.bin.service import delete_incident, restore
from cirt.register.merging.commands import Merge, Unmerge
from cirt.register.merging.errors import MergeInCircle, MergeRefused
from cirt.register.merging.models import IncidentMerge
from cirt.register.merging.service import merge_incident, unmerge_incident
from cirt.register.models import Incident
from cirt.register.relations.circles import Standing, standing
from cirt.register.relations.commands import LinkIncidents, UnlinkIncidents, Wish
from cirt.register.relations.errors import LinkInCircle, LinkRefused
from cirt.register.relations.models import IncidentRelation
from tests.support.browse import signed_in
from tests.support.register import a_person, an_incident


@pytest.fixture
def irena(program: Program) -> Actor:
    return a_person(program, "Irena", Role.LEAD)


@pytest.fixture
def omar(program: Program) -> Actor:
    return a_person(program, "Omar", Role.LEAD)


def make_part(program: Program, actor: Actor, part: Incident, whole: Incident) -> None:
    with program.work(actor) as work:
        wish = LinkIncidents(part.reference, whole.reference, Wish.PART_OF)
        service.link_incidents(work, wish)


def merge(program: Program, actor: Actor, merged: Incident, leading: Incident) -> None:
    with program.work(actor) as work:
        cmd = Merge(merged.reference, merged.version, leading.reference, "One case")
        merge_incident(work, cmd)


def test_a_circle_through_what_is_hidden_is_refused_without_a_word_of_it(
    program: Program, irena: Actor, omar: Actor
) -> None:
    one, other = an_incident(program, irena), an_incident(program, irena)
    red = an_incident(program, irena, tlp=Tlp.RED)
    make_part(program, irena, one, red)
    make_part(program, irena, red, other)

    with pytest.raises(LinkRefused) as refused:
        make_part(program, omar, other, one)
    assert red.reference not in str(refused.value)
    assert "circle" not in str(refused.value)
    with pytest.raises(LinkInCircle):
        make_part(program, irena, other, one)
    with program.work(omar) as work:
        related = LinkIncidents(other.reference, one.reference, Wish.RELATED)
        service.link_incidents(work, related)


def test_a_circle_through_the_bin_is_refused_for_what_lies_there_may_come_back(
    program: Program, irena: Actor
) -> None:
    one, middle, other = (an_incident(program, irena) for _ in range(3))
    make_part(program, irena, one, middle)
    make_part(program, irena, middle, other)
    with program.work(irena) as work:
        act = delete_incident(work, DeleteIncident(middle.reference, 1))

    with pytest.raises(LinkInCircle):
        make_part(program, irena, other, one)
    with program.work(irena) as work:
        restore(work, Restore(act.id))


def test_what_is_a_part_cannot_be_merged_with_its_whole(
    program: Program, irena: Actor, omar: Actor
) -> None:
    part, whole = an_incident(program, irena), an_incident(program, irena)
    red = an_incident(program, irena, tlp=Tlp.RED)
    make_part(program, irena, part, red)
    make_part(program, irena, red, whole)

    for merged, leading in ((part, whole), (whole, part)):
        with pytest.raises(MergeInCircle, match=f"{part.reference} is a part of {whole.reference}"):
            merge(program, irena, merged, leading)
        with pytest.raises(MergeRefused) as refused:
            merge(program, omar, merged, leading)
        assert red.reference not in str(refused.value)
    with program.work(irena) as work:
        service.unlink_incidents(work, UnlinkIncidents(part.reference, red.reference))
    merge(program, omar, part, whole)


def test_what_is_merged_counts_as_one_and_parting_is_always_possible(
    program: Program, irena: Actor
) -> None:
    one, twin, other = (an_incident(program, irena) for _ in range(3))
    make_part(program, irena, twin, other)
    merge(program, irena, twin, one)

    with pytest.raises(LinkInCircle):
        make_part(program, irena, other, one)
    with pytest.raises(LinkInCircle):
        make_part(program, irena, one, twin)
    with program.work(irena) as work:
        merges = work.session.scalars(sa.select(IncidentMerge.id)).one()
        unmerge_incident(work, Unmerge(twin.reference, merges))
    make_part(program, irena, other, one)
    with program.work(SYSTEM, write=False) as work:
        assert standing(work, twin.id, one.id) is Standing.SEEN


def at_once(*acts: Callable[[], None]) -> list[CirtError]:
    """What was refused of acts that begin in the same moment."""
    refusals: list[CirtError] = []
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        together.wait()
        try:
            act()
        except CirtError as error:
            refusals.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def test_of_three_who_close_a_circle_at_once_one_is_refused(program: Program, irena: Actor) -> None:
    one, two, three = (an_incident(program, irena) for _ in range(3))

    refusals = at_once(
        lambda: make_part(program, irena, one, two),
        lambda: make_part(program, irena, two, three),
        lambda: make_part(program, irena, three, one),
    )

    assert [type(error) for error in refusals] == [LinkInCircle]
    with program.work(SYSTEM, write=False) as work:
        assert work.session.scalar(sa.select(sa.func.count()).select_from(IncidentRelation)) == 2


def test_of_a_merge_and_a_link_that_close_a_circle_at_once_one_is_refused(
    program: Program, irena: Actor
) -> None:
    one, twin, other = (an_incident(program, irena) for _ in range(3))
    make_part(program, irena, one, other)

    refusals = at_once(
        lambda: merge(program, irena, one, twin),
        lambda: make_part(program, irena, other, twin),
    )

    assert [type(error) for error in refusals] in ([LinkInCircle], [MergeInCircle])


def test_the_pages_say_it_at_the_field_and_keep_what_was_typed(
    program: Program, irena: Actor
) -> None:
    part, whole = an_incident(program, irena), an_incident(program, irena)
    red = an_incident(program, irena, tlp=Tlp.RED)
    make_part(program, irena, part, red)
    make_part(program, irena, red, whole)
    visitor = signed_in(program, Role.LEAD, name="Huda")

    visitor.get(f"/incidents/{whole.reference}/relations")
    given = {"other": part.reference, "wish": "part-of", "note": "As they said"}
    answer = visitor.send(f"/incidents/{whole.reference}/relations", **given)
    assert answer.status_code == 422
    assert f"cannot be linked as a part of {part.reference}" in visitor.text
    assert "As they said" in visitor.text
    visitor.get(f"/incidents/{part.reference}/merge")
    wish = {"leading": whole.reference, "reason": "One case", "version": "1"}
    answer = visitor.send(f"/incidents/{part.reference}/merge", **wish)
    assert answer.status_code == 422
    assert f"cannot be merged into {whole.reference}" in visitor.text
    assert red.reference not in visitor.text
