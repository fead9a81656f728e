"""The plots of a report, drawn. The only importer of matplotlib here; knows nothing of the page around a drawing."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from .content import Tone
from .drawing import COLOURS, SERIES, Labels, inlined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .content import Bars, Curve, Difference, Estimate, Line
    from .markup import Html

#: As many groups, and as many differences, are drawn; the table beside a plot has more.
MOST_ROWS, MOST_DIFFERENCES = 24, 60

#: How large the points of few and of many questions are, across.
_SMALL, _LARGE = 3.5, 13.0

#: Lines of up to so many points show each of them.
_MARKED = 16

#: A number beyond it is no measurement.
_HUGE = 1e12

#: What tells verdicts apart without their colour: up, down, and a hollow ring; a cross where there is no verdict.
_VERDICTS, _UNTESTED = {Tone.GOOD: "^", Tone.BAD: "v", Tone.NEUTRAL: "o"}, "x"

#: What tells lines apart without their colour: dashes and marks.
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)), (0, (9, 3)), (0, (3, 1, 1, 1, 1, 1)))
_MARKS = "osD^vP"

_WIDTH = 4.2
_INK, _MUTED, _GRID, _SURFACE = (COLOURS[name] for name in ("ink", "muted", "grid", "surface"))
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "assay",
    "font.size": 11,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "xtick.color": _GRID,
    "xtick.labelcolor": _MUTED,
    "ytick.color": _GRID,
    "ytick.labelcolor": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "text.parse_math": False,
    "figure.autolayout": False,
}


def draw_curve(curve: Curve, *, prefix: str, description: str) -> Html:
    """Draw lines, with a band where they have one; ids begin with `prefix`, and `description` is read out in the drawing's place."""

    def draw(axes: Any, labels: Labels) -> None:
        if curve.diagonal:
            axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=0.9, linestyle=(0, (2, 3)))
            axes.set_xlim(-0.02, 1.02)
            axes.set_ylim(-0.02, 1.02)
        largest = max((n for line in curve.lines for n in line.ns), default=0)
        for place, line in enumerate(curve.lines):
            _line(axes, line, place, logarithmic=curve.logarithmic, largest=largest)
        if curve.logarithmic:
            axes.set_xscale("log")
        elif curve.until is not None:
            axes.set_xlim(-0.02 * curve.until, 1.02 * curve.until)
        if not curve.diagonal:
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0] if _below_zero(curve) else 0.0))
        _plain_ticks(axes, logarithmic=curve.logarithmic)
        axes.set_xlabel(labels.lines(curve.x_label, 44))
        axes.set_ylabel(labels.lines(curve.y_label, 30))

    return _drawn(draw, height=3.0, prefix=prefix, description=description)


def draw_bars(bars: Bars, *, prefix: str, description: str) -> Html:
    """Draw the first `MOST_ROWS` groups from above, the series of each side by side, with their intervals as whiskers."""
    groups, width = bars.groups[:MOST_ROWS], 0.76 / max(1, len(bars.series))

    def draw(axes: Any, labels: Labels) -> None:
        for place, series in enumerate(bars.series):
            rows = [(row, one) for row, one in enumerate(series.estimates[: len(groups)]) if one and _finite(one.value) is not None]
            ys = [row + (place - (len(bars.series) - 1) / 2) * width for row, _ in rows]
            xs = [one.value for _, one in rows]
            axes.barh(ys, xs, height=width * 0.86, color=_series(place), linewidth=0, alpha=0.55)
            for y, (_, one) in zip(ys, rows, strict=True):
                _whisker(axes, y, one, color=_INK)
            for row in set(range(len(groups))) - {row for row, _ in rows}:
                y = row + (place - (len(bars.series) - 1) / 2) * width
                axes.annotate("–", (0, y), (3, 0), textcoords="offset points", va="center", color=_MUTED)
        axes.set_xlim(left=None if _negative(bars.series) else 0)
        sizes = [f" ({size:,})" for size in bars.sizes[:MOST_ROWS]] or [""] * len(groups)
        _rows(axes, [labels.stand_in(group, after=size) for group, size in zip(groups, sizes, strict=True)])
        _beneath(axes, labels.lines(bars.value_label, 44))

    return _drawn(draw, height=bars_height(bars), prefix=prefix, description=description)


def bars_height(bars: Bars) -> float:
    """Return how high bars are drawn, where a plot of lines is 3."""
    return 0.66 + min(MOST_ROWS, len(bars.groups)) * (0.16 + 0.2 * max(1, len(bars.series)))


def differences_height(differences: Sequence[Difference]) -> float:
    """Return how high differences are drawn, where a plot of lines is 3."""
    return 0.8 + 0.27 * min(MOST_DIFFERENCES, len(differences))


def draw_differences(differences: Sequence[Difference], *, prefix: str, description: str) -> Html:
    """Draw differences between the same two runs in one unit from above, the first `MOST_DIFFERENCES`."""
    shown = differences[:MOST_DIFFERENCES]

    def draw(axes: Any, labels: Labels) -> None:
        axes.axvline(0, color=_MUTED, linewidth=1)
        for row, one in enumerate(shown):
            colour = COLOURS[one.verdict.value]
            value = _finite(one.value)
            if value is None:
                continue
            _whisker(axes, row, one, color=colour)
            marker = _UNTESTED if one.verdict is Tone.NEUTRAL and not one.undecided else _VERDICTS[one.verdict]
            face = _SURFACE if one.verdict is Tone.NEUTRAL else colour
            axes.plot([value], [row], marker=marker, markersize=7, color=colour, markerfacecolor=face, linestyle="none")
        axes.margins(x=0.08)
        _rows(axes, [labels.stand_in(one.measure) for one in shown])
        unit = f", {shown[0].unit}" if shown[0].unit else ""
        _beneath(axes, labels.lines(f"{shown[0].other} minus {shown[0].base}{unit}", 40))

    return _drawn(draw, height=differences_height(differences), prefix=prefix, description=description)


def _drawn(draw: Callable[[Any, Labels], None], *, height: float, prefix: str, description: str) -> Html:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    labels, written = Labels(), io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever the user's own file says
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure.subplots(), labels)
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return inlined(written.getvalue(), labels, prefix=prefix, description=description)


def _line(axes: Any, line: Line, place: int, *, logarithmic: bool, largest: int) -> None:
    kept = [i for i, (x, y) in enumerate(zip(line.xs, line.ys, strict=True)) if _drawable(x, logarithmic=logarithmic) and _drawable(y)]
    xs, colour = [line.xs[i] for i in kept], _series(place)
    if line.low:
        low, high = ([_finite(edge[i]) if _drawable(edge[i]) else math.nan for i in kept] for edge in (line.low, line.high))
        axes.fill_between(xs, low, high, color=colour, alpha=0.16, linewidth=0)
    mark, ys = _MARKS[place % SERIES], [line.ys[i] for i in kept]
    look = {"linestyle": _DASHES[place % SERIES], "marker": mark if len(kept) <= _MARKED and not line.ns else None, "markersize": 4.5}
    axes.plot(xs, ys, color=colour, linewidth=1.8, **look)
    for i, x, y in zip(kept, xs, ys, strict=True) if line.ns else ():
        size = max(_SMALL, _LARGE * math.sqrt(line.ns[i] / max(1, largest)))  # by its area
        axes.plot([x], [y], marker=mark, markersize=size, color=colour, alpha=0.75, markeredgewidth=0, linestyle="none", clip_on=False)


def _whisker(axes: Any, y: float, one: Estimate | Difference, *, color: str) -> None:
    low, high = _finite(one.low), _finite(one.high)
    if low is not None and high is not None:
        axes.plot([low, high], [y, y], color=color, linewidth=1.4, solid_capstyle="butt")


def _rows(axes: Any, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    _plain_ticks(axes, rows=True)


def _beneath(axes: Any, label: str) -> None:
    """Write a label under the whole drawing: under the axes alone there is less room where the rows have long names."""
    axes.figure.supxlabel(label, color=_MUTED, fontsize="medium")


def _plain_ticks(axes: Any, *, logarithmic: bool = False, rows: bool = False) -> None:
    """Write numbers in digits: the library's own way for large and small ones is a formula."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    digits = FuncFormatter(lambda value, _: f"{value:,g}".replace("-", "−"))
    axes.xaxis.set_major_formatter(digits)
    if logarithmic:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=9))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4 if rows else 6, steps=[1, 2, 2.5, 5, 10], min_n_ticks=3))
    if not rows:
        axes.yaxis.set_major_formatter(digits)


def _series(place: int) -> str:
    return COLOURS[f"series-{place % SERIES + 1}"]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) and abs(value) < _HUGE else None


def _drawable(value: float, *, logarithmic: bool = False) -> bool:
    return _finite(value) is not None and (value > 0 or not logarithmic)


def _below_zero(curve: Curve) -> bool:
    return any(value < 0 for line in curve.lines for value in line.ys)


def _negative(series: Sequence[Any]) -> bool:
    return any(one is not None and (one.value < 0 or one.low < 0) for each in series for one in each.estimates)
