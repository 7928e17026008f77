"""No peer can stop, flood, loop or lure a sync; whatever good came before stays."""

from dataclasses import replace

import pytest

from cirt.exchange.models import Link, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.kernel.work import CONSOLE
from tests.support.hostile import hostile
from tests.support.store import numbered
from tests.support.sync import a_link, have

CAPS = Caps(
    page_size=2,
    pages=60,
    request=Limits(connect_s=30, read_s=30, deadline_s=60, max_bytes=2_000_000),
)
HASTY = replace(CAPS, request=Limits(connect_s=1, read_s=1, deadline_s=0.5, max_bytes=2_000_000))
FIRST_PAGE = [numbered("indicator", n) for n in (1, 2)]
EVERY = [numbered("indicator", n) for n in range(1, 7)]


def synced(program: Program, mode: str, **more: str) -> Run:
    with hostile(mode, **more) as peer:
        caps = HASTY if mode.startswith("slow") else CAPS
        return pull_link(program, a_link(program, f"{peer.base}/taxii2/"), caps=caps)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("endless pages", "no-progress"),
        ("endless new objects", "run-too-long"),
        ("endless empty pages", "no-progress"),
        ("same token for ever", "no-progress"),
        ("wrong content type", "content-type-wrong"),
        ("no content type", "content-type-wrong"),
        ("redirect of objects", "redirected"),
        ("slow drip", "too-slow"),
        ("slow headers", "too-slow"),
        ("huge body", "answer-too-large"),
        ("gzip bomb", "answer-too-large"),
        ("wrong gzip", "encoding-wrong"),
        ("odd encoding", "encoding-wrong"),
        ("not JSON", "not-json"),
        ("empty body", "not-json"),
        ("JSON of another shape", "answer-wrong"),
        ("member twice", "answer-wrong"),
        ("forbidden", "forbidden"),
        ("busy for long", "peer-busy"),
        ("busy for ever", "peer-failed"),
        ("failing", "peer-failed"),
        ("equal dates", "no-progress"),
    ],
)
def test_trouble_has_a_name_and_leaves_what_was_good(
    program: Program, mode: str, code: str
) -> None:
    run = synced(program, mode)

    assert (run.state, run.error) == (RunState.FAILED, code)
    assert LINK_ERRORS[code].format(**run.error_values)
    if mode != "endless empty pages":
        assert have(program)[:2] == (FIRST_PAGE)
    with program.work(CONSOLE, write=False) as work:
        link = work.session.get_one(Link, run.link_id)
        assert (link.error, link.last_success_at) == (code, None)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("redirect", "redirected"),
        ("root elsewhere", "other-origin"),
        ("unauthorized", "sign-in-refused"),
        ("taxii 2.0", "only-taxii-2-0"),
        ("discovery is a list", "not-json"),
    ],
)
def test_trouble_at_the_door_has_a_name(program: Program, mode: str, code: str) -> None:
    run = synced(program, mode)

    assert (run.error, run.offered) == (code, 0)
    assert LINK_ERRORS[code].format(**run.error_values)


@pytest.mark.parametrize("mode", ["redirect", "root elsewhere", "redirect of objects"])
def test_our_password_never_goes_to_another_origin(program: Program, mode: str) -> None:
    with hostile("good") as other:
        run = synced(program, mode, elsewhere=other.base)

        assert run.error in ("redirected", "other-origin")
        assert other.requests == []
        assert other.base in str(run.error_values.values())


@pytest.mark.parametrize(
    "mode",
    [
        "good",
        "bundle",
        "numeric next",
        "missing headers",
        "no token",
        "equal dates with token",
        "no match version",
        "token expires",
        "busy once",
    ],
)
def test_what_is_only_odd_is_read_to_the_end(program: Program, mode: str) -> None:
    run = synced(program, mode)

    assert (run.state, run.error) == (RunState.DONE, None)
    assert have(program) == EVERY
    assert run.offered == run.taken + run.known + run.held + run.refused


@pytest.mark.parametrize(
    "mode", ["deep nesting", "duplicate keys", "not a number", "half a character"]
)
def test_one_bad_object_costs_no_good_one(program: Program, mode: str) -> None:
    run = synced(program, mode)

    assert (run.state, run.offered, run.taken, run.refused) == (RunState.DONE, 3, 2, 1)
    assert have(program) == FIRST_PAGE


def test_a_peer_s_wish_for_a_pause_is_granted(program: Program, clock: FakeClock) -> None:
    before = clock.now()

    synced(program, "busy once")

    assert (clock.now() - before).total_seconds() >= 7


def test_private_addresses_are_not_spoken_to_unless_allowed(program: Program) -> None:
    closed = replace(program, settings=replace(program.settings, outbound_allow=()))
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")

        run = pull_link(closed, link_id, caps=CAPS)

        assert run.error == "address-refused"
        assert peer.requests == []


def test_a_name_that_leads_inside_is_refused_like_the_address(program: Program) -> None:
    closed = replace(program, settings=replace(program.settings, outbound_allow=()))
    with hostile("good") as peer:
        named = peer.base.replace("127.0.0.1", "localhost")

        run = pull_link(closed, a_link(program, f"{named}/taxii2/"), caps=CAPS)

        assert run.error == "address-refused"
        assert peer.requests == []


def test_nobody_listening_is_said_so(program: Program) -> None:
    run = pull_link(program, a_link(program, "http://127.0.0.1:9/taxii2/"), caps=CAPS)

    assert run.error == "nothing-listens"
    assert run.error_values["port"] == 9


def test_a_peer_s_words_carry_no_control_characters(program: Program) -> None:
    run = synced(program, "forbidden")

    assert run.error_values["words"] == "said [31m so"
