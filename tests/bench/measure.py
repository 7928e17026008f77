"""Printing figures beside their goals, and what a tree of processes costs in CPU time and memory."""

import gc
import json
import os
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must be and what we aim at; where ``aim`` is the smaller, less is better."""

    must: float
    aim: float

    def met(self, value: float) -> str:
        """``aim``, ``must`` or ``missed``."""
        sign = 1 if self.aim >= self.must else -1
        if sign * value >= sign * self.aim:
            return "aim"
        return "must" if sign * value >= sign * self.must else "missed"


def emit(
    name: str, backend: str, value: float, unit: str, goal: Goal | None = None, **more: Any
) -> None:
    """One JSON line for one figure."""
    line = {"name": name, "backend": backend, "value": rounded(value), "unit": unit}
    if goal is not None:
        line |= {"must": goal.must, "aim": goal.aim, "met": goal.met(value)}
    print(json.dumps(line | more), flush=True)


def rounded(value: float) -> float:
    """Whole where it is large, four digits where it is small."""
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


def spread(values: Sequence[float]) -> dict[str, Any]:
    """The rounds behind a median."""
    return {"low": rounded(min(values)), "high": rounded(max(values)), "rounds": len(values)}


def seconds(act: Callable[[], Any]) -> float:
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def percentiles(times_s: list[float]) -> dict[str, Any]:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(times_s)
    return {
        "median_ms": round(statistics.median(ordered) * 1000, 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95) - 1] * 1000, 2),
        "samples": len(ordered),
    }


def own_peak_mib() -> float:
    """The most memory that this process has had resident."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def tree_pss_mib(pid: int) -> float:
    """Proportional memory of a process and its descendants; shared pages count once."""
    return round(sum(_pss_kib(one) for one in _tree(pid)) / 1024, 1)


def tree_cpu_s(pid: int) -> float:
    """CPU time that a process, its descendants and those that it waited for have taken so far."""
    return sum(_ticks(one) for one in _tree(pid)) / _TICKS_A_SECOND


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:  # ended since its parent named it
        return []
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _pss_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))  # its own and its waited-for children's, user and system
