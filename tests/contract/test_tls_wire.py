"""What a peer does wrong in TLS itself: each ends within its time, under its name, and nothing is read as an answer."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cirt.exchange.models import Run
from cirt.exchange.pulling.pull import pull_link
from cirt.exchange.runs import Caps
from cirt.exchange.trouble import LINK_ERRORS
from cirt.kernel.program import Program
from cirt.kernel.reaching import Limits
from cirt.kernel.work import CONSOLE
from cirt.parties.peers import PeerFacts, set_peer
from tests.support.authority import Authority, server_context
from tests.support.plain_peer import MEDIA, plain_peer
from tests.support.store import indicator
from tests.support.sync import a_link, have

CAPS = Caps(request=Limits(1, 1, 1, 2_000_000))
SIX = [indicator(n).content() for n in range(1, 7)]
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\n".encode()

Act = Callable[[socket.socket, ssl.SSLContext], None]


@contextmanager
def listening(act: Act, context: ssl.SSLContext) -> Iterator[int]:
    """Does this with every connection, each in its thread; the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=meet, args=(taken,), daemon=True).start()

        def meet(taken: socket.socket) -> None:
            taken.settimeout(20)
            with taken, suppress(OSError):
                act(taken, context)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _silent(taken: socket.socket, _context: ssl.SSLContext) -> None:
    while taken.recv(4096):
        pass


def _byte_by_byte(taken: socket.socket, _context: ssl.SSLContext) -> None:
    """A record that is announced, and never whole."""
    taken.sendall(b"\x16\x03\x03\x40\x00")
    while True:
        taken.sendall(b"\x02")
        time.sleep(0.05)


def _hangs_up(taken: socket.socket, _context: ssl.SSLContext) -> None:
    taken.recv(4096)


def _resets(taken: socket.socket, _context: ssl.SSLContext) -> None:
    taken.recv(4096)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _speaks_http(taken: socket.socket, _context: ssl.SSLContext) -> None:
    taken.recv(4096)
    taken.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
    _silent(taken, _context)


def _alert(taken: socket.socket, _context: ssl.SSLContext) -> None:
    taken.recv(4096)
    taken.sendall(b"\x15\x03\x03\x00\x02\x02\x28")  # fatal, handshake failure
    _silent(taken, _context)


def _after_handshake(then: Callable[[ssl.SSLSocket], None]) -> Act:
    def act(taken: socket.socket, context: ssl.SSLContext) -> None:
        with context.wrap_socket(taken, server_side=True) as spoken:
            spoken.recv(4096)
            then(spoken)

    return act


def _raw(spoken: ssl.SSLSocket, what: bytes) -> None:
    """Beside the encryption: whoever is on the way can do that."""
    with socket.socket(fileno=socket.dup(spoken.fileno())) as wire:
        wire.sendall(what)


def _cut(head: bytes) -> Callable[[ssl.SSLSocket], None]:
    """Part of an answer, and then the connection ends without TLS saying so."""

    def then(spoken: ssl.SSLSocket) -> None:
        spoken.sendall(HEAD + head + b'\r\n{"title":"T","api_roots":["/taxii2/root/"')
        with socket.socket(fileno=socket.dup(spoken.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    return then


def _garbage(spoken: ssl.SSLSocket) -> None:
    spoken.sendall(HEAD + b"Content-Length: 5000\r\n\r\n{")
    _raw(spoken, b"\x17\x03\x03\x00\x20" + b"x" * 32)
    time.sleep(5)


def _plain_answer(spoken: ssl.SSLSocket) -> None:
    _raw(spoken, HEAD + b'Content-Length: 17\r\n\r\n{"api_roots":[""]')
    time.sleep(5)


def _nothing(spoken: ssl.SSLSocket) -> None:
    time.sleep(5)


def _farewell(spoken: ssl.SSLSocket) -> None:
    """Says properly that it ends, in the middle of an answer."""
    spoken.sendall(HEAD + b"Content-Length: 5000\r\n\r\n{")
    spoken.unwrap()


FAULTS: dict[str, tuple[Act, str]] = {
    "a handshake that hangs": (_silent, "too-slow"),
    "a handshake byte by byte": (_byte_by_byte, "too-slow"),
    "hangs up amid the handshake": (_hangs_up, "connection-lost"),
    "resets amid the handshake": (_resets, "connection-lost"),
    "speaks HTTP": (_speaks_http, "tls-failed"),
    "refuses the handshake": (_alert, "tls-failed"),
    "silent after the handshake": (_after_handshake(_nothing), "too-slow"),
    "cut amid an answer with a length": (
        _after_handshake(_cut(b"Content-Length: 5000\r\n")),
        "connection-lost",
    ),
    "cut amid an answer without a length": (_after_handshake(_cut(b"")), "not-json"),
    "cut amid the headers": (_after_handshake(lambda spoken: spoken.sendall(HEAD)), "not-json"),
    "ends properly amid an answer": (_after_handshake(_farewell), "connection-lost"),
    "broken amid an answer": (_after_handshake(_garbage), "tls-failed"),
    "an answer that is not encrypted": (_after_handshake(_plain_answer), "tls-failed"),
}


@pytest.fixture
def theirs() -> Authority:
    return Authority("Authority of CERT-B")


def trusted(program: Program, pem: str) -> None:
    with program.work(CONSOLE) as work:
        set_peer(work, program.keys, "cert-b", PeerFacts(ca_pem=pem))


def sentence(run: Run) -> str:
    return LINK_ERRORS[run.error or ""].format(**run.error_values)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_in_tls_has_a_name(
    program: Program, theirs: Authority, tmp_path: Path, name: str
) -> None:
    act, code = FAULTS[name]
    context = server_context(theirs.sign("cert-b"), tmp_path)
    with listening(act, context) as port:
        link_id = a_link(program, f"https://127.0.0.1:{port}/taxii2/")
        trusted(program, theirs.pem)

        run = pull_link(program, link_id, caps=CAPS)

    assert run.error == code, run.error_values
    assert sentence(run)
    assert (run.offered, have(program)) == (0, [])


def test_a_certificate_that_vouches_for_itself_is_accepted_only_where_it_is_named(
    program: Program, theirs: Authority, tmp_path: Path
) -> None:
    own = theirs.itself("127.0.0.1")
    with plain_peer(SIX, server_context(own, tmp_path)) as peer:
        link_id = a_link(program, f"{peer.base}/taxii2/")
        unknown = pull_link(program, link_id, caps=CAPS)
        assert peer.requests == []
        trusted(program, own.certificate)
        good = pull_link(program, link_id, caps=CAPS)

    assert unknown.error == "authority-unknown"
    assert "--ca-file" in sentence(unknown)
    assert (good.error, good.taken) == (None, 6)
