"""Builds everything from settings, and starts it: ``cirt up``, ``cirt web``, ``cirt worker``, ``cirt demo``."""

from cirt.boot.commands import demo, up, web, worker
from cirt.cli import root

for _command in (up, web, worker, demo):
    root.add_command(_command)


def main() -> None:
    """The console script."""
    root(prog_name="cirt")
