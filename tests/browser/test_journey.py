"""The main job, end to end, in Chromium: two CIRTs, one report, one shared indicator."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from cirt.kernel.audit import AuditEntry
from cirt.kernel.program import Program
from cirt.kernel.work import CONSOLE
from cirt.objects.content import ObjectContent
from cirt.objects.models import ObjectVersion, StixObject
from tests.browser import journey as steps
from tests.browser.journey import Journey, a_journey
from tests.support.databases import Databases
from tests.support.pair import Side, a_pair
from tests.support.processes import run_cirt

WAYS = [
    pytest.param(("sqlite", False), id="without-script-on-sqlite", marks=pytest.mark.long),
    pytest.param(("postgresql", True), id="with-script-on-postgresql"),
]


@pytest.fixture(params=WAYS)
def it(
    request: pytest.FixtureRequest, databases: Databases, chromium: Browser, tmp_path: Path
) -> Iterator[Journey]:
    backend, script = request.param
    with (
        a_pair(databases, backend, tmp_path, is_hurried=True) as pair,
        a_journey(pair, chromium, script=script) as made,
    ):
        yield made


def test_a_report_becomes_a_shared_indicator_is_seen_elsewhere_and_is_revoked(
    it: Journey, tmp_path: Path
) -> None:
    steps.anybody_reports(it)
    steps.triage_accepts(it)
    steps.triage_adds_one_and_rejects_one(it)
    steps.handler_works(it)
    steps.another_lead_approves(it)
    steps.the_other_side_has_it(it)
    assert bytes_of(it.there.program, it.indicator) == bytes_of(it.here.program, it.indicator) != {}
    steps.a_sighting_goes_back(it)
    steps.a_revocation_follows(it)
    there, here = (bytes_of(side.program, it.indicator) for side in (it.there, it.here))
    assert len(there) == 2
    assert there.items() <= here.items()
    steps.auditors_read_the_story(it)
    for side in (it.here, it.there):
        assert verified(side.environment, tmp_path).startswith("The trail holds: ")
    assert_a_changed_byte_is_found(it.here, tmp_path)
    assert it.problems == []


def bytes_of(program: Program, stix_id: str) -> dict[str, bytes]:
    """The bytes of every version kept, by version."""
    query = (
        sa.select(ObjectVersion.version_text, ObjectContent.body)
        .join(ObjectContent, ObjectContent.version_id == ObjectVersion.id)
        .join(StixObject, StixObject.id == ObjectVersion.object_id)
        .where(StixObject.stix_id == stix_id)
    )
    with program.work(CONSOLE, write=False) as work:
        return {version: bytes(body) for version, body in work.session.execute(query)}


def verified(environment: dict[str, str], cwd: Path) -> str:
    """What ``cirt audit verify`` says, whether it holds or not."""
    done = run_cirt("audit", "verify", cwd=cwd, environment=environment)
    return done.stdout or done.stderr


def assert_a_changed_byte_is_found(side: Side, place: Path) -> None:
    """In a copy of the database file; where there is none, in the exported trail."""
    with side.program.work(CONSOLE, write=False) as work:
        query = sa.select(AuditEntry).where(AuditEntry.act == "release.approve")
        line = work.session.scalars(query).all()[-1]
        seq, changed = line.seq, line.facts.encode()
    if side.program.engine.dialect.name == "sqlite":
        copy = place / "copy.sqlite3"
        with (
            closing(sqlite3.connect(str(side.program.engine.url.database))) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        environment = {**side.environment, "CIRT_DATABASE_URL": f"sqlite:///{copy}"}
        arguments = ["audit", "verify"]
    else:
        copy, environment = place / "trail.jsonl", side.environment
        arguments = ["audit", "verify", str(copy)]
        run_cirt("audit", "export", copy, cwd=place, environment=environment)
        changed = changed.replace(b'"', b'\\"')
    body = copy.read_bytes()
    assert body.count(changed) == 1
    middle = body.index(changed) + len(changed) // 2
    copy.write_bytes(body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :])

    done = run_cirt(*arguments, cwd=place, environment=environment)

    assert done.returncode == 1
    assert f"does not hold at line {seq}: line {seq} was changed" in done.stderr
