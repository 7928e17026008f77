"""Incidents that belong together, whom they concern, and what stands around them; as far as the asker may see."""

import itertools
import random

import pytest
import sqlalchemy as sa

from cirt.kernel.errors import NotFound
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import Actor
from cirt.parties.roles import Role
from cirt.register import queries, service
from cirt.register.commands import ChangeState, PlaceObservable
from cirt.register.constituents.commands import AddParty, EditParty, RemoveParty, RestoreParty
from cirt.register.constituents.errors import NoSuchParty, PartyChanged, PartyThere
from cirt.register.constituents.models import PartyRole
from cirt.register.errors import NoSuchIncident, ObservablesUnknown
from cirt.register.facts.errors import CountryUnknown
from cirt.register.models import (
    CloseReason,
    EntryKind,
    Incident,
    IncidentState,
    ObservableState,
    Side,
)
from cirt.register.relations.commands import LinkIncidents, UnlinkIncidents, Wish
from cirt.register.relations.errors import (
    LinkedAlready,
    LinkInCircle,
    LinkToItself,
    OtherUnknown,
)
from cirt.register.relations.models import IncidentRelation
from cirt.register.relations.neighbours import NodeKind, important, neighbours
from cirt.register.relations.queries import links_of
from tests.support.register import a_person, an_incident, with_observables


def link(program: Program, actor: Actor, one: Incident, wish: Wish, other: Incident) -> None:
    with program.work(actor) as work:
        service.link_incidents(work, LinkIncidents(one.reference, other.reference, wish))


def linked(program: Program, actor: Actor, incident: Incident) -> list[tuple[str, str, bool]]:
    with program.work(actor, write=False) as work:
        found = links_of(work, incident.id)
    return [(each.reference, each.kind.value, each.is_from) for each in found]


def test_a_link_is_shown_on_both_sides_and_taken_off_on_both(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    wave, mail = (an_incident(program, tomas, title=title) for title in ("A wave", "A mail"))

    link(program, tomas, wave, Wish.HAS_PART, mail)

    assert linked(program, tomas, wave) == [(mail.reference, "part-of", False)]
    assert linked(program, tomas, mail) == [(wave.reference, "part-of", True)]
    with program.work(tomas, write=False) as work:
        told = [queries.timeline(work, each.reference).rows[0] for each in (wave, mail)]
    assert [entry.values["relation"] for entry in told] == ["has-part", "part-of"]
    with program.work(tomas) as work:
        service.unlink_incidents(work, UnlinkIncidents(mail.reference, wave.reference))
    assert linked(program, tomas, wave) == linked(program, tomas, mail) == []


def test_a_link_that_makes_no_sense_is_refused(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    one, two, three = (an_incident(program, tomas) for _ in range(3))
    link(program, tomas, one, Wish.PART_OF, two)
    link(program, tomas, two, Wish.PART_OF, three)

    for wrong, wish, other, refusal in (
        (one, Wish.RELATED, one, LinkToItself),
        (two, Wish.RELATED, one, LinkedAlready),
        (three, Wish.PART_OF, one, LinkInCircle),
        (one, Wish.HAS_PART, three, LinkInCircle),
    ):
        with pytest.raises(refusal):
            link(program, tomas, wrong, wish, other)
    with pytest.raises(OtherUnknown, match="INC-2026-9999"), program.work(tomas) as work:
        nowhere = LinkIncidents(one.reference, "INC-2026-9999", Wish.RELATED)
        service.link_incidents(work, nowhere)
    link(program, tomas, one, Wish.PART_OF, three)  # of two wholes that hold each other: fine


def test_what_the_reader_may_not_see_is_neither_shown_nor_counted_nor_told(
    program: Program,
) -> None:
    tomas, lead = a_person(program, "Tomas", Role.HANDLER), a_person(program, "Irena", Role.LEAD)
    plain = an_incident(program, tomas)
    red = an_incident(program, tomas, tlp=Tlp.RED)
    with_observables(program, tomas, plain, "198.51.100.9")
    with_observables(program, tomas, red, "198.51.100.9")
    with program.work(lead, write=False) as work:
        before = queries.incident_view(work, plain.reference).entries

    link(program, tomas, plain, Wish.HAS_PART, red)

    assert linked(program, tomas, plain) == [(red.reference, "part-of", False)]
    assert linked(program, lead, plain) == []
    with program.work(lead, write=False) as work:
        view = queries.incident_view(work, plain.reference)
        page = queries.timeline(work, plain.reference)
        around = neighbours(work, view.incident)
    assert view.entries == page.total == len(page.rows) == before
    assert all(entry.kind is not EntryKind.LINKED for entry in page.rows)
    assert (around.links, around.sharing) == ([], [])
    with pytest.raises(OtherUnknown):
        link(program, lead, plain, Wish.RELATED, red)
    with pytest.raises(OtherUnknown), program.work(lead) as work:
        service.unlink_incidents(work, UnlinkIncidents(plain.reference, red.reference))
    with pytest.raises(NoSuchIncident), program.work(lead) as work:
        service.link_incidents(work, LinkIncidents(red.reference, plain.reference, Wish.RELATED))
    close = ChangeState(
        plain.reference, view.incident.version, IncidentState.CLOSED, "Nothing", CloseReason.TEST
    )
    with program.work(tomas) as work:
        work.session.execute(sa.update(Incident).values(owner_id=tomas.id))
    with program.work(lead) as work:
        assert service.change_state(work, close).state is IncidentState.CLOSED


@pytest.mark.parametrize("seed", range(3))
def test_links_made_at_random_never_go_in_a_circle(program: Program, seed: int) -> None:
    """Of each two, one of the ways is always free; so all of them get linked, and some are on top."""
    tomas = a_person(program, "Tomas", Role.HANDLER)
    made = [an_incident(program, tomas) for _ in range(5)]
    pairs = list(itertools.permutations(made, 2))
    random.Random(seed).shuffle(pairs)

    refused = 0
    for one, other in pairs:
        try:
            link(program, tomas, one, Wish.PART_OF, other)
        except (LinkedAlready, LinkInCircle):
            refused += 1

    with program.work(tomas, write=False) as work:
        columns = (IncidentRelation.incident_id, IncidentRelation.other_id)
        rows = work.session.execute(sa.select(*columns)).all()
    assert (len(rows), refused) == (10, 10)
    above = {each.id: {high for low, high in rows if low == each.id} for each in made}
    assert sorted(len(highs) for highs in above.values()) == [0, 1, 2, 3, 4]


def test_what_stands_around_an_incident_is_gathered_and_the_important_is_chosen(
    program: Program,
) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    middle = an_incident(program, tomas)
    with_observables(program, tomas, middle, "198.51.100.9 evil.example")
    for _ in range(8):
        other = an_incident(program, tomas)
        with_observables(program, tomas, other, "198.51.100.9")
    part = an_incident(program, tomas, title="Part")
    link(program, tomas, middle, Wish.HAS_PART, part)
    with program.work(tomas) as work:
        for number in range(6):
            party = AddParty(middle.reference, f"Bank {number}", PartyRole.VICTIM)
            service.add_party(work, party)

    with program.work(tomas, write=False) as work:
        around = neighbours(work, queries.incident_view(work, middle.reference).incident)
    drawn = important(around, 12)

    assert [each.reference for each in around.links] == [part.reference]
    assert {each.count for each in around.sharing} == {1}
    assert len(around.parties) == 6
    assert len(drawn) == 12
    kinds = [kind for kind, _ in drawn]
    assert kinds[0] is NodeKind.LINKED
    assert set(kinds) == {NodeKind.LINKED, NodeKind.SHARING, NodeKind.PARTY}
    assert important(around, 3)[0][0] is NodeKind.LINKED


def test_constituents_are_named_changed_taken_off_and_put_back(program: Program) -> None:
    tomas, lin = (a_person(program, name, Role.HANDLER) for name in ("Tomas", "Lin"))
    incident, other = an_incident(program, tomas), an_incident(program, tomas)
    cmd = AddParty(incident.reference, "Harbour Water", PartyRole.VICTIM, "water", "KE", "Called")
    with program.work(tomas) as work:
        party = service.add_party(work, cmd)

    def edit(version: int, **changes: object) -> EditParty:
        given = {"name": "Harbour Water Ltd", "role": PartyRole.VICTIM, **changes}
        return EditParty(incident.reference, party.id, version, **given)  # type: ignore[arg-type]

    with pytest.raises(PartyThere), program.work(lin) as work:
        service.add_party(work, cmd)
    with program.work(lin) as work:
        service.edit_party(work, edit(1))
    for wrong, refusal in (
        (edit(1), PartyChanged),
        (edit(2, country="ZZ"), CountryUnknown),
        (EditParty(other.reference, party.id, 2, "x", PartyRole.SOURCE), NoSuchParty),
    ):
        with pytest.raises(refusal), program.work(tomas) as work:
            service.edit_party(work, wrong)
    with program.work(tomas) as work:
        service.remove_party(work, RemoveParty(incident.reference, party.id))
    with program.work(tomas, write=False) as work:
        assert service.parties_of(work, incident.id) == []
    with program.work(tomas) as work:
        service.restore_party(work, RestoreParty(incident.reference, party.id))

    with program.work(tomas, write=False) as work:
        (there,) = service.parties_of(work, incident.id)
        kinds = [row.kind.value for row in queries.timeline(work, incident.reference).rows]
    assert (there.name, there.sector) == ("Harbour Water Ltd", None)
    assert kinds[:4] == ["party-restored", "party-removed", "party-changed", "party-added"]


def test_an_observable_is_anothers_in_another_incident(program: Program) -> None:
    tomas = a_person(program, "Tomas", Role.HANDLER)
    here, there = an_incident(program, tomas), an_incident(program, tomas)
    (mine,) = with_observables(program, tomas, here, "198.51.100.9")
    with_observables(program, tomas, there, "198.51.100.9")

    with program.work(tomas) as work:
        cmd = PlaceObservable(here.reference, mine.id, Side.VICTIM, "Their mail server")
        service.place_observable(work, cmd)
    with pytest.raises(ObservablesUnknown), program.work(tomas) as work:
        service.place_observable(work, PlaceObservable(there.reference, mine.id, Side.ATTACKER))

    with program.work(tomas, write=False) as work:
        said = [
            queries.observables(work, each.reference, state=ObservableState.CONFIRMED).rows[0]
            for each in (here, there)
        ]
        entry = queries.timeline(work, here.reference).rows[0]
    assert [(row.side, row.comment) for row in said] == [
        (Side.VICTIM, "Their mail server"),
        (None, ""),
    ]
    assert entry.values == {"value": "198.51.100.9", "side": "victim"}
    assert issubclass(NoSuchParty, NotFound)
