"""The worker: runs the jobs that the rest of the program asks for."""

from cirt.worker.loop import run_worker

__all__ = ["run_worker"]
