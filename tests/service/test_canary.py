"""Nothing leaks: every route is asked by every kind of recipient, and no canary comes out that they may not read.

Routes are read from the application, so that new ones are asked by themselves; one whose parameters cannot
be filled in fails by name.
"""

import base64
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import cirt.boot.main  # noqa: F401 - adds its verbs
from cirt.boot.app import create_app
from cirt.cli import root
from cirt.exchange.carrying.errors import NoGiving
from cirt.exchange.carrying.sending import write_file
from cirt.kernel.clock import FakeClock
from cirt.kernel.errors import CirtError
from cirt.kernel.exchange_keys import PrivateKeys
from cirt.kernel.log import _Line
from cirt.kernel.tlp import Tlp
from cirt.kernel.work import CONSOLE
from cirt.objects.markings import TLP2_REFS
from cirt.parties.peers import PeerFacts, set_peer
from cirt.release.exporting.feed import make_feed, note_feed, write_feed
from cirt.sharing.exits import Way, names_of
from cirt.taxii.blueprint import _MAP
from cirt.web.frame import environment
from cirt.worker.table import HANDLERS
from tests.support.browse import PASSWORD, Visitor
from tests.support.canary import (
    PEERS,
    READERS,
    RECIPIENTS,
    REPORTER,
    Cage,
    a_cage,
    addresses,
    caged,
    domain,
)
from tests.support.databases import Databases
from tests.support.stix import an_indicator
from tests.support.store import numbered

TAXII = "application/taxii+json;version=2.1"
LAST = ("web.sign_in.leave",)  # it ends the session
STARTERS = {
    "up",
    "web",
    "worker",
    "demo",
    "init",
}  # verbs that run on, or found another installation


@pytest.fixture
def cage(databases: Databases, backend: str, tmp_path: Path, clock: FakeClock) -> Iterator[Cage]:
    with databases.filled(backend, tmp_path / "data", clock, a_cage) as (program, made):
        yield caged(program, made)


@pytest.fixture
def app(cage: Cage) -> Flask:
    app = create_app(cage.program)
    post_as_member(app, cage)
    return app


class Asker:
    """One kind of recipient with everything that opens doors for it."""

    def __init__(self, app: Flask, cage: Cage, recipient: str) -> None:
        self.recipient, self.cage = recipient, cage
        self.visitor = Visitor(app)
        self.headers: dict[str, str] = {}
        self.token = ""
        self.headers_seen: set[str] = set()
        if recipient in PEERS:
            secret = base64.b64encode(f"{recipient}:{PASSWORD}".encode()).decode()
            self.headers = {"Authorization": f"Basic {secret}"}
        elif recipient != "public":
            self.visitor.sign_in(cage.emails[recipient])
            self.visitor.get("/account")
            self.token = self.visitor.form("/account/language").fields["form_token"][0]

    def ask(self, method: str, path: str) -> TestResponse:
        accept = TAXII if path.startswith("/taxii2") else "text/html"
        form = {"form_token": self.token} if method == "POST" and self.token else None
        return self.visitor.client.open(
            path, method=method, headers={"Accept": accept, **self.headers}, data=form
        )

    def save(self, subject: str, name: str, form: str, audience: str) -> bytes | None:
        """The file with its headers; None where there is none to save."""
        data = {"subject": subject, "name": name, "format": form, "audience": audience}
        answer = self.visitor.client.post("/exports", data={**data, "form_token": self.token})
        assert answer.status_code in (200, 403, 404, 422), answer.text
        said = answer.get_data() + str(answer.headers).encode()
        answer.close()
        return said if answer.status_code == 200 else None

    def leaks(self, method: str, path: str) -> list[str]:
        answer = self.ask(method, path)
        assert answer.status_code != 500, (method, path, answer.get_data(as_text=True))
        self.headers_seen |= {name.lower() for name, _ in answer.headers}
        said = answer.get_data() + str(answer.headers).encode()
        answer.close()
        found = self.cage.canaries.leaked(self.recipient, said)
        return [f"{self.recipient} {method} {path}: {word}" for word in sorted(found)]


def post_as_member(app: Flask, cage: Cage) -> None:
    """A peer's own post, of which the status names the object."""
    name = cage.canaries.new("posted", [*READERS, "member"])
    body = an_indicator(
        id="indicator--99999999-0000-4000-8000-000000000000",
        name=name,
        pattern=f"[domain-name:value = '{domain(name)}']",
        object_marking_refs=[TLP2_REFS[Tlp.AMBER]],
    )
    answer = Asker(app, cage, "member").visitor.client.post(
        "/taxii2/national/collections/inbox/objects/",
        data=b'{"objects":[' + body + b"]}",
        headers={
            "Accept": TAXII,
            "Content-Type": TAXII,
            "Authorization": "Basic " + base64.b64encode(f"member:{PASSWORD}".encode()).decode(),
        },
    )
    assert answer.status_code == 202, answer.text
    cage.name("receipt", answer.get_json()["id"])


def paths_of(app: Flask, cage: Cage, rule: Rule) -> Iterator[str]:
    adapter = app.url_map.bind("localhost")
    for values in addresses(rule.rule, rule.arguments, cage.ids):
        path = adapter.build(rule.endpoint, values, method=min(rule.methods or ()))
        yield path
        if rule.endpoint in _EVERY_VERSION:
            yield f"{path}?match%5Bversion%5D=all&match%5Bspec_version%5D=2.1"
        for query in _VIEWS.get(rule.endpoint, ()):
            yield f"{path}?{query}"


_EVERY_VERSION = {"taxii.objects", "taxii.manifest", "taxii.one_object"}
# Views of lists that the plain address does not show.
_VIEWS = {
    "web.triage.queue": [
        *(f"view={view}" for view in ("mine", "likely", "decided")),
        *(f"sort={sort}" for sort in ("newest", "urgent")),
        *(f"selected=REP-2026-00{number:02}" for number in range(1, 11)),
        "words=zq",
    ],
    "web.incidents.incidents": ["q=zq", "state=waiting", *(f"undo={each}" for each in (1, 2, 4))],
    "web.incidents.incident": ["show=notes", "show=attack", "show=tasks", "order=oldest"],
    "web.indicators.indicators": ["words=zq", "source=own", "source=other"],
    "web.release.releases": ["view=mine", "view=decided"],
    "web.release.new": [f"incident=INC-2026-000{number}" for number in range(1, 5)],
    "web.release.part": [
        *(f"incident=INC-2026-000{number}" for number in range(1, 5)),
        *(f"release=REL-2026-000{number}" for number in range(1, 3)),
    ],
    "web.exports.export": [
        "of=indicators&words=zq",
        *(f"of=release&name=REL-2026-000{number}" for number in range(1, 3)),
        "of=collection&name=wide",
        "of=object&name=indicator--00000000-0000-4000-8000-000000000000",
    ],
    "web.sync.quarantine": ["view=settled"],
    "web.admin.audit": ["act=incident", "act=report", "check=1"],
}


def routes(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint in LAST)


# Everybody on SQLite; of the same rules on PostgreSQL one of each sort in every run, the others in the long one.
SORTS = ("public", "lead", "member")
OTHERS = tuple(each for each in RECIPIENTS if each not in SORTS)


@pytest.mark.parametrize(
    ("backend", "recipients"),
    [
        pytest.param("sqlite", RECIPIENTS, id="sqlite"),
        pytest.param("postgresql", SORTS, id="postgresql"),
        pytest.param("postgresql", OTHERS, id="postgresql-others", marks=pytest.mark.long),
    ],
)
def test_no_route_gives_anybody_a_canary_they_may_not_read(
    app: Flask, cage: Cage, recipients: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    lines = Lines()
    logging.getLogger().addHandler(lines)
    environment.cache_clear()  # so that it knows only what is rendered from here on
    askers = [Asker(app, cage, recipient) for recipient in recipients]
    leaks: list[str] = []
    asked: set[str] = set()
    try:
        for changes in (False, True):
            for rule in routes(app):
                asked.add(rule.endpoint)
                methods = (rule.methods or set()) & (
                    {"POST", "DELETE"} if changes else {"GET", "HEAD"}
                )
                for number, path in enumerate(paths_of(app, cage, rule)):
                    for method in sorted(methods - ({"HEAD"} if number else set())):
                        leaks += [leak for asker in askers for leak in asker.leaks(method, path)]
    finally:
        logging.getLogger().removeHandler(lines)

    assert "\n".join(leaks) == ""
    assert len(lines.written) > 1000
    assert [line for line in lines.written if cage.canaries.in_(line)] == []
    assert asked == names_of(Way.ROUTE)
    assert {name for each in askers for name in each.headers_seen} <= names_of(Way.HEADER)
    if recipients == RECIPIENTS:
        assert unrendered() - SHOWN_ELSEWHERE.keys() == set()


# Templates that only a form filled in well, one sent too late, or a person named on something brings up, and the
# tests that look at them. A new one is either rendered by the question to every route, or gets a line here.
SHOWN_ELSEWHERE = {
    "admin/webhook_preview.html": "tests/service/test_web_webhooks.py",
    "admin/webhook_token.html": "tests/service/test_web_webhooks.py",
    "bin/incident.html": "tests/service/test_bin.py",
    "dialogue/entered.html": "tests/service/test_web_dialogue.py",
    "errors/resume.html": "tests/service/test_web_sturdy.py",
    "errors/too_large.html": "tests/service/test_web_sturdy.py",
    "errors/typed.html": "tests/service/test_web_sturdy.py",
    "incidents/check.html": "tests/service/test_checking.py",
    "incidents/laxer.html": "tests/service/test_pap_follows.py",
    "incidents/reach.html": "tests/service/test_web_ledger.py",
    "incidents/reached.html": "tests/service/test_web_ledger.py",
    "parts/confirm.html": "tests/service/test_web_triage.py",
    "parts/differences.html": "tests/service/test_web_desk.py",
    "public/follow.html": "tests/service/test_differential.py",
    "public/sent.html": "tests/service/test_differential.py",
    "sync/alike.html": "tests/service/test_web_quarantine.py",
    "sync/settled.html": "tests/service/test_web_quarantine.py",
    "tasks/task.html": "tests/service/test_tasks.py",
    "timeline/attack.html": "tests/service/test_attack_events.py",
    "triage/bulk.html": "tests/service/test_web_triage.py",
}


def unrendered() -> set[str]:
    """Templates that no answer has used since the environment was made."""
    env = environment()
    assert env.cache is not None
    used = {name for _, name in env.cache}
    return set(env.list_templates(filter_func=lambda name: name.endswith(".html"))) - used


def test_what_is_for_them_arrives(app: Flask, cage: Cage) -> None:
    """Without this an application that answers nothing would leak nothing either."""
    askers = {recipient: Asker(app, cage, recipient) for recipient in RECIPIENTS}

    missing = [
        (recipient, path, word)
        for recipient, path, word in cage.expected
        if word not in askers[recipient].ask("GET", path).get_data(as_text=True).lower()
    ]

    assert missing == []
    assert {recipient for recipient, _, _ in cage.expected} >= {
        *READERS,
        "admin",
        "member",
        "careful",
    }


def test_reporters_read_the_state_what_was_asked_and_what_they_sent(app: Flask, cage: Cage) -> None:
    """Of what is RED the state alone, by the canaries."""
    visitor = Visitor(app)
    for reference, code in cage.codes.items():
        visitor.get("/status")
        answer = visitor.send("/status", reference=reference, code=code)

        assert answer.status_code == 200
        assert cage.canaries.leaked(REPORTER, visitor.page) == set()
        assert cage.questions.get(reference, "") in visitor.text
    assert 0 < len(cage.questions) < len(cage.codes)


def test_no_export_holds_a_canary_that_its_audience_may_not_read(app: Flask, cage: Cage) -> None:
    """Files of everything that can be named, saved by every role, for the staff and as for every peer."""
    askers = [Asker(app, cage, recipient) for recipient in (*READERS, "admin")]
    named = {
        "indicators": [""],
        "object": cage.ids["object"],
        "release": cage.ids["release"],
        "collection": ["wide", "theirs", "shared", "inbox"],
    }
    leaks, saved = [], Counter[str]()
    for name in sorted(names_of(Way.EXPORT) - {"release.bundle", "feed.misp", "feed.file"}):
        subject, _, form = name.partition(".")
        askers_of = askers if form == "csv" else askers[2:3]
        for asker in askers_of:
            for of in named[subject]:
                for audience in ("", *PEERS):
                    said = asker.save(subject, of, form, audience)
                    for reader in (asker.recipient, *filter(None, [audience])):
                        words = cage.canaries.leaked(reader, said or b"")
                        leaks += [(name, of, asker.recipient, audience, word) for word in words]
                    saved[f"{name} for {audience or 'staff'}"] += said is not None

    assert leaks == []
    for name in names_of(Way.EXPORT) - {"release.bundle", "feed.misp", "feed.file"}:
        assert saved[f"{name} for staff"], name
    assert saved["collection.stix for member"] > saved["collection.stix for without"] == 0


def test_no_feed_folder_holds_a_canary_that_its_peer_may_not_read(
    cage: Cage, tmp_path: Path
) -> None:
    written = {}
    for peer in PEERS:
        with cage.program.work(CONSOLE) as work:
            made = make_feed(work, peer)
            note_feed(work, made)
        write_feed(made, tmp_path / peer)
        written[peer] = b"".join(file.read_bytes() for file in sorted((tmp_path / peer).iterdir()))

    assert {peer: cage.canaries.leaked(peer, said) for peer, said in written.items()} == {
        peer: set() for peer in PEERS
    }
    assert cage.canaries.in_(written["member"])
    assert b"Event" not in written["without"]


def test_no_carried_file_holds_a_canary_that_its_peer_may_not_read(
    cage: Cage, tmp_path: Path
) -> None:
    """Written for every peer, and not encrypted, so that what it holds can be looked through."""
    leaks, names, without = [], Counter[str](), []
    for peer in PEERS:
        with cage.program.work(CONSOLE) as work:
            key = PrivateKeys.make().public.text
            set_peer(work, cage.program.keys, peer, PeerFacts(exchange_key=key))
        try:
            write_file(cage.program, peer, tmp_path / peer, CONSOLE, is_sealed=False)
        except NoGiving:
            without.append(peer)
            continue
        said = (tmp_path / peer).read_bytes()
        leaks += [(peer, word) for word in cage.canaries.leaked(peer, said)]
        names[peer] = len(cage.canaries.in_(said))

    assert leaks == []
    assert names["member"] > 0
    assert "without" in without


# What a job is asked about, and which ids of the cage are such.
NEEDED = {
    "link.sync": {"link": "link"},
    "link.estimate": {"link": "link"},
    "link.rehearse": {"link": "link"},
    "link.check": {"check": "check"},
    "link.again": {"check": "check"},
    "quarantine.decide": {"decision": "decision"},
    "quarantine.retry": {"definitions": "definition"},
}
SEVERAL = ("definitions",)


def test_no_job_tells_the_log_or_its_own_row_a_canary(cage: Cage) -> None:
    lines = Lines()
    logging.getLogger().addHandler(lines)
    said = []
    cage.name("definition", numbered("marking-definition", 7001))
    try:
        for kind, do in HANDLERS.items():
            needed = next(iter(NEEDED.get(kind, {}).values()), "")
            for number in cage.ids[needed] if needed else [""]:
                asked = {
                    name: [number] if name in SEVERAL else number for name in NEEDED.get(kind, {})
                }
                try:
                    do(cage.program, asked)
                except CirtError as error:
                    said.append(f"{kind}: {error}")
    finally:
        logging.getLogger().removeHandler(lines)

    found = {word for line in lines.written for word in cage.canaries.in_(line)}
    assert found == set()
    assert cage.canaries.leaked("admin", " ".join(said)) == set()


def test_every_route_of_taxii_is_among_those_asked(app: Flask) -> None:
    """They are matched a second time, before the application's own rules."""
    ours = {(rule.rule, *sorted(rule.methods or ())) for rule in _MAP.iter_rules()}
    asked = {
        (rule.rule, *sorted((rule.methods or set()) - {"OPTIONS"}))
        for rule in app.url_map.iter_rules()
    }

    assert ours <= asked


def test_a_route_that_cannot_be_filled_in_fails_by_name(cage: Cage) -> None:
    with pytest.raises(AssertionError, match=r"/incidents/<reference>/<secret>"):
        addresses("/incidents/<reference>/<secret>", ["reference", "secret"], cage.ids)


def test_the_console_prints_no_content(cage: Cage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRT_DATABASE_URL", cage.program.settings.database_url)
    place = ["--data-dir", str(cage.program.settings.data_dir)]
    leaks = {}
    names = set()
    for words in verbs(root):
        for form in ([], ["--json"]):
            done = CliRunner().invoke(root, [*place, *form, *words])
            assert done.exception is None or isinstance(done.exception, SystemExit), done.output
            leaks[" ".join(words)] = cage.canaries.leaked("console", done.output)
            names |= cage.canaries.in_(done.output)

    assert {words: found for words, found in leaks.items() if found} == {}
    assert names  # the directory was printed


def verbs(group: click.Group, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every verb that runs without being told more."""
    for name, command in sorted(group.commands.items()):
        if not before and name in STARTERS:
            continue
        if isinstance(command, click.Group):
            yield from verbs(command, (*before, name))
        elif not any(parameter.required for parameter in command.params):
            yield (*before, name)


class Lines(logging.Handler):
    """The operators' log as it is written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(_Line())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))
