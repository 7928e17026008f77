"""The system's Chromium for every test of this folder; without one they are skipped."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from cirt.boot.app import create_app
from cirt.kernel.clock import FakeClock
from cirt.kernel.program import Program
from tests.conftest import NOON
from tests.support.browser import NO_CHROMIUM, find_chromium, launch
from tests.support.databases import Databases


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = launch(playwright, path)
        yield browser
        browser.close()


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture
def program(databases: Databases, tmp_path: Path) -> Iterator[Program]:
    with databases.program("sqlite", tmp_path / "data", FakeClock(NOON)) as made:
        yield made


@pytest.fixture
def site(program: Program) -> Iterator[str]:
    """Its pages and its TAXII server, in a thread of the test; no worker runs."""
    server = make_server("127.0.0.1", 0, create_app(program), True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
