"""What runs out by a date is gone at that very moment: from pages, from what says that more follow, from the ledger."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE, Work
from cirt.objects.markings import TLP2_REFS
from cirt.objects.models import StixObject
from cirt.parties.models import Peer
from cirt.parties.peers import find_peer, ourselves, set_credentials
from cirt.parties.roles import Role
from cirt.release.collections import find_collection
from cirt.release.filters import Filter
from cirt.release.holdings.accounting import account_due
from cirt.release.holdings.queries import holds_of
from cirt.release.models import PageRead
from cirt.release.permitting import record_permission
from cirt.release.publishing import publish
from cirt.release.settling import settle_due
from cirt.sharing.models import Agreement
from cirt.sharing.permissions.commands import RecordPermission, Scope
from cirt.sharing.permissions.models import Audience
from tests.support.agreeing import asked_for, ruled
from tests.support.console import at_the_console
from tests.support.databases import Databases
from tests.support.register import a_person
from tests.support.release import a_collection, a_reader, names, read_page, walk
from tests.support.store import a_policy, indicator, numbered, put, relationship
from tests.support.taxii import MEDIA, PASSWORD, ROOT, position

END = datetime(2026, 11, 5, 10, tzinfo=UTC)
FIRST_GONE, LAST_GONE = 40, 41  # numbers of indicators
GONE = tuple(numbered("indicator", each) for each in (FIRST_GONE, LAST_GONE))
JOINED = numbered("relationship", 1)
STAYS = tuple(numbered("indicator", each) for each in (1, 2, 3))
EVERYTHING = {*STAYS, *GONE, JOINED}

Way = Callable[[Work, int], list[int]]  # stores one that runs out: its version


def by_permission(work: Work, number: int) -> list[int]:
    stored = put(work, indicator(number, tlp=Tlp.AMBER), origin=find_peer(work.session, "bringer"))
    cmd = RecordPermission(
        Scope.OBJECT,
        "The bringer",
        Audience.PEERS,
        Tlp.AMBER,
        stix_id=numbered("indicator", number),
        until=END,
        evidence="Said so on Monday.",
    )
    record_permission(work, cmd)
    return [each.version_id for each in stored]


def by_policy(work: Work, number: int) -> list[int]:
    policy = a_policy(number, end_date=END.isoformat().replace("+00:00", "Z"))
    put(work, policy)
    marked = [TLP2_REFS[Tlp.GREEN], policy.stix_id]
    return [each.version_id for each in put(work, indicator(number, object_marking_refs=marked))]


def by_transit(work: Work, number: int) -> list[int]:
    stored = put(work, indicator(number, tlp=Tlp.GREEN), origin=find_peer(work.session, "leaving"))
    return [each.version_id for each in stored]


WAYS: dict[str, Way] = {"permission": by_permission, "policy": by_policy, "transit": by_transit}


@dataclass(frozen=True)
class Place:
    """An installation with one reader; in the one of two, some of what it is offered runs out at ``END``."""

    program: Program
    reader: Peer
    client: Client = field(compare=False)

    def ask(self, path: str, method: str = "GET", **params: Any) -> TestResponse:
        return self.client.open(
            f"{ROOT}collections/indicators/{path}",
            method=method,
            query_string=params,
            headers={"Accept": MEDIA},
            auth=("cert-b", PASSWORD),
        )


def a_place(program: Program, clock: FakeClock, way: Way, *, has_more: bool) -> Place:
    clock.at = END - timedelta(hours=1)
    with program.work(CONSOLE) as work:
        reader = a_reader(work, transit=True)
        set_credentials(work, reader.slug, reader.slug, PASSWORD)
        a_reader(work, "bringer", transit=True)
        a_reader(work, "leaving", transit=True, valid_until=END)
        a_collection(work, reader)

    def add(made: Callable[[Work], list[int]]) -> None:
        clock.forward(minutes=1)
        with program.work(CONSOLE) as work:
            version_ids = made(work)
            publish(work, find_collection(work.session, "indicators"), version_ids)

    def ours(number: int) -> Callable[[Work], list[int]]:
        return lambda work: put_ours(
            work,
            indicator(number, tlp=Tlp.GREEN, created_by_ref=ourselves(work.session).identity_id),
        )

    def joined(work: Work) -> list[int]:
        us = ourselves(work.session).identity_id
        link = relationship(STAYS[0], GONE[0], tlp=Tlp.GREEN, created_by_ref=us)
        return put_ours(work, link)

    steps = [ours(1), lambda work: way(work, FIRST_GONE), joined, ours(2), ours(3)]
    steps.append(lambda work: way(work, LAST_GONE))
    for number, step in enumerate(steps):
        if has_more or number not in (1, 2, 5):
            add(step)
        else:
            clock.forward(minutes=1)
    clock.at = END
    return Place(program, reader, Client(create_app(program)))


def put_ours(work: Work, *made: Any) -> list[int]:
    return [each.version_id for each in put(work, *made)]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


@pytest.fixture
def place(program: Program, clock: FakeClock, way: Way) -> Place:
    return a_place(program, clock, way, has_more=True)


@pytest.fixture
def twins(
    backend: str, databases: Databases, tmp_path: Path, clock: FakeClock, way: Way
) -> Iterator[tuple[Place, Place]]:
    with ExitStack() as both:
        more, less = (
            a_place(
                both.enter_context(databases.program(backend, tmp_path / str(more), clock)),
                clock,
                way,
                has_more=more,
            )
            for more in (True, False)
        )
        yield more, less


Said = tuple[str, int, list[tuple[str, str]], bytes]


def told(place: Place) -> list[Said]:
    """Everything that the reader can ask for, page by page."""
    said: list[Said] = []
    for path in ("objects/", "manifest/"):
        for limit in (1, 2, 100):
            said += pages(place, path, {"limit": limit})
        said += pages(place, path, {"limit": 2, "match[version]": "all"}, by_date=True)
    for stix_id in (*STAYS, *GONE, JOINED):
        for path in (f"objects/{stix_id}/", f"objects/{stix_id}/versions/"):
            said += pages(place, path, {})
        said += pages(place, "objects/", {"match[id]": stix_id})
    for path in ("objects/", "manifest/"):
        head = place.ask(path, "HEAD")
        said.append((f"HEAD {path}", head.status_code, shown(head), b""))
    return said


def pages(
    place: Place, path: str, params: dict[str, Any], *, by_date: bool = False
) -> Iterator[Said]:
    while True:
        asked = f"{path} {sorted((name, str(value)) for name, value in params.items() if name != 'next')}"
        answer = place.ask(path, **params)
        body, token = answer.get_data(), ""
        if answer.status_code == 200:
            token = answer.get_json(force=True).get("next", "")
            # Its signature covers the collection's random id; the date in it is told.
            body = body.replace(token.encode(), str(position(token)).encode()) if token else body
        elif answer.status_code == 404:
            body = answer.get_json(force=True)["error_code"].encode()
        yield asked, answer.status_code, shown(answer), body
        if not token:
            return
        if by_date:
            params["added_after"] = answer.headers["X-TAXII-Date-Added-Last"]
        else:
            params["next"] = token


def shown(answer: TestResponse) -> list[tuple[str, str]]:
    own = ("X-Request-Id", "Date", "Content-Length" if answer.status_code == 404 else "")
    return sorted((name, value) for name, value in answer.headers if name not in own)


def test_at_the_second_of_its_end_it_is_as_if_it_had_never_been(
    twins: tuple[Place, Place], clock: FakeClock
) -> None:
    more, less = twins
    clock.at = END - timedelta(milliseconds=1)
    assert told(more) != told(less)  # pages are remembered by now

    clock.at = END
    assert told(more) == told(less)

    for each in twins:
        with each.program.work(CONSOLE) as work:
            settle_due(work)
    assert told(more) == told(less)


def test_a_moment_before_its_end_everything_is_there_and_stays_in_the_ledger(
    place: Place, clock: FakeClock
) -> None:
    clock.at = END - timedelta(milliseconds=1)

    for path in ("objects/", "manifest/"):
        answer = place.ask(path)
        assert {each["id"] for each in answer.get_json(force=True)["objects"]} >= EVERYTHING
    for stix_id in EVERYTHING:
        assert place.ask(f"objects/{stix_id}/versions/").get_json(force=True)["versions"]
    assert fetched(place) == EVERYTHING

    clock.at = END
    read_page(place.program, place.reader)
    account_due(place.program)
    assert fetched(place) == EVERYTHING


def test_the_ledger_says_that_it_was_not_fetched(place: Place) -> None:
    for limit in (1, 3, 100):
        walk(place.program, place.reader, limit=limit)
    walk(place.program, place.reader, wanted=Filter(types=("indicator", "relationship")))
    at_once = fetched(place)
    account_due(place.program)
    accounted = fetched(place)
    with place.program.work(CONSOLE) as work:
        settle_due(work)
    read_page(place.program, place.reader)
    account_due(place.program)

    assert at_once == accounted == fetched(place) == set(STAYS)


@pytest.mark.parametrize("way", ["transit"], indirect=True)
def test_a_page_that_passes_over_what_ran_out_is_written_down_by_its_rows(place: Place) -> None:
    """And one that passes over nothing by its ends alone, as most are."""
    read_page(place.program, place.reader)
    with place.program.work(CONSOLE) as work:
        settle_due(work)
    read_page(place.program, place.reader)

    with place.program.work(CONSOLE, write=False) as work:
        named, whole = work.session.scalars(sa.select(PageRead).order_by(PageRead.id))
    assert named.shown is not None
    assert len(named.shown) == named.count
    assert whole.shown is None
    assert whole.count == named.count


def at_the_desk(program: Program) -> None:
    tomas, irena = (a_person(program, name, Role.LEAD) for name in ("Tomas", "Irena"))
    more = {"transit": True, "valid_until": datetime(2099, 12, 31, tzinfo=UTC)}
    ruled(program, irena, asked_for(program, tomas, agreement_with(program, "leaving"), **more))


def by_a_change_from_the_console(program: Program) -> None:
    saying("change", agreement_with(program, "leaving"), "--until", "2099-12-31")(program)


def by_a_new_one_from_the_console(program: Program) -> None:
    with program.work(CONSOLE) as work:  # its number must be free
        earlier = sa.func.replace(Agreement.reference, "MOU-2026", "MOU-2025")
        work.session.execute(sa.update(Agreement).values(reference=earlier))
    saying("add", "--peer", "leaving", "--ceiling", "amber", "--level", "mou", "--transit")(program)


def saying(*words: str) -> Callable[[Program], None]:
    def say(program: Program) -> None:
        done = at_the_console(program, "agreement", *words)
        assert done.exit_code == 0, done.output

    return say


def agreement_with(program: Program, slug: str) -> str:
    with program.work(CONSOLE, write=False) as work:
        query = sa.select(Agreement.reference).join(Peer, Peer.id == Agreement.peer_id)
        return work.session.scalars(query.where(Peer.slug == slug)).one()


@pytest.mark.parametrize("way", ["transit"], indirect=True)
@pytest.mark.parametrize(
    "regain", [at_the_desk, by_a_change_from_the_console, by_a_new_one_from_the_console]
)
def test_what_a_reader_passed_comes_again_behind_it_where_an_agreement_holds_again(
    place: Place, clock: FakeClock, regain: Callable[[Program], None]
) -> None:
    """Before any job has closed what ran out, so nobody but the act itself can have."""
    passed = read_page(place.program, place.reader)
    assert set(names(passed.rows)) == set(STAYS)
    clock.forward(minutes=1)

    regain(place.program)

    clock.at = datetime(2099, 1, 1, tzinfo=UTC)  # the console has a clock of its own
    assert set(names(read_page(place.program, place.reader, after_us=passed.position_us).rows)) == {
        *GONE,
        JOINED,
    }


def fetched(place: Place) -> set[str]:
    """What the ledger says that the reader has, of what this is about."""
    with place.program.work(CONSOLE, write=False) as work:
        query = sa.select(StixObject.id, StixObject.stix_id)
        names = {row.id: row.stix_id for row in work.session.execute(query)}
        holds = holds_of(work.session, list(names))
    return EVERYTHING & {
        names[object_id] for object_id, mine in holds.items() if any(one.had_it for one in mine)
    }
