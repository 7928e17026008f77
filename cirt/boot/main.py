"""The console script: every verb of the command line, with those that start something."""

import os

from cirt.boot.commands import demo, up, web, worker
from cirt.boot.memory import spare_memory
from cirt.cli import root

__all__ = ["main", "root"]

for _command in (up, web, worker, demo):
    root.add_command(_command)


def main() -> None:
    """The console script. What it writes is for its own user only."""
    os.umask(0o077)
    spare_memory()
    root(prog_name="cirt")
