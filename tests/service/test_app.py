"""The application where its database is away or empty: TAXII's own terms under /taxii2/, plain words elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from cirt.boot.app import create_app
from cirt.kernel import schema
from cirt.kernel.db import make_engine
from cirt.kernel.program import Program
from tests.support.databases import Databases
from tests.support.taxii import MEDIA, ROOT

PATHS = ("/taxii2/", f"{ROOT}collections/", "/taxii2/nothing/", "/taxii2/national/status/x/")


def assert_unavailable(answer: TestResponse, retry_after: str) -> None:
    said = answer.get_json(force=True)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == MEDIA
    assert answer.headers["Retry-After"] == retry_after
    assert (said["http_status"], said["error_id"]) == ("503", answer.headers["X-Request-Id"])
    assert said["title"]
    assert said["error_code"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_taxii_says_that_the_database_is_away(
    program: Program, tmp_path: Path, path: str, method: str
) -> None:
    away = make_engine(f"sqlite:///{tmp_path}/nowhere/cirt.sqlite3")
    client = Client(create_app(replace(program, engine=away)))

    assert_unavailable(client.open(path, method=method), "5")


def test_a_page_says_that_the_database_is_away(program: Program, tmp_path: Path) -> None:
    away = make_engine(f"sqlite:///{tmp_path}/nowhere/cirt.sqlite3")
    client = Client(create_app(replace(program, engine=away)))

    for path in ("/", "/desk", "/nothing"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert answer.headers["X-Request-Id"]
        assert "nowhere" not in answer.text
        assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", PATHS)
def test_taxii_says_that_nothing_is_set_up(
    program: Program, databases: Databases, tmp_path: Path, backend: str, path: str
) -> None:
    empty = make_engine(databases.empty_url(backend, tmp_path / "empty"))
    schema.upgrade(empty)
    client = Client(create_app(replace(program, engine=empty)))

    assert_unavailable(client.get(path), "60")
    empty.dispose()
