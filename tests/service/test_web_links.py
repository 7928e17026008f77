"""Pages of links: added with a look at what follows, changed, paused, begun from a chosen day on."""

from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.links.probing import ESTIMATE, REHEARSE
from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import Link, LinkDirection
from cirt.exchange.pulling.pull import pull_link
from cirt.kernel.jobs import Job
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.parties.roles import Role
from cirt.worker.loop import run_one
from tests.support.browse import Visitor, signed_in
from tests.support.plain_peer import plain_peer
from tests.support.release import a_collection, our_indicator, published
from tests.support.store import indicator
from tests.support.sync import a_far_peer, have

SIX = [indicator(n).content() for n in range(1, 7)]
FAR = "http://127.0.0.1:9/taxii2/"


def a_peer_with_objects(program: Program, url: str = FAR) -> None:
    with program.work(CONSOLE) as work:
        far = a_far_peer(program, work, url)
        published(work, a_collection(work, far), our_indicator(work))


def links(program: Program) -> list[Link]:
    with program.work(CONSOLE, write=False) as work:
        return list(work.session.scalars(sa.select(Link).order_by(Link.id)))


def typed(**more: Any) -> dict[str, Any]:
    return {
        "peer": "cert-b",
        "direction": "pull",
        "remote": "c",
        "every_s": "10m",
        "cron": "",
        "types": "",
        "day_bytes": "",
        **more,
    }


def add(lead: Visitor, **more: Any) -> None:
    lead.get("/sync/links/new?peer=cert-b")
    lead.send("/sync/links/new", **typed(do="look", **more))
    assert "What follows" in lead.text
    lead.send("/sync/links/new", **typed(do="save", **more))
    lead.follow()


def test_a_pull_is_added_estimated_and_begun_from_a_day_on(program: Program) -> None:
    with plain_peer(SIX) as peer:
        a_peer_with_objects(program, f"{peer.base}/taxii2/")
        lead = signed_in(program, Role.LEAD)
        lead.get("/sync/links/new?peer=cert-b")
        lead.send("/sync/links/new", **typed(do="look"))
        assert "Nothing is read at once" in lead.text
        assert links(program) == []

        lead.send("/sync/links/new", **typed(do="save", types="indicator malware", day_bytes="20"))
        lead.follow()

        assert "being asked how much there is" in lead.text
        while run_one(program):
            pass
        assert len(have(program)) == 1  # our own
        [link] = links(program)
        lead.get(f"/sync/links/{link.id}")
        assert "6 objects. The oldest was added on 2026-01-01" in lead.text
        assert "of 20.0 MB" in lead.text
        lead.send(f"/sync/links/{link.id}/begin", start="other", since="")
        assert "Enter a day" in lead.text
        lead.send(f"/sync/links/{link.id}/begin", start="all", since="")
        lead.follow()
        assert "It begins with its next run" in lead.text
        lead.send(f"/sync/links/{link.id}/run")
        while run_one(program):
            pass

    assert len(have(program)) == 7
    assert (link.every_s, link.types, link.day_bytes) == (600, ["indicator", "malware"], 20_000_000)


def test_a_push_says_how_much_would_go_before_it_is_added(program: Program) -> None:
    a_peer_with_objects(program)
    lead = signed_in(program, Role.LEAD)
    push = {"direction": "push", "collection": "indicators"}
    lead.get("/sync/links/new")
    lead.send("/sync/links/new", **typed(do="look", **push))

    assert "3 objects that stand open for it go with the first run" in lead.text
    lead.send("/sync/links/new", **typed(do="save", **push))
    lead.follow()
    assert "From our collection indicators" in lead.text
    [link] = links(program)
    assert not link.waits_for_choice  # it begins by itself: its reader is chosen by the release


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"remote": ""}, "Enter the id or the alias"),
        ({"peer": "nobody"}, "There is no peer nobody"),
        ({"direction": ""}, "Choose whether we read it"),
        ({"every_s": "2 weeks"}, "Enter a span"),
        ({"every_s": "2d"}, "a day at most"),
        ({"cron": "at noon"}, "is no schedule"),
        ({"cron": "0 0 31 2 *"}, "no day that ever comes"),
        ({"types": "Indicator"}, "is no type"),
        ({"day_bytes": "much"}, "how many megabytes"),
        ({"day_bytes": "0.001"}, "would not hold one page"),
        ({"collection": "indicators"}, "Only a push link"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_what_was_typed_stays(
    program: Program, more: dict[str, str], said: str
) -> None:
    a_peer_with_objects(program)
    lead = signed_in(program, Role.LEAD)
    lead.get("/sync/links/new")

    answer = lead.send("/sync/links/new", **typed(do="save", **more))

    assert answer.status_code in (404, 409, 422)
    assert said in lead.text
    assert links(program) == []


def test_a_change_that_reads_more_is_asked_about_first(program: Program) -> None:
    a_peer_with_objects(program)
    with program.work(CONSOLE) as work:
        link = add_link(
            work, AddLink("cert-b", "c", LinkDirection.PULL, types=("malware",), cron="0 3 * * *")
        )
        link.cursor = "2026-01-01T00:00:06.000000Z"
    lead = signed_in(program, Role.LEAD)
    path = f"/sync/links/{link.id}"
    fields = {"every_s": "1h", "cron": "", "types": "malware", "day_bytes": "1.5", "since": ""}
    lead.get(path)
    lead.send(f"{path}/terms", **fields, do="look")
    lead.follow()
    assert "Saved" in lead.text
    [now] = links(program)
    assert (now.every_s, now.cron, now.day_bytes, now.cursor) == (
        3600,
        None,
        1_500_000,
        "2026-01-01T00:00:06.000000Z",
    )

    lead.send(f"{path}/terms", **{**fields, "types": ""}, do="look")
    assert "More would be read than until now" in lead.text
    assert links(program)[0].types == ["malware"]
    lead.send(f"{path}/terms", **{**fields, "types": ""}, do="sure")
    [now] = links(program)
    assert (now.types, now.cursor) == (None, None)


def test_a_mistyped_collection_is_mended_as_long_as_the_link_has_never_worked(
    program: Program,
) -> None:
    with plain_peer(SIX) as peer:
        a_peer_with_objects(program, f"{peer.base}/taxii2/")
        with program.work(CONSOLE) as work:
            link_id = add_link(work, AddLink("cert-b", "cc", LinkDirection.PULL)).id
            add_link(work, AddLink("cert-b", "taken", LinkDirection.PULL))
        assert pull_link(program, link_id).error == "collection-missing"

        lead, path = signed_in(program, Role.LEAD), f"/sync/links/{link_id}"
        lead.get(path)
        lead.send(f"{path}/terms", remote="taken", do="look")
        assert "There is already a link to cert-b for taken" in lead.text
        lead.send(f"{path}/terms", remote="c", do="look")
        lead.follow()
        assert "Saved" in lead.text
        assert pull_link(program, link_id).taken == 6

    lead.get(path)
    form = lead.form(f"{path}/terms").fields
    assert "remote" not in form
    lead.post(f"{path}/terms", {**form, "remote": "cc", "do": "look"})
    assert "This link has reached c, so that stays its collection." in lead.text
    assert [each.remote for each in links(program)] == ["c", "taken"]


def test_a_link_is_paused_resumed_and_rehearsed(program: Program) -> None:
    with plain_peer(SIX) as peer:
        a_peer_with_objects(program, f"{peer.base}/taxii2/")
        with program.work(CONSOLE) as work:
            link_id = add_link(work, AddLink("cert-b", "c", LinkDirection.PULL)).id
        lead = signed_in(program, Role.LEAD)
        path = f"/sync/links/{link_id}"
        lead.get(path)
        assert "While the link is paused, nothing is asked or sent" in lead.text
        assert f'href="{path}/runs"' in lead.page
        lead.send(f"{path}/pause")
        lead.follow()
        assert "Paused" in lead.text
        lead.send(f"{path}/resume")
        lead.follow()
        assert "It goes on" in lead.text
        lead.send(f"{path}/rehearse")
        lead.follow()
        assert "Under way" in lead.text
        assert lead.send(f"{path}/rehearse").status_code == 409
        while run_one(program):
            pass
        lead.get(path)

    assert "Offered 6: 6 would be taken" in lead.text
    assert len(have(program)) == 1


def test_whoever_may_not_change_peers_sees_the_link_and_no_form(program: Program) -> None:
    a_peer_with_objects(program)
    with program.work(CONSOLE) as work:
        link_id = add_link(work, AddLink("cert-b", "c", LinkDirection.PULL)).id
    handler = signed_in(program, Role.HANDLER)
    handler.get(f"/sync/links/{link_id}")

    assert "Last success" in handler.text
    assert f'action="/sync/links/{link_id}' not in handler.page
    assert handler.get("/sync/links/new").status_code == 403
    assert handler.get("/sync/links/999").status_code == 404
    token = handler.form("/sign-out").fields["form_token"][0]
    for act in ("/terms", "/begin", "/pause", "/resume", "/estimate", "/rehearse"):
        answer = handler.post(
            f"/sync/links/{link_id}{act}", {"form_token": token, **typed(), "start": "all"}
        )
        assert answer.status_code in (403, 422), act
    with program.work(CONSOLE, write=False) as work:
        kinds = set(work.session.scalars(sa.select(Job.kind)))
    assert not kinds & {ESTIMATE, REHEARSE}
