"""What every verb shares: the program behind it, dates, secrets from standard input, tables or JSON."""

import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console as Screen
from rich.table import Table
from rich.text import Text

from cirt.kernel.errors import CirtError, FieldsInvalid, Unavailable
from cirt.kernel.program import Program, load_program
from cirt.kernel.settings import Settings, read_settings
from cirt.kernel.text import mark
from cirt.kernel.tlp import Tlp, TlpUnknown
from cirt.kernel.work import Actor, ActorKind, Work


def console_actor() -> Actor:
    """Whoever may run the program on this host."""
    return Actor(ActorKind.CONSOLE, name=f"console, {_user()}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"user {os.getuid()}"


@dataclass(slots=True)
class Console:
    data_dir: Path | None
    as_json: bool
    _program: Program | None = None

    def settings(self) -> Settings:
        return read_settings(os.environ, self.data_dir)

    def program(self) -> Program:
        """The same for the whole verb."""
        if self._program is None:
            self._program = load_program(self.settings())
        return self._program

    def close(self) -> None:
        if self._program is not None:
            self._program.engine.dispose()

    @contextmanager
    def work(self, *, write: bool = True) -> Iterator[Work]:
        with self.program().work(console_actor(), write=write) as work:
            yield work

    def show(self, rows: Sequence[Mapping[str, Any]], *, empty: str) -> None:
        """A list: a table for people, or JSON."""
        if self.as_json:
            click.echo(json.dumps(list(rows), default=str, ensure_ascii=False, indent=1))
        elif not rows:
            click.echo(empty)
        else:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for name in rows[0]:
                table.add_column(name.replace("_", " "), overflow="fold")
            for row in rows:
                table.add_row(*(_cell(value) for value in row.values()))
            # a pipe has no width; rich would then cut columns at 80 characters
            Screen(file=sys.stdout, width=None if sys.stdout.isatty() else 200).print(table)

    def say(self, facts: Mapping[str, Any], sentence: str) -> None:
        """One thing done: a sentence for people, or its facts as JSON."""
        if self.as_json:
            click.echo(json.dumps(dict(facts), default=str, ensure_ascii=False))
        else:
            click.echo(sentence)


def _cell(value: Any) -> Text:
    """As it stands: brackets are no markup, and nothing that came from outside moves the cursor."""
    if value is None:
        return Text()
    said = utc(value) if isinstance(value, datetime) else str(value)
    return Text("".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in said))


def utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


pass_console = click.make_pass_decorator(Console)


class DatabaseFails(Unavailable):
    code = "database-fails"
    message = mark(
        "The database does not do what was asked: {reason}."
        " Check CIRT_DATABASE_URL; if the schema is older than the program: cirt db upgrade"
    )


class Root(click.Group):
    """Ends with 1 and one plain sentence when something is refused; wrong usage is click's 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FieldsInvalid as error:
            for name, messages in error.errors.items():
                click.echo(f"{name}: {' '.join(messages)}", err=True)
        except CirtError as error:
            click.echo(str(error), err=True)
        except sa.exc.DatabaseError as error:
            if isinstance(error, sa.exc.IntegrityError):
                raise  # a fault of ours, not of the database
            click.echo(str(DatabaseFails(reason=str(error.orig).partition("\n")[0])), err=True)
        except OSError as error:
            if error.filename is None:  # not about a file somebody named
                raise
            click.echo(f"{error.filename}: {error.strerror}.", err=True)
        return ctx.exit(1)


class TlpType(click.ParamType[Tlp]):
    name = "TLP"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Tlp:
        try:
            return value if isinstance(value, Tlp) else Tlp.parse(value)
        except TlpUnknown as error:
            self.fail(str(error), param, ctx)


class MomentType(click.ParamType["date | datetime"]):
    """A day or an instant, UTC."""

    name = "DATE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> date | datetime:
        if isinstance(value, date):  # datetime is one too
            return value
        try:
            if len(value) == len("2026-11-18"):
                return date.fromisoformat(value)
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"“{value}” is no date. Write 2026-11-18 or 2026-11-18T14:20.", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def begin_of(moment: date | datetime) -> datetime:
    """The instant itself, or the first one of the day."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)


class ListType(click.ParamType[tuple[str, ...]]):
    """Words with commas between them."""

    name = "LIST"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(word.strip() for word in value.split(",") if word.strip())


def password_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option("--password-stdin", is_flag=True, help=help_text)


def read_password(password_stdin: bool) -> str | None:
    """The first line of standard input, if asked for; never an argument, which others could list."""
    if not password_stdin:
        return None
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError(
            "Standard input was empty; a password was expected on its first line."
        )
    return password
