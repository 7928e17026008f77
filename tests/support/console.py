"""The console of a program that is there already."""

import json
from typing import Any

from click.testing import CliRunner, Result

from cirt.cli import root
from cirt.kernel.program import Program
from tests.support.canary import give_the_console_its_key


def at_the_console(program: Program, *words: str) -> Result:
    give_the_console_its_key(program)
    environment = {
        "CIRT_DATA_DIR": str(program.settings.data_dir),
        "CIRT_DATABASE_URL": program.engine.url.render_as_string(hide_password=False),
    }
    return CliRunner().invoke(root, words, env=environment)


def told(program: Program, *words: str) -> Any:
    """What a verb that succeeds says, as data."""
    done = at_the_console(program, "--json", *words)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)
