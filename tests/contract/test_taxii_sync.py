"""Walks beside writers, clocks, restarts and changed rights: cases 40, 43, 44, 59 and 113 to 120."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import find_peer, resume_peer, set_credentials, suspend_peer
from cirt.release.collections import add_member, find_collection, remove_member
from cirt.release.models import PageRead
from cirt.sharing.agreements.commands import ChangeAgreement
from cirt.sharing.agreements.service import change_agreement
from cirt.sharing.models import Direction
from tests.support.agreeing import agreement_in_force
from tests.support.taxii import (
    PASSWORD,
    ROOT,
    Client,
    World,
    an_indicator,
    assert_error,
    found_world,
    keys_of,
    newer,
    publish_own,
    served,
)

RW = "collections/rw/objects/"
LAST = "X-TAXII-Date-Added-Last"


@pytest.fixture
def world_alice(world: World) -> Iterator[Client]:
    """Alice before the instance that is shared and not changed."""
    client = world.client("alice")
    yield client
    client.close()


@pytest.fixture
def base(program: Program) -> Iterator[str]:
    """An instance of its own, with alice, bob, carol and empty collections."""
    found_world(program)
    with served(program) as address:
        yield address


@pytest.fixture
def alice(base: str) -> Iterator[Client]:
    client = Client(base, "alice")
    yield client
    client.close()


@pytest.mark.parametrize("alias", ["rw", "ro", "wo", "no", "empty"])
def test_23_flags_match_deeds_also_with_an_object(alice: Client, alias: str) -> None:
    listed = {one["alias"]: one for one in alice.get("collections/").json()["collections"]}
    flags = listed.get(alias, {"can_read": False, "can_write": False})

    read = alice.get(f"collections/{alias}/objects/").status_code
    written = alice.post(alias, an_indicator()).status_code

    assert (read == 200) == flags["can_read"]
    assert (written == 202) == flags["can_write"]


def test_40_116_a_token_holds_on_another_worker_and_after_a_restart(
    program: Program, alice: Client
) -> None:
    alice.post("rw", *(an_indicator(number) for number in range(20)))
    page = alice.get(RW, limit=6)
    token, date = page.json()["next"], page.headers[LAST]

    with served(program) as other:
        again = Client(other, "alice")
        by_token = [
            key for answer in again.walk(RW, limit=6, next=token) for key in keys_of(answer)
        ]
        by_date = again.keys(RW, limit=6, added_after=date)
        again.close()

    assert by_token == by_date
    assert len(by_date) == 14


def test_43_44_writing_and_deleting_beside_a_walk_skips_nothing(alice: Client) -> None:
    posted = [an_indicator(number) for number in range(30)]
    alice.post("rw", *posted)
    seen: list[str] = []

    for number, page in enumerate(alice.walk(RW, limit=4)):
        seen += [stix_id for stix_id, _ in keys_of(page)]
        alice.post("rw", an_indicator(100 + number)) if number < 5 else None
        alice.ask("DELETE", f"{RW}{posted[number]['id']}/")  # passed long ago
        alice.ask("DELETE", f"{RW}{posted[29 - number // 4]['id']}/")  # still to come, perhaps

    assert len(seen) == len(set(seen))
    assert {one["id"] for one in posted[:25]} <= set(seen)


def post_many(base: str, posted: list[str], sizes: list[int]) -> None:
    client = Client(base, "alice")
    for size in sizes:
        objects = [an_indicator(number) for number in range(size)]
        answer = client.post("rw", *objects)
        assert answer.json()["success_count"] == size, answer.text
        posted.extend(one["id"] for one in objects)
    client.close()


def post_slowly(base: str, posted: list[str], size: int) -> None:
    """Its head is there long before its end, and its objects take longer than all the others."""
    client = Client(base, "alice")
    objects = [an_indicator(number) for number in range(size)]
    answer = client.send("rw", trickled(json.dumps({"objects": objects}).encode()))
    assert answer.json()["success_count"] == size, answer.text
    posted.extend(one["id"] for one in objects)
    client.close()


def trickled(body: bytes, size: int = 20_000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        time.sleep(0.02)
        yield body[start : start + size]


@pytest.mark.parametrize("by_token", [False, True])
def test_113_nothing_is_lost_beside_writers(base: str, by_token: bool) -> None:
    """One slow POST of 500 beside many of 5; the reader goes on by its last header date, or by token until that
    ends, and asks again at random.
    """
    posted: list[str] = []
    chance = random.Random(7)
    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(post_many, base, posted, [5] * 20) for _ in range(3)]
        writing.append(pool.submit(post_slowly, base, posted, 500))
        reader = Client(base, "alice")
        seen: list[str] = []
        where: dict[str, str] = {}
        while True:
            were_done = all(done.done() for done in writing)
            page = reader.get(RW, limit=37, **where)
            found = [stix_id for stix_id, _ in keys_of(page)]
            if found and chance.random() < 0.1:  # the answer is lost: asked again
                continue
            seen += found
            if by_token and page.json().get("more"):
                where = {"next": page.json()["next"]}
            elif found:
                where = {"added_after": page.headers[LAST]}
            elif were_done:
                break
        reader.close()
        for done in writing:
            done.result()

    assert len(posted) == 800
    assert sorted(seen) == sorted(posted)


def test_114_115_dates_rise_also_when_the_clock_steps_back(alice: Client, clock: FakeClock) -> None:
    for step in (7200.0, -60.0, -3600.0, 120.0):
        clock.forward(seconds=step)
        alice.post("rw", an_indicator(), an_indicator())

    records = alice.get("collections/rw/manifest/").json()["objects"]
    dates = [record["date_added"] for record in records]

    assert dates == sorted(set(dates))
    assert len(dates) == 8


def test_117_a_date_in_an_object_moves_no_date_added(alice: Client) -> None:
    """What is dated far ahead waits for a person; the dates of the others are as they would be."""
    far = newer(an_indicator(), days=58 * 365)
    assert far["modified"].startswith("2083-")
    alice.post("rw", an_indicator())
    said = alice.post("rw", far).json()
    alice.post("rw", an_indicator())

    records = alice.get("collections/rw/manifest/").json()["objects"]

    assert "far-future" in said["failures"][0]["message"]
    assert len(records) == 2
    assert all(record["date_added"].startswith("2026-11-18T12:00:00") for record in records)


def test_118_an_altered_token_is_refused(world_alice: Client) -> None:
    alice = world_alice
    token = alice.get(RW, limit=2).json()["next"]

    for place in (0, len(token) // 2, len(token) - 1):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert_error(alice.get(RW, limit=2, next=altered), 400)


def test_118_a_token_is_of_one_account(base: str, program: Program, alice: Client) -> None:
    with program.work(CONSOLE) as work:
        add_member(work, find_collection(work.session, "rw"), find_peer(work.session, "bob"))
    alice.post("rw", *(an_indicator(number) for number in range(5)))
    token = alice.get(RW, limit=2).json()["next"]
    bob = Client(base, "bob")

    assert_error(bob.get(RW, limit=2, next=token), 400)
    assert len(bob.keys(RW)) == 5
    bob.close()


@pytest.mark.parametrize("text", ["'", '"', "%00", "%ff", "a" * 10_000, "\u202e", ";--", "{}"])
@pytest.mark.parametrize(
    "place",
    ["collections/{}/", "collections/{}/objects/", "collections/rw/objects/{}/", "status/{}/", "{}/",
     "collections/rw/objects/?match[id]={}", "collections/rw/objects/?match[type]={}",
     "collections/rw/objects/?match[version]={}", "collections/rw/objects/?next={}",
     "collections/rw/manifest/?match[spec_version]={}", "collections/rw/manifest/?limit={}",
     "collections/rw/manifest/?added_after={}"],
)  # fmt: skip
def test_119_odd_text_anywhere_is_refused_calmly(
    world_alice: Client, place: str, text: str
) -> None:
    assert_error(world_alice.ask("GET", place.format(text)), 400, 404)


def test_120_hidden_and_missing_collections_look_alike(world_alice: Client) -> None:
    alice = world_alice

    def bodies(key: str) -> list[dict[str, str]]:
        paths = (
            "",
            "objects/",
            "manifest/",
            "objects/indicator--x/",
            "objects/indicator--x/versions/",
        )
        asked = [alice.get(f"collections/{key}/{path}") for path in paths]
        asked.append(alice.post(key, an_indicator()))
        asked.append(alice.ask("DELETE", f"collections/{key}/objects/x/"))
        return [{**assert_error(answer, 404), "error_id": ""} for answer in asked]

    assert bodies("no") == bodies("absent")


def test_access_that_pauses_hides_everything_and_tokens_wait(
    program: Program, alice: Client
) -> None:
    alice.post("rw", *(an_indicator(number) for number in range(5)))
    token = alice.get(RW, limit=2).json()["next"]

    with program.work(CONSOLE) as work:
        suspend_peer(work, "alice")
    assert alice.get("collections/").json() == {}
    assert_error(alice.get(RW, limit=2, next=token), 404)
    assert_error(alice.post("rw", an_indicator()), 404)

    with program.work(CONSOLE) as work:
        resume_peer(work, "alice")
    assert len(keys_of(alice.get(RW, limit=9, next=token))) == 3


def test_a_member_who_leaves_and_returns_misses_nothing(program: Program, alice: Client) -> None:
    def member(act: object) -> None:
        with program.work(CONSOLE) as work:
            collection = find_collection(work.session, "ro")
            act(work, collection, find_peer(work.session, "alice"))  # type: ignore[operator]

    publish_own(program, "ro", an_indicator(1))
    before = alice.keys("collections/ro/objects/")
    member(remove_member)
    publish_own(program, "ro", an_indicator(2))
    assert_error(alice.get("collections/ro/objects/"), 404)
    member(add_member)

    after = alice.keys("collections/ro/objects/")

    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


def test_who_came_late_is_offered_the_older_version_when_the_newest_is_removed(
    program: Program, base: str, alice: Client
) -> None:
    first = an_indicator()
    alice.post("rw", first, newer(first))
    with program.work(CONSOLE) as work:
        add_member(work, find_collection(work.session, "rw"), find_peer(work.session, "bob"))
    bob = Client(base, "bob")
    assert bob.keys(RW) == [(first["id"], newer(first)["modified"])]

    alice.ask("DELETE", f"{RW}{first['id']}/?match[version]=last")

    assert alice.keys(RW) == bob.keys(RW) == [(first["id"], first["modified"])]
    bob.close()


def test_a_new_password_ends_the_old_one_at_once(program: Program, base: str) -> None:
    old, new = Client(base, "alice"), Client(base, "alice", "quite another password")
    assert old.get(ROOT).status_code == 200

    with program.work(CONSOLE) as work:
        set_credentials(work, "alice", "alice", "quite another password")

    assert_error(old.get(ROOT), 401)
    assert new.get(ROOT).status_code == 200


def test_wrong_passwords_are_limited_and_the_right_one_is_not(base: str, alice: Client) -> None:
    guess = Client(base, "alice", "a wrong password")

    answers = [guess.get(ROOT) for _ in range(12)]

    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert_error(answers[-1], 429)
    assert alice.get(ROOT).status_code == 200
    assert Client(base, "bob").get(ROOT).status_code == 200
    assert PASSWORD not in answers[0].text


def test_the_limit_on_wrong_passwords_ends_with_time(base: str, clock: FakeClock) -> None:
    guess = Client(base, "alice", "a wrong password")
    for _ in range(11):
        guess.get(ROOT)

    clock.forward(minutes=16)

    assert guess.get(ROOT).status_code == 401


def test_a_page_that_breaks_shows_nothing_of_the_inside(program: Program) -> None:
    """The database is gone: the answer is still a TAXII error."""
    found_world(program)
    broken = replace(program, engine=program.engine.execution_options())
    with served(broken) as base:
        client = Client(base, "alice")
        assert client.get(ROOT).status_code == 200
        with program.engine.connect() as connection:
            connection.exec_driver_sql("DROP TABLE feed_row")
            connection.commit()
        assert_error(client.get(RW), 500, 503)
        client.close()


def test_only_pages_that_gave_objects_are_written_down(program: Program, alice: Client) -> None:
    def written() -> int:
        with program.work(CONSOLE, write=False) as work:
            return work.session.scalar(sa.select(sa.func.count()).select_from(PageRead)) or 0

    alice.post("rw", *(an_indicator(number) for number in range(3)))

    alice.ask("HEAD", RW)
    last = alice.get("collections/rw/manifest/").headers[LAST]
    alice.get(RW, added_after=last)
    alice.get("collections/empty/objects/")
    assert written() == 0

    alice.get(RW, limit=2)
    assert written() == 1


def test_nothing_is_read_under_an_agreement_that_only_takes(
    program: Program, alice: Client
) -> None:
    alice.post("rw", an_indicator())
    with program.work(CONSOLE) as work:
        mine = agreement_in_force(work.session, find_peer(work.session, "alice").id, work.now)
        assert mine is not None
        change_agreement(work, ChangeAgreement(mine.reference, direction=Direction.TAKE))

    flags = {
        one["alias"]: (one["can_read"], one["can_write"])
        for one in alice.get("collections/").json()["collections"]
    }

    assert flags["rw"] == (False, True)
    assert "ro" not in flags
    assert_error(alice.get(RW), 403)
    assert_error(alice.get("collections/ro/objects/"), 404)
    assert alice.post("rw", an_indicator()).status_code == 202
