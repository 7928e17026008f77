"""Connectors as the worker runs them."""

from cirt.kernel.program import Program
from cirt.worker.table import HANDLERS


def read_by_worker(program: Program) -> None:
    """Each that has settings, one after the other."""
    for name in program.settings.connectors:
        HANDLERS["sources.read"](program, {"source": name})
