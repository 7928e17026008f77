"""The command line from outside: what each verb says, its JSON, its exit code, where it reads secrets."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from cirt.boot.main import root
from cirt.kernel.db import make_engine
from cirt.kernel.keys import make_key_file
from tests.support.databases import BACKENDS, Databases
from tests.support.mail import key_ring, needs_gpg
from tests.support.processes import run_cirt
from tests.support.stix import an_indicator

INIT = ("init", "--name", "EX-CIRT", "--country", "EX", "--admin", "rosa@ex-cirt.example")
PASSWORD = "a password of the tests"
IDENTITY = "identity--0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"


@dataclass(frozen=True)
class Cli:
    """The program at one installation."""

    environment: dict[str, str]
    home: Path

    def run(self, *arguments: str | Path, given: str = "") -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(root, words, input=given, env=self.environment)

    def done(self, *arguments: str | Path, given: str = "") -> str:
        result = self.run(*arguments, given=given)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str | Path, given: str = "") -> Any:
        return json.loads(self.done("--json", *arguments, given=given))

    def refused(self, *arguments: str | Path, given: str = "") -> str:
        """The one sentence of a verb that ends with 1."""
        result = self.run(*arguments, given=given)
        assert result.exit_code == 1, result.output
        assert result.stderr.count("\n") == 1, result.stderr
        return result.stderr.strip()

    def engine(self) -> sa.Engine:
        return make_engine(self.environment["CIRT_DATABASE_URL"])


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "DATABASE_URL", "BASE_URL", "BIND", "WORKERS", "OUTBOUND_ALLOW"):
        monkeypatch.delenv(f"CIRT_{name}", raising=False)


@pytest.fixture(params=BACKENDS)
def cli(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Cli:
    """An installation whose CIRT is EX-CIRT."""
    home = tmp_path / "data"
    url = databases.url(request.param, home)
    make_key_file(home / "keys" / "secret")
    return Cli({"CIRT_DATA_DIR": str(home), "CIRT_DATABASE_URL": url}, tmp_path)


@pytest.fixture(params=BACKENDS)
def bare(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Cli:
    """An empty place."""
    url = databases.empty_url(request.param, tmp_path)
    return Cli(
        {"CIRT_DATA_DIR": str(tmp_path / "data"), "CIRT_DATABASE_URL": url, "CIRT_WORKERS": "1"},
        tmp_path,
    )


@pytest.fixture
def linked(cli: Cli) -> Cli:
    """With a peer that we reach, an agreement and a collection."""
    reach = ("--discovery-url", "http://127.0.0.1:9/taxii2/", "--username", "us")
    cli.done(
        *("peer", "add", "cert-b", "--name", "CERT B", "--country", "BB", *reach),
        "--password-stdin",
        given=PASSWORD,
    )
    cli.done("agreement", "add", "--peer", "cert-b", "--ceiling", "amber")
    add = ("collection", "add", "out", "--title", "Out", "--kind", "published")
    cli.done(*add, "--member", "cert-b")
    return cli


def envelope(*objects: bytes) -> bytes:
    return b'{"objects":[' + b",".join(objects) + b"]}"


def numbered(number: int, **more: Any) -> bytes:
    stix_id = f"indicator--{number:08x}-0000-4000-8000-000000000000"
    return an_indicator(id=stix_id, **more)


# init


def test_init_prints_the_identity_and_a_password_that_is_used_once(bare: Cli) -> None:
    said = bare.json(*INIT)

    assert said["identity"].startswith("identity--")
    assert said["admin"] == "rosa@ex-cirt.example"
    assert said["password"]
    assert bare.json("db", "check")["differences"] == []
    assert bare.json("user", "list")[0]["roles"] == "admin"


def test_init_refuses_to_run_twice(bare: Cli) -> None:
    bare.done(*INIT)

    said = bare.refused(*INIT)

    assert "already initialised" in said
    assert len(bare.json("user", "list")) == 1


def test_init_that_was_refused_can_be_tried_again(bare: Cli) -> None:
    said = bare.refused(*INIT, "--password-stdin", given="short\n")

    assert "12 characters" in said
    assert not (bare.home / "data" / "keys" / "secret").exists()
    assert bare.json(*INIT, "--password-stdin", given=PASSWORD)["password"] is None


def test_init_on_a_database_that_is_in_use_is_refused(bare: Cli) -> None:
    bare.done(*INIT)
    other = Cli({**bare.environment, "CIRT_DATA_DIR": str(bare.home / "other")}, bare.home)

    assert "already set up" in other.refused(*INIT)
    assert not (bare.home / "other" / "keys" / "secret").exists()


# settings and places that do not hold


def test_an_unknown_setting_stops_everything_and_is_named(cli: Cli) -> None:
    wrong = Cli({**cli.environment, "CIRT_COLOUR": "red"}, cli.home)

    assert "CIRT_COLOUR" in wrong.refused("user", "list")


def test_without_init_the_next_step_is_said(bare: Cli) -> None:
    assert "cirt init" in bare.refused("user", "list")


def test_a_broken_settings_file_is_named(cli: Cli) -> None:
    file = cli.home / "data" / "cirt.toml"
    file.write_text("workers = ")

    assert str(file) in cli.refused("user", "list")


def test_a_broken_key_is_named(cli: Cli) -> None:
    file = cli.home / "data" / "keys" / "secret"
    file.write_text("k")

    assert str(file) in cli.refused("user", "list")


def test_a_database_without_tables_names_the_verb_that_makes_them(bare: Cli) -> None:
    make_key_file(bare.home / "data" / "keys" / "secret")

    assert "cirt db upgrade" in bare.refused("user", "list")
    assert "cirt db upgrade" in bare.refused("db", "check")

    assert "Migrated" in bare.done("db", "upgrade")
    assert "Already" in bare.done("db", "upgrade")
    assert bare.json("user", "list") == []


def test_a_database_that_is_away_is_said_in_a_sentence(cli: Cli) -> None:
    url = "postgresql+psycopg://127.0.0.1:9/none"
    away = Cli({**cli.environment, "CIRT_DATABASE_URL": url}, cli.home)

    assert "CIRT_DATABASE_URL" in away.refused("user", "list")


# accounts


def test_accounts_are_added_listed_reset_and_disabled(cli: Cli) -> None:
    add = ("user", "add", "lin@ex-cirt.example", "--name", "Lin")
    made = cli.json(*add, "--role", "lead", "--role", "handler")

    assert made["password"]
    assert cli.json("user", "reset", "lin@ex-cirt.example")["password"] != made["password"]
    cli.done("user", "disable", "lin@ex-cirt.example")
    assert cli.json("user", "list") == [
        {
            "email": "lin@ex-cirt.example",
            "name": "Lin",
            "roles": "handler lead",
            "state": "disabled",
        }
    ]


def test_a_password_comes_from_standard_input_and_is_not_repeated(cli: Cli) -> None:
    add = ("user", "add", "lin@ex-cirt.example", "--name", "Lin", "--role", "lead")

    said = cli.done("--json", *add, "--password-stdin", given=f"{PASSWORD}\n")

    assert PASSWORD not in said
    assert json.loads(said)["password"] is None


def test_a_password_that_was_promised_but_not_given_is_wrong_usage(cli: Cli) -> None:
    add = ("user", "add", "lin@ex-cirt.example", "--name", "Lin", "--role", "lead")

    assert cli.run(*add, "--password-stdin").exit_code == 2
    assert cli.json("user", "list") == []


def test_no_option_takes_a_secret_as_its_value() -> None:
    for command in _all_commands():
        for option in command.params:
            if "password" in (option.name or ""):
                assert option.is_flag, (command.name, option.name)


# peers, agreements, collections, links


def test_peers_are_added_changed_suspended_and_shown(cli: Cli) -> None:
    cli.done("peer", "add", "cert-b", "--name", "CERT B", "--country", "bb")
    cli.done("peer", "set", "cert-b", "--identity", IDENTITY)
    cli.done("peer", "suspend", "cert-b")

    (row,) = cli.json("peer", "list")
    assert row == {
        "slug": "cert-b",
        "name": "CERT B",
        "country": "BB",
        "state": "suspended",
        "identity": IDENTITY,
        "discovery_url": None,
        "sightings": "ask",
    }

    cli.done("peer", "resume", "cert-b")
    assert cli.json("peer", "show", "cert-b")["state"] == "active"
    assert "CERT B" in cli.done("peer", "show", "cert-b")


def test_the_password_for_a_peer_is_printed_once_and_never_listed(linked: Cli) -> None:
    made = linked.json("peer", "credentials", "cert-b")

    assert made["username"] == "cert-b"
    assert made["password"]
    for verb in (("peer", "list"), ("peer", "show", "cert-b")):
        said = linked.done("--json", *verb)
        assert made["password"] not in said
        assert PASSWORD not in said


def test_an_agreement_goes_through_its_states(linked: Cli) -> None:
    (row,) = linked.json("agreement", "list")
    reference = row["reference"]
    assert (row["state"], row["ceiling"], row["level"], row["direction"]) == (
        *("in-force", "amber", "mou"),
        "both",
    )

    linked.done("agreement", "change", reference, "--ceiling", "AMBER+STRICT", "--transit")
    assert linked.json("agreement", "suspend", reference)["state"] == "suspended"
    assert linked.json("agreement", "resume", reference)["state"] == "in-force"
    assert linked.json("agreement", "end", reference)["state"] == "ended"
    assert linked.json("agreement", "list", "--peer", "cert-b")[0]["ceiling"] == "amber+strict"


def test_two_agreements_at_a_time_are_refused(linked: Cli) -> None:
    said = linked.refused("agreement", "add", "--peer", "cert-b", "--ceiling", "green")

    assert linked.json("agreement", "list")[0]["reference"] in said


def test_a_collection_and_its_members(linked: Cli) -> None:
    made = linked.json("collection", "add", "in", "--title", "In", "--kind", "inbox")
    linked.done("collection", "member", "add", "in", "cert-b")

    assert linked.json("collection", "show", made["id"])["members"] == "cert-b"
    linked.done("collection", "member", "remove", "in", "cert-b")
    rows = {row["alias"]: row for row in linked.json("collection", "list")}
    assert (rows["in"]["members"], rows["out"]["members"]) == ("", "cert-b")


def test_a_collection_with_an_unknown_member_is_not_made(cli: Cli) -> None:
    add = ("collection", "add", "out", "--title", "Out", "--kind", "published")

    assert "cirt peer list" in cli.refused(*add, "--member", "nobody")
    assert cli.json("collection", "list") == []


def test_links_rest_and_go_on(linked: Cli) -> None:
    add = ("link", "add", "--peer", "cert-b", "--collection", "out")
    number = linked.json(*add, "--direction", "pull", "--every", "2h")["id"]

    linked.done("link", "pause", str(number))
    (paused,) = linked.json("link", "list")
    assert (paused["every_s"], paused["state"]) == (7200, "resting")
    linked.done("link", "resume", str(number))
    assert linked.json("sync", "status")[0]["state"] != "resting"


def test_a_sync_that_fails_says_so_and_exits_with_one(linked: Cli) -> None:
    link = ("--peer", "cert-b", "--collection", "out", "--direction", "pull")
    assert ", every 5m." in linked.done("link", "add", *link)

    result = linked.run("--json", "sync", "cert-b")

    assert result.exit_code == 1
    (row,) = json.loads(result.stdout)
    assert (row["peer"], row["state"]) == ("cert-b", "failed")
    assert row["problem"]


# import


def test_a_good_file_is_taken_and_then_known(linked: Cli) -> None:
    file = linked.home / "good.json"
    file.write_bytes(envelope(numbered(1), numbered(2)))

    first = linked.json("import", file, "--collection", "out", "--tlp", "green")
    again = linked.json("import", file)

    assert first["files"] == [
        {"file": "good.json", "taken": 2, "known": 0, "held": 0, "refused": 0, "unreadable": None}
    ]
    assert again["files"][0]["known"] == 2


def test_what_is_bad_in_a_file_is_refused_with_its_reason_and_the_rest_is_kept(cli: Cli) -> None:
    mixed, broken = cli.home / "mixed.json", cli.home / "broken.json"
    mixed.write_bytes(envelope(numbered(1), numbered(2, pattern="[ipv4-addr:value = "), b'{"a":1}'))
    broken.write_bytes(b"not JSON")

    result = cli.run("--json", "import", mixed, broken)

    assert result.exit_code == 1
    said = json.loads(result.stdout)
    assert [(row["taken"], row["refused"]) for row in said["files"]] == [(1, 2), (0, 0)]
    assert said["files"][1]["unreadable"]
    assert len(said["reasons"]) == 2
    assert all(reason["reason"] and reason["code"] for reason in said["reasons"])
    table = cli.run("import", mixed, broken)
    assert table.exit_code == 1
    assert "indicator--00000002" in table.stdout


def test_unmarked_objects_are_never_imported_as_red(cli: Cli) -> None:
    file = cli.home / "good.json"
    file.write_bytes(envelope(numbered(1)))

    result = cli.run("import", file, "--tlp", "red")

    assert result.exit_code == 2
    assert "RED" in result.stderr


# connectors


def test_a_connector_reads_its_folder_once(linked: Cli) -> None:
    folder = linked.home / "spool"
    folder.mkdir()
    (folder / "one.json").write_bytes(envelope(numbered(1)))
    settings = f'[connectors.stix-folder]\npeer = "cert-b"\nfolder = "{folder}"\n'
    (linked.home / "data" / "cirt.toml").write_text(settings)

    assert linked.json("connector", "run", "stix-folder")["taken"] == 1
    assert linked.json("connector", "run", "stix-folder")["files"] == 0
    (row,) = [one for one in linked.json("connector", "list") if one["name"] == "stix-folder"]
    assert (row["in_use"], row["error"]) == ("yes", None)


def test_a_connector_that_is_not_set_up_says_what_is_missing(cli: Cli) -> None:
    assert "cirt.toml" in cli.refused("connector", "run", "stix-folder")
    assert "cirt connector list" in cli.refused("connector", "run", "nothing")


# the trail


def test_the_trail_holds_until_a_byte_of_it_is_changed(linked: Cli) -> None:
    assert linked.json("audit", "verify")["lines"] > 3
    engine = linked.engine()
    with engine.begin() as connection:
        touched = "UPDATE audit_entry SET facts = replace(facts, :was, :now) WHERE facts LIKE :has"
        given = {"was": '"BB"', "now": '"BC"', "has": '%"BB"%'}
        assert connection.execute(sa.text(touched), given).rowcount == 1
        where = sa.text("SELECT seq FROM audit_entry WHERE facts LIKE '%BC%'")
        line = connection.scalar(where)
    engine.dispose()

    assert f"line {line}" in linked.refused("audit", "verify")


def test_an_exported_trail_is_verified_by_itself(linked: Cli) -> None:
    file = linked.home / "trail.jsonl"
    lines = linked.json("audit", "export", file)["lines"]

    assert linked.json("audit", "verify", file)["lines"] == lines

    text = file.read_text()
    file.write_text(text.replace("CERT B", "CERT C", 1))
    assert "does not hold at line" in linked.refused("audit", "verify", file)
    file.write_text("nonsense\n")
    assert "Line 1" in linked.refused("audit", "verify", file)


def test_an_export_that_cannot_be_written_is_named(cli: Cli) -> None:
    assert "/nowhere/trail" in cli.refused("audit", "export", "/nowhere/trail")


# exit codes


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("peer", "add", "cert-b"),
        ("agreement", "add", "--peer", "cert-b", "--ceiling", "blue"),
        ("import", "/nowhere/file.json"),
        ("link", "add", "--peer", "b", "--collection", "c", "--direction", "pull", "--every", "0m"),
        ("agreement", "add", "--peer", "b", "--ceiling", "green", "--until", "tomorrow"),
        ("up", "--bind", "nowhere"),
    ],
)
def test_wrong_usage_is_two(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli.run(*words).exit_code == 2


@pytest.mark.parametrize(
    ("words", "next_step"),
    [
        (("peer", "show", "nobody"), "cirt peer list"),
        (("peer", "add", "BAD!", "--name", "x", "--country", "BB"), "lower-case"),
        (("agreement", "end", "MOU-2026-0009"), "cirt agreement list"),
        (("collection", "show", "nothing"), "cirt collection list"),
        (("link", "pause", "9"), "cirt link list"),
        (("sync", "nobody"), "cirt peer list"),
        (("user", "disable", "nobody@ex-cirt.example"), "cirt user list"),
    ],
)
def test_what_is_not_there_is_one_with_the_next_step(
    cli: Cli, words: tuple[str, ...], next_step: str
) -> None:
    assert next_step in cli.refused(*words)


def test_every_list_is_empty_json_on_an_empty_installation(cli: Cli) -> None:
    for noun in ("user", "peer", "agreement", "collection", "link"):
        assert cli.json(noun, "list") == []
        assert "cirt" in cli.done(noun, "list")
    assert cli.json("sync", "status") == []


def test_the_program_in_a_process_of_its_own_keeps_sentences_apart_from_data(
    tmp_path: Path,
) -> None:
    done = run_cirt("--json", *INIT, "--password-stdin", cwd=tmp_path, given=PASSWORD)

    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["password"] is None
    assert done.stderr == ""
    again = run_cirt(*INIT, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.count("\n") == 1
    assert (tmp_path / "data" / "keys" / "secret").stat().st_mode & 0o077 == 0


def _all_commands() -> Iterator[Any]:
    waiting = [root]
    while waiting:
        command = waiting.pop()
        yield command
        waiting += getattr(command, "commands", {}).values()


def test_a_webhook_is_made_tried_out_and_removed(cli: Cli, tmp_path: Path) -> None:
    mapping, event = tmp_path / "map.json", tmp_path / "event.json"
    mapping.write_text('{"title": "rule.name", "key": "rule.id"}')
    event.write_text('{"rule": {"name": "Brute force", "id": 7}}')

    made = cli.json("webhook", "add", "siem", "--map", mapping, "--tlp", "green")
    shown = {one["field"]: one["value"] for one in cli.json("webhook", "preview", "siem", event)}
    mapping.write_text('{"colour": "rule.name"}')

    assert made["url"].endswith("/intake/webhook/siem")
    assert (shown["title"], shown["key"]) == ("Brute force", "7")
    assert "colour" in cli.refused("webhook", "map", "siem", mapping)
    assert made["token"] not in cli.done("webhook", "list")
    for verb, state in (("pause", "paused"), ("resume", "in use")):
        cli.done("webhook", verb, "siem")
        assert [one["state"] for one in cli.json("webhook", "list")] == [state]
    renewed = cli.json("webhook", "token", "siem")
    assert (renewed["url"], renewed["token"] == made["token"]) == (made["url"], False)
    cli.done("webhook", "remove", "siem")
    assert "webhook list" in cli.refused("webhook", "remove", "siem")


@needs_gpg
def test_keys_for_mail_are_added_listed_and_forgotten(cli: Cli, tmp_path: Path) -> None:
    with key_ring("Rana", "rana@utility.example") as theirs:
        file = tmp_path / "key.asc"
        file.write_bytes(theirs.public_key)

        added = cli.json("pgp", "add", file)["fingerprints"]
    (listed,) = cli.json("pgp", "list")

    assert added == [listed["fingerprint"]]
    assert (listed["ours"], listed["in_force"]) == ("no", "yes")
    cli.done("pgp", "remove", added[0])
    assert "there is no key" in cli.refused("pgp", "remove", added[0])


def test_our_own_exchange_key_is_recorded_of_no_peer(linked: Cli) -> None:
    own = linked.json("exchange", "key")["key"]

    said = linked.refused("peer", "set", "cert-b", "--exchange-key", own)

    assert "our own" in said
    assert "cert-b" in said
    assert linked.json("peer", "show", "cert-b")["exchange_fingerprint"] is None
