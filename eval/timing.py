"""Wall-clock time of calls and of whole processes, and the memory of this one. Knows nothing of what is timed."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_Asked = TypeVar("_Asked")

#: Calls before those that count: pools, caches and kernels are made by the first ones.
WARM_UP = 20


class Spread(NamedTuple):
    """The median of repeated measurements with the lowest and the highest."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float]) -> Spread:
    """Return the median of `values`, of which there is at least one, and their range."""
    array = np.array(list(values), float)
    return Spread(float(np.median(array)), float(array.min()), float(array.max()))


def percentiles(laps: Sequence[float]) -> tuple[float, float]:
    """Return p50 and p95, interpolated."""
    p50, p95 = np.percentile(laps, [50, 95])
    return float(p50), float(p95)


def laps(act: Callable[[_Asked], object], asked: Iterable[_Asked], *, warm_up: int = WARM_UP) -> list[float]:
    """Return how long `act` took on each that is asked after the first `warm_up`, in milliseconds."""
    taken = []
    for one in asked:
        start = time.perf_counter()
        act(one)
        taken.append((time.perf_counter() - start) * 1000)
    return taken[warm_up:]


def wall(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> float:
    """Return the seconds from starting `command` to its end; raises `CalledProcessError`, with what it said, when it fails."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, text=True, env=env)  # noqa: S603  # our own commands
    return time.perf_counter() - start


def peak_memory() -> int:
    """Return the most memory that this process has had resident so far, in bytes.

    From `/proc` where there is one: what `getrusage` says begins with the size of the process that started this one.
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as lines:  # noqa: PTH123  # no path: an interface
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        used: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return int(used) * (1 if sys.platform == "darwin" else 1024)
