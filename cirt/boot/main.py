"""The console script: every verb of the command line, with those that start something."""

from cirt.boot.commands import demo, up, web, worker
from cirt.cli import root

__all__ = ["main", "root"]

for _command in (up, web, worker, demo):
    root.add_command(_command)


def main() -> None:
    """The console script."""
    root(prog_name="cirt")
