"""Who makes an answer together with others, as the server puts requests in line."""

import base64
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from cirt.boot.app import create_app
from cirt.boot.connection import Connection
from cirt.boot.serve import Server, listen
from cirt.boot.sharing_out import Round
from cirt.kernel.clock import FakeClock
from cirt.taxii import proven_accounts
from tests.conftest import NOON
from tests.support.databases import Databases

PROXY, FRIEND = "127.0.0.1", "198.51.100.7"
PROVEN = "Basic " + base64.b64encode(b"alice:a password that was right").decode()
GUESSED = "Basic " + base64.b64encode(b"alice:a guess").decode()


@pytest.mark.parametrize(
    ("method", "account", "source", "is_shared"),
    [
        ("GET", PROVEN, FRIEND, True),
        ("GET", PROVEN, PROXY, True),
        ("GET", GUESSED, PROXY, False),
        (
            "GET",
            GUESSED,
            FRIEND,
            False,
        ),  # the proxy tells who it is; its password is hashed all the same
        ("GET", GUESSED, "peer 1", False),  # nor does it help to be called like one
        ("DELETE", PROVEN, FRIEND, False),
    ],
)
def test_only_who_has_signed_in_lately_reads_together_with_others(
    databases: Databases, tmp_path: Path, method: str, account: str, source: str, is_shared: bool
) -> None:
    """The others' passwords may have to be hashed, and nobody shall wait for that."""
    with databases.program("sqlite", tmp_path, FakeClock(NOON)) as made:
        program = replace(made, settings=replace(made.settings, trusted_proxy=PROXY))
        app = create_app(program)
        proven = proven_accounts(app)
        proven.note(PROVEN, 1)
        listener = listen("127.0.0.1:0")
        server = Server(app, listener, program, proven, threads=0)  # what comes stays in line
        theirs, ours = socket.socketpair()
        connection = Connection(server, ours, (PROXY, 1), server.adj, {})

        connection.received(
            f"{method} /taxii2/national/collections/x/objects/ HTTP/1.1\r\nHost: x\r\n"
            f"X-Forwarded-For: {source}\r\nAuthorization: {account}\r\n\r\n".encode()
        )
        task = server.task_dispatcher.queue.popleft()

        assert isinstance(task, Round) is is_shared
        for open_one in (theirs, ours, server):
            open_one.close()
