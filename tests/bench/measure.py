"""Printing figures, and the memory of a process with its children."""

import gc
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def emit(name: str, backend: str, value: float, unit: str, **more: Any) -> None:
    """One JSON line for one figure."""
    line = {"name": name, "backend": backend, "value": round(value, 2), "unit": unit, **more}
    print(json.dumps(line), flush=True)


def seconds(act: Callable[[], Any]) -> float:
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def percentiles(times_s: list[float]) -> dict[str, float]:
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


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _tree(int(child)))]


def _pss_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return 0
