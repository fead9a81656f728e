"""The plots of a benchmark run, ours beside stock, readable in black and white. The only importer of matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .figures import OURS, STOCK, figures, sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .figures import Figures, Run


class _Panel(NamedTuple):
    title: str
    unit: str
    value: Callable[[Figures], float]
    better: str


_PANELS = (
    _Panel("Ingest", "MB of text a second", lambda one: one.ingest.rate, "higher"),
    _Panel("Warm search, p50", "milliseconds", lambda one: one.search_p50_ms.median, "lower"),
    _Panel("Fresh process to first answer", "seconds", lambda one: one.first_s.median, "lower"),
    _Panel("Index on disk", "MB", lambda one: one.ingest.index_bytes / 1e6, "lower"),
    _Panel("Peak memory, searching", "MB", lambda one: one.peak_bytes / 1e6, "lower"),
    _Panel("R@10, articles", "share found", lambda one: one.recall.value, "higher"),
)

#: Ours is black, solid and full; stock grey, dashed and hollow.
_LINES: dict[str, dict[str, Any]] = {
    OURS: {"color": "black", "linestyle": "-", "marker": "o", "markerfacecolor": "black"},
    STOCK: {"color": "#777777", "linestyle": "--", "marker": "s", "markerfacecolor": "white"},
}
_BARS: dict[str, dict[str, Any]] = {
    OURS: {"facecolor": "black", "edgecolor": "black"},
    STOCK: {"facecolor": "white", "edgecolor": "#555555", "hatch": "///"},
}


def draw(run: Run, path: Path) -> None:
    """Draw every panel into `path`, whose ending is the format: lines over the sizes, or bars where there is one size only."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    known = {side: [figures(run, side, size) for size in sizes(run)] for side in (OURS, STOCK)}
    settings = {"svg.fonttype": "none", "svg.hashsalt": "assay", "font.size": 9, "font.sans-serif": ["DejaVu Sans"], "hatch.linewidth": 0.6}
    with mpl.rc_context(settings):
        drawing = Figure(figsize=(9.6, 5.6), layout="constrained")
        drawing.patch.set_facecolor("white")  # legible on a dark page too
        for axes, panel in zip(drawing.subplots(2, 3).flat, _PANELS, strict=True):
            values = {side: [panel.value(one) for one in known[side]] for side in known}
            if len(sizes(run)) > 1:
                _lines(axes, sizes(run), values)
            else:
                _bars(axes, values)
            axes.set_title(f"{panel.title}\n({panel.better} is better)", fontsize=9)
            axes.set_ylabel(panel.unit)
            axes.set_ylim(bottom=0)
            axes.spines[["top", "right"]].set_visible(False)
        drawing.axes[0].legend(frameon=False)
        drawing.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=100)


def _lines(axes: Any, across: Sequence[int], values: dict[str, list[float]]) -> None:
    for side, ys in values.items():
        axes.plot(across, ys, label=side, linewidth=1.4, markersize=5, **_LINES[side])
    axes.set_xlabel("articles")
    axes.set_xticks(across, [f"{size:,}" for size in across])
    axes.margins(y=0.15)


def _bars(axes: Any, values: dict[str, list[float]]) -> None:
    for place, (side, ys) in enumerate(values.items()):
        drawn = axes.bar(place, ys, width=0.6, label=side, **_BARS[side])
        axes.bar_label(drawn, labels=[f"{y:.3g}" for y in ys], padding=2)
    axes.set_xticks(range(len(values)), list(values))
    axes.margins(x=0.2, y=0.2)
