"""From what the steps of a benchmark run left to figures of each side at each size, and to ratios with their targets.

A run is the JSON of `docs/benchmarks/results.json`: `plan`, `machine`, `encoder`, and `steps` by name. Pure; knows nothing of how
the steps are run, or shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..measures import Mean
from ..timing import Spread, percentiles, spread
from .machine import EncoderShape, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A run as JSON.
Run: TypeAlias = dict[str, Any]

OURS, OURS_F32, STOCK = "ours", "ours in float32", "stock"

#: At least so many times as fast, by what is compared.
INGEST, FIRST, SEARCH = 4.0, 6.0, 1.5


@dataclass(frozen=True, slots=True)
class Ingested:
    """One ingest: what went in, how long it took, and what it left."""

    side: str
    articles: int
    passages: int
    refused: int
    text_bytes: int
    seconds: float
    gflops: float
    """Useful matrix operations of the encoder, a second, in thousands of millions."""
    share: float | None
    """Of the machine's matrix throughput in the precision that the side computes in; None where that was not measured."""
    peak_bytes: int
    index_bytes: int

    @property
    def rate(self) -> float:
        """Return megabytes (10⁶ bytes) of text a second."""
        return self.text_bytes / self.seconds / 1e6

    @property
    def passage_rate(self) -> float:
        """Return passages a second."""
        return self.passages / self.seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """One side at one size; times over the rounds or runs, each with its range."""

    ingest: Ingested
    open_ms: Spread
    first_s: Spread
    search_p50_ms: Spread
    search_p95_ms: Spread
    ask_p50_ms: Spread | None
    ask_p95_ms: Spread | None
    answered: float | None
    """The share of questions that were not met with silence."""
    peak_bytes: int
    recall: Mean


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times better we are than the peer at one size; higher is better for us, below 1 we are worse."""

    what: str
    articles: int
    stock: str
    ours: str
    value: float
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Return `met` or `missed`; a dash where there is no target."""
        if self.target is None:
            return "–"
        return "met" if self.value >= self.target else "missed"


def machine_of(run: Run) -> Machine:
    """Return the machine that the run was made on."""
    return Machine(**run["machine"])


def ingested(run: Run, side: str, size: int) -> Ingested:
    """Return the ingest that brought `side` to `size` articles; raises KeyError where there was none."""
    step = run["steps"][f"{size}/{side}/ingest"]
    gflops = EncoderShape(**run["encoder"]).flops(step["tokens"], step["token_squares"]) / step["seconds"] / 1e9
    machine = machine_of(run)
    peak = machine.bf16_gflops if side == OURS and machine.bf16 else machine.f32_gflops
    return Ingested(
        side=side,
        articles=step["articles"],
        passages=step["passages"],
        refused=step["refused"],
        text_bytes=step["text_bytes"],
        seconds=step["seconds"],
        gflops=gflops,
        share=gflops / peak if peak else None,
        peak_bytes=step["peak_bytes"],
        index_bytes=step["index_bytes"],
    )


def figures(run: Run, side: str, size: int) -> Figures:
    """Return the figures of `side` at `size` articles."""
    steps = run["steps"]
    rounds = [steps[f"{size}/{side}/warm/{n}"] for n in range(1, run["plan"]["rounds"] + 1)]
    search = [percentiles(one["search_ms"]) for one in rounds]
    ask = [percentiles(one["ask_ms"]) for one in rounds if "ask_ms" in one]
    return Figures(
        ingest=ingested(run, side, size),
        open_ms=spread(one["open_ms"] for one in rounds),
        first_s=spread(steps[f"{size}/fresh"][side]),
        search_p50_ms=spread(p50 for p50, _ in search),
        search_p95_ms=spread(p95 for _, p95 in search),
        ask_p50_ms=spread(p50 for p50, _ in ask) if ask else None,
        ask_p95_ms=spread(p95 for _, p95 in ask) if ask else None,
        answered=rounds[0]["answered"] / len(rounds[0]["ask_ms"]) if ask else None,
        peak_bytes=max(one["peak_bytes"] for one in rounds),
        recall=Mean(**steps[f"{size}/{side}/rank"]),
    )


def sizes(run: Run) -> list[int]:
    """Return the sizes of a run, smallest first."""
    return list(run["plan"]["sizes"])


def ratios(run: Run) -> list[Ratio]:
    """Return every ratio at every size; the one of ingest has its target only where the processor computes in bfloat16."""
    return [ratio for size in sizes(run) for ratio in _ratios(run, size)]


def _ratios(run: Run, size: int) -> Iterator[Ratio]:
    ours, stock = figures(run, OURS, size), figures(run, STOCK, size)
    if machine_of(run).bf16:
        yield _ingest("ingest, ours in bfloat16", size, ours.ingest, stock.ingest, INGEST)
    else:
        yield _ingest("ingest, ours in float32", size, ours.ingest, stock.ingest)
    if f"{size}/{OURS_F32}/ingest" in run["steps"]:
        yield _ingest("ingest, ours in float32", size, ingested(run, OURS_F32, size), stock.ingest)
    yield _time("fresh process to first answer", size, stock.first_s, ours.first_s, "s", FIRST)
    yield _time("warm search, p50: stock dense only, ours two legs fused", size, stock.search_p50_ms, ours.search_p50_ms, "ms", SEARCH)
    if ours.ask_p50_ms:
        yield _time("warm, p50: stock a search, ours a cited answer", size, stock.search_p50_ms, ours.ask_p50_ms, "ms")
    yield _time("opening the index", size, stock.open_ms, ours.open_ms, "ms")
    yield _bytes("peak memory, ingest", size, stock.ingest.peak_bytes, ours.ingest.peak_bytes)
    yield _bytes("peak memory, searching", size, stock.peak_bytes, ours.peak_bytes)
    yield _bytes("index on disk", size, stock.ingest.index_bytes, ours.ingest.index_bytes)


def _ingest(what: str, size: int, ours: Ingested, stock: Ingested, target: float | None = None) -> Ratio:
    return Ratio(what, size, f"{stock.rate:.3f} MB/s", f"{ours.rate:.3f} MB/s", ours.rate / stock.rate, target)


def _time(what: str, size: int, stock: Spread, ours: Spread, unit: str, target: float | None = None) -> Ratio:
    digits = 2 if unit == "s" else 1
    return Ratio(what, size, f"{stock.median:.{digits}f} {unit}", f"{ours.median:.{digits}f} {unit}", stock.median / ours.median, target)


def _bytes(what: str, size: int, stock: int, ours: int) -> Ratio:
    return Ratio(what, size, f"{stock / 1e6:.1f} MB", f"{ours / 1e6:.1f} MB", stock / ours)
