"""Each plot with what stands around it: a caption, a legend, its words for those who do not see it, and its numbers as a table."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, assert_never

from .content import Bars, Curve, Difference, Tone
from .drawing import SERIES
from .legible import clipped, signed
from .markup import Html, data, element
from .plots import MOST_ROWS, draw_bars, draw_curve, draw_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .content import Line, Plot

#: Rows of a plot's table; a line with more points is shown at so many of them, its ends included.
MOST_POINTS, MOST_GROUPS = 12, 200

VERDICTS = {Tone.GOOD: "better", Tone.BAD: "worse", Tone.NEUTRAL: "undecided"}


def plot_panel(plot: Plot, prefix: str) -> Html:
    """Return a plot with all that belongs to it; ids within begin with `prefix`."""
    if isinstance(plot, Curve):
        return _curve(plot, prefix)
    if isinstance(plot, Bars):
        return _bars(plot, prefix)
    assert_never(plot)


def difference_panels(differences: Sequence[Difference]) -> list[Html]:
    """Return a plot for each two runs and unit, in the order of the first of its differences."""
    kinds = list(dict.fromkeys((one.base, one.other, one.unit) for one in differences))
    ordered = sorted(differences, key=lambda one: kinds.index((one.base, one.other, one.unit)))
    groups = groupby(ordered, key=lambda one: (one.base, one.other, one.unit))
    return [_differences(list(group), f"difference-{place}") for place, (_, group) in enumerate(groups)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> Html:
    """Return a table of texts, to be scrolled sideways where it is wide; the first cell of a row is its head."""
    heads = element("tr", None, (element("th", {"scope": "col"}, data(one)) for one in head))
    body = (
        element("tr", None, element("th", {"scope": "row"}, data(first)), (element("td", None, data(cell)) for cell in rest))
        for first, *rest in rows
    )
    title = clipped(caption, 300)
    inner = (element("caption", {"class": "unseen"}, title), element("thead", None, heads), element("tbody", None, body))
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": title}, element("table", None, inner))


def _panel(title: str, note: str, legend: Html | str, drawing: Html | str, numbers: Html | str, *, said: str = "") -> Html:
    return element(
        "figure",
        {"class": "panel"},
        element("figcaption", None, element("h3", None, data(title)), element("p", {"class": "note"}, data(note)) if note else ""),
        legend,
        drawing,
        element("details", None, element("summary", None, "Numbers"), numbers, element("p", {"class": "note"}, said) if said else ""),
    )


def _nothing() -> Html:
    return element("p", {"class": "nothing"}, "Nothing to draw: no question has this figure.")


def _legend(names: Sequence[str]) -> Html | str:
    """Return what each colour and dash means; empty for one line alone."""
    if len(names) < 2:
        return ""
    entries = (element("li", None, _swatch(place), data(name)) for place, name in enumerate(names))
    return element("ul", {"class": "legend"}, entries)


def _swatch(place: int) -> Html:
    number_ = place % SERIES + 1
    line = element("line", {"x1": 0, "x2": 26, "y1": 5, "y2": 5, "class": f"stroke-series-{number_} dash-{number_}", "stroke-width": 2.5})
    return element("svg", {"class": "swatch", "width": 26, "height": 10, "aria-hidden": "true"}, line)


# --- lines ------------------------------------------------------------------------------------------------------------


def _curve(curve: Curve, prefix: str) -> Html:
    told = "; ".join(_told(line) for line in curve.lines)
    description = f"{curve.title}. {curve.y_label} over {curve.x_label}. {told}"
    some = any(math.isfinite(y) for line in curve.lines for y in line.ys)
    drawing = draw_curve(curve, prefix=prefix, description=description) if some else _nothing()
    rows = [(line.name, *cells) for line in curve.lines for cells in _points(line)]
    longest = max((len(line.xs) for line in curve.lines), default=0)
    said = f"{MOST_POINTS} of up to {longest:,} points of each line." if longest > MOST_POINTS else ""
    numbers = table(("Line", curve.x_label, curve.y_label, "Interval"), rows, f"The numbers of the plot: {curve.title}")
    return _panel(curve.title, curve.note, _legend([line.name for line in curve.lines]), drawing, numbers, said=said)


def _told(line: Line) -> str:
    if not line.xs:
        return f"{line.name}: no points"
    return f"{line.name}: from {_digits(line.ys[0])} at {_digits(line.xs[0])} to {_digits(line.ys[-1])} at {_digits(line.xs[-1])}"


def _points(line: Line) -> Iterable[tuple[str, str, str]]:
    last = len(line.xs) - 1
    count = min(MOST_POINTS, len(line.xs))
    for i in dict.fromkeys(round(step * last / max(1, count - 1)) for step in range(count)):
        interval = f"{_digits(line.low[i])} to {_digits(line.high[i])}" if line.low else "–"
        yield _digits(line.xs[i]), _digits(line.ys[i]), interval


def _digits(value: float) -> str:
    return f"{value:,.4g}".replace("-", "−") if math.isfinite(value) else "–"


# --- bars -------------------------------------------------------------------------------------------------------------


def _bars(bars: Bars, prefix: str) -> Html:
    described = [(one.name, group, estimate) for one in bars.series for group, estimate in zip(bars.groups, one.estimates, strict=True)]
    known = [(name, group, estimate) for name, group, estimate in described if estimate and math.isfinite(estimate.value)]
    told = "; ".join(f"{name}, {group}: {_digits(estimate.value)}" for name, group, estimate in known[:MOST_ROWS])
    description = f"{bars.title}. {bars.value_label}. {told}"
    drawing = draw_bars(bars, prefix=prefix, description=description) if known else _nothing()
    rows = [
        (group, name, _digits(one.value), f"{_digits(one.low)} to {_digits(one.high)}", f"{one.n:,}", f"{one.apart:,}")
        for name, group, one in known[:MOST_GROUPS]
    ]
    head = ("Group", "Run", bars.value_label, "Interval", "Questions", "Not gradable")
    hidden = [f"{MOST_ROWS} of {len(bars.groups):,} groups are drawn."] if len(bars.groups) > MOST_ROWS else []
    hidden += [f"{MOST_GROUPS} of {len(known):,} bars are listed."] if len(known) > MOST_GROUPS else []
    numbers = table(head, rows, f"The numbers of the plot: {bars.title}")
    return _panel(bars.title, bars.note, _legend([one.name for one in bars.series]), drawing, numbers, said=" ".join(hidden))


# --- differences ------------------------------------------------------------------------------------------------------


def _differences(differences: list[Difference], prefix: str) -> Html:
    first = differences[0]
    unit = f", in {first.unit}" if first.unit else ""
    title = f"{first.other} against {first.base}{unit}"
    told = "; ".join(f"{one.measure}: {signed(one.value, one.unit)}, {VERDICTS[one.verdict]}" for one in differences[:MOST_ROWS])
    some = any(math.isfinite(one.value) for one in differences[:MOST_ROWS])
    drawing = draw_differences(differences, prefix=prefix, description=f"{title}. {told}") if some else _nothing()
    rows = [
        (
            *(one.measure, VERDICTS[one.verdict], signed(one.value, one.unit), f"{signed(one.low)} to {signed(one.high)}"),
            *("–" if one.p is None else _p(one.p), one.note),
        )
        for one in differences
    ]
    head = ("Measure", "Verdict", "Difference", "Interval", "p", "Test")
    note = "▲ better, ▼ worse, ○ undecided: the questions do not tell the two apart."
    said = f"{MOST_ROWS} of {len(differences):,} differences are drawn." if len(differences) > MOST_ROWS else ""
    return _panel(title, note, "", drawing, table(head, rows, f"The numbers of the plot: {title}"), said=said)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
