"""What a peer's name leads to: asked for once per connection, checked, and no other address is spoken to."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa

from cirt.exchange.links.service import AddLink, add_link
from cirt.exchange.models import Link, LinkDirection, Run, RunState
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits, dial
from cirt.kernel.work import CONSOLE, SYSTEM
from cirt.worker.loop import run_worker
from tests.support.hostile import Asked, Handler, Peer, hostile
from tests.support.processes import wait_until
from tests.support.sync import a_far_peer, a_link, have

NAME = "taxii.cert-b.example"
PUBLIC, INSIDE = "9.9.9.9", "127.0.0.1"
CAPS = Caps(page_size=2, request=Limits(1, 1, 1, 2_000_000))

Answer = list[str] | Callable[[], list[str]]


@dataclass
class Names:
    """What the resolver answers for ``NAME``, in turn, the last one from then on; others are asked in earnest."""

    answers: list[Answer]
    asked: int = 0
    dialled: list[str] = field(default_factory=list)

    def look_up(self, host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if host != NAME:
            return _in_earnest(host, port, *args, **more)
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        found = answer() if callable(answer) else answer
        return [_entry(address, port) for address in found]

    def dial(self, _family: Any, address: tuple[str, int], limits: Limits) -> socket.socket:
        """Public addresses are played by loopback."""
        self.dialled.append(address[0])
        return dial(socket.AF_INET, (INSIDE, address[1]), limits)


_in_earnest = socket.getaddrinfo


def _entry(address: str, port: int) -> Any:
    is_six = ":" in address
    family = socket.AF_INET6 if is_six else socket.AF_INET
    sockaddr: tuple[Any, ...] = (address, port, 0, 0) if is_six else (address, port)
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", sockaddr


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    made = Names([[PUBLIC]])
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    return made


def closed(program: Program, names: Names) -> Program:
    """Nothing inside is allowed; loopback plays what is outside."""
    settings = replace(program.settings, outbound_allow=())
    return replace(program, settings=settings, dial=names.dial)


def named(peer: Peer) -> str:
    return f"{peer.base.replace(INSIDE, NAME)}/taxii2/"


def _goodbye(handler: Handler, _asked: Asked) -> None:
    """Answers and closes, so that the next question needs another connection."""
    handler.peer.acts = {}
    handler._discovery()
    handler.close_connection = True


def test_a_name_is_asked_for_once_and_what_it_led_to_is_dialled(
    program: Program, names: Names
) -> None:
    names.answers = [[PUBLIC], [INSIDE]]
    with hostile("good") as peer:
        link_id = a_link(program, named(peer))

        run = pull_link(closed(program, names), link_id, caps=CAPS)

    assert (run.error, run.taken) == (None, 6)
    assert (names.asked, names.dialled) == (1, [PUBLIC])


def test_a_name_that_leads_inside_later_is_refused_at_the_next_connection(
    program: Program, names: Names
) -> None:
    names.answers = [[PUBLIC], [INSIDE]]
    with hostile("good", acts={"discovery": _goodbye}) as peer:
        link_id = a_link(program, named(peer))

        run = pull_link(closed(program, names), link_id, caps=CAPS)

        assert peer.requests == ["/taxii2/"]
    assert run.error == "address-refused"
    assert run.error_values == {"host": NAME, "address": INSIDE}
    assert (names.asked, names.dialled) == (2, [PUBLIC])


@pytest.mark.parametrize(
    "answer",
    [
        [PUBLIC, INSIDE],
        [INSIDE, PUBLIC],
        [PUBLIC, "10.1.2.3"],
        [PUBLIC, *["9.9.9.10"] * 20, "192.168.0.1"],
        ["2620:fe::fe", "fd00::1"],
        ["::ffff:127.0.0.1"],
        ["::ffff:10.0.0.1", PUBLIC],
        ["::7f00:1"],
        ["64:ff9b::7f00:1"],
        ["64:ff9b:1::7f00:1"],
        ["2002:7f00:1::"],
        ["fec0::1"],
        ["fe80::1%lo"],
        ["169.254.169.254"],
        ["0.0.0.0"],
    ],
    ids=", ".join,
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_name_of_which_one_address_is_inside_is_not_spoken_to(
    program: Program, names: Names, answer: list[str]
) -> None:
    names.answers = [answer]
    with hostile("good") as peer:
        link_id = a_link(program, named(peer))

        run = pull_link(closed(program, names), link_id, caps=CAPS)

        assert peer.requests == []
    assert (run.error, names.dialled) == ("address-refused", [])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "LOCALHOST.",
     "[::ffff:127.0.0.1]", "[::1]", "[::]", "0"],
)  # fmt: skip
@pytest.mark.parametrize("backend", ["sqlite"])
def test_loopback_is_refused_however_it_is_written(
    program: Program, names: Names, host: str
) -> None:
    with hostile("good") as peer:
        link_id = a_link(program, f"{peer.base.replace(INSIDE, host)}/taxii2/")

        run = pull_link(closed(program, names), link_id, caps=CAPS)

        assert peer.requests == []
    assert (run.error, names.dialled) == ("address-refused", [])


@contextmanager
def stuck(names: Names) -> Iterator[threading.Event]:
    """A resolver that does not answer until it is let go."""
    go_on = threading.Event()

    def wait() -> list[str]:
        go_on.wait(120)
        raise socket.gaierror(socket.EAI_AGAIN, "let go")

    names.answers = [wait]
    try:
        yield go_on
    finally:
        go_on.set()


def test_a_resolver_that_hangs_ends_with_the_deadline(program: Program, names: Names) -> None:
    with stuck(names):
        link_id = a_link(program, f"http://{NAME}/taxii2/")

        run = pull_link(closed(program, names), link_id, caps=CAPS)

    assert (run.error, names.dialled) == ("too-slow", [])
    assert run.error_values["host"] == NAME


def test_a_resolver_that_hangs_keeps_no_other_link_waiting(
    program: Program, names: Names, clock: FakeClock
) -> None:
    """The other's run is done while the name is still being looked for."""
    stop = threading.Event()

    def states() -> dict[str, RunState]:
        with program.work(SYSTEM, write=False) as work:
            query = sa.select(Link.remote, Run.state).join(Run, Run.link_id == Link.id)
            return {one.remote: one.state for one in work.session.execute(query)}

    with hostile("good") as peer, stuck(names) as go_on:
        a_link(program, f"http://{NAME}/taxii2/", "held")
        with program.work(CONSOLE) as work:
            a_far_peer(program, work, f"{peer.base}/taxii2/", "cert-c")
            add_link(work, AddLink("cert-c", "c", LinkDirection.PULL))
        worker = threading.Thread(target=run_worker, args=(program, stop))
        worker.start()
        try:
            wait_until(lambda: states().get("c") is RunState.DONE, "the other link has run")
            assert states()["held"] is RunState.RUNNING
        finally:
            go_on.set()
            stop.set()
            worker.join()

    assert len(have(program)) == 6
    assert states() == {"c": RunState.DONE, "held": RunState.FAILED}
