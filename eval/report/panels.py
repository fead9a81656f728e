"""Each plot with what stands around it: a caption, a legend, its words for those who do not see it, and its numbers as a table."""

from __future__ import annotations

import math
from collections import Counter
from itertools import compress, groupby
from typing import TYPE_CHECKING, assert_never

from .content import Bars, Curve, Difference, Tone
from .drawing import SERIES
from .legible import clipped, signed
from .markup import Html, data, element, joined
from .plots import MOST_DIFFERENCES, MOST_ROWS, bars_height, differences_height, draw_bars, draw_curve, draw_differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .content import Line, Plot

#: Rows of a plot's table; a line with more points is shown at so many of them, its ends included.
MOST_POINTS, MOST_GROUPS = 12, 200

#: Drawings of this height take the place of two panels, one under the other.
_TALL = 4.5

#: The mark of each verdict and what it means, in the order in which they are explained.
_MARKS = {
    "better": "▲ better",
    "worse": "▼ worse",
    "undecided": "○ undecided: the questions do not tell the two apart",
    "not tested": "× not tested: costs vary by themselves, whatever the questions",
}


def plot_panel(plot: Plot, prefix: str) -> Html:
    """Return a plot with all that belongs to it; ids within begin with `prefix`."""
    if isinstance(plot, Curve):
        return _curve(plot, prefix)
    if isinstance(plot, Bars):
        return _bars(plot, prefix)
    assert_never(plot)


def difference_panels(differences: Sequence[Difference]) -> list[Html]:
    """Return a plot for each two runs and family of measures, in the order of the first of its differences."""
    kinds = list(dict.fromkeys((one.base, one.other, one.family) for one in differences))
    ordered = sorted(differences, key=lambda one: kinds.index((one.base, one.other, one.family)))
    groups = groupby(ordered, key=lambda one: (one.base, one.other, one.family))
    return [_differences(list(group), f"difference-{place}") for place, (_, group) in enumerate(groups)]


def verdict(one: Difference) -> str:
    """Return what a difference means in a word or two."""
    return {Tone.GOOD: "better", Tone.BAD: "worse", Tone.NEUTRAL: "undecided" if one.undecided else "not tested"}[one.verdict]


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


def _panel(
    title: str, note: str, legend: Html | str, drawing: Html | str, numbers: Html | str, *, said: Html | str = "", height: float = 0
) -> Html:
    """Return a panel; `said` is what the drawing leaves out, and stands where it is seen; a high one takes two rows of panels."""
    return element(
        "figure",
        {"class": "panel tall" if height >= _TALL else "panel"},
        element("figcaption", None, element("h3", None, data(title)), element("p", {"class": "note"}, data(note)) if note else ""),
        legend,
        drawing,
        element("p", {"class": "note"}, said) if said else "",
        element("details", None, element("summary", None, "Numbers"), numbers),
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
    kept = [some for _, some in _further(curve)]
    rows = [(line.name, x, y, *compress(rest, kept)) for line in curve.lines for x, y, *rest in _points(line)]
    longest = max((len(line.xs) for line in curve.lines), default=0)
    said = f"{MOST_POINTS} of up to {longest:,} points of each line" if longest > MOST_POINTS else "The numbers of the plot"
    head = ("Line", curve.x_label, curve.y_label, *(name for name, some in _further(curve) if some))
    numbers = table(head, rows, f"{said}: {curve.title}")
    note = " ".join(filter(None, (curve.note, _sized(curve))))
    more = element("p", {"class": "note"}, f"{said}.") if longest > MOST_POINTS else ""
    return _panel(curve.title, note, _legend([line.name for line in curve.lines]), drawing, joined(numbers, more))


def _further(curve: Curve) -> tuple[tuple[str, bool], tuple[str, bool]]:
    """Return the columns that a table of lines may have, each with whether it has them."""
    return ("Interval", any(line.low for line in curve.lines)), ("Questions", any(line.ns for line in curve.lines))


def _sized(curve: Curve) -> str:
    counts = [n for line in curve.lines for n in line.ns]
    if not counts:
        return ""
    fewest, most = min(counts), max(counts)
    return f"The larger a point, the more questions are in it: {fewest:,} to {most:,}." if fewest < most else f"{most:,} questions a point."


def _told(line: Line) -> str:
    if not line.xs:
        return f"{line.name}: no points"
    return f"{line.name}: from {_digits(line.ys[0])} at {_digits(line.xs[0])} to {_digits(line.ys[-1])} at {_digits(line.xs[-1])}"


def _points(line: Line) -> Iterable[tuple[str, str, str, str]]:
    last = len(line.xs) - 1
    count = min(MOST_POINTS, len(line.xs))
    for i in dict.fromkeys(round(step * last / max(1, count - 1)) for step in range(count)):
        interval = f"{_digits(line.low[i])} to {_digits(line.high[i])}" if line.low else "–"
        yield _digits(line.xs[i]), _digits(line.ys[i]), interval, f"{line.ns[i]:,}" if line.ns else "–"


def _digits(value: float) -> str:
    return f"{value:,.4g}".replace("-", "−") if math.isfinite(value) else "–"


# --- bars -------------------------------------------------------------------------------------------------------------


def _bars(bars: Bars, prefix: str) -> Html:
    described = [(one.name, group, estimate) for one in bars.series for group, estimate in zip(bars.groups, one.estimates, strict=True)]
    known = [(name, group, estimate) for name, group, estimate in described if estimate and math.isfinite(estimate.value)]
    told = "; ".join(f"{name}, {group}: {_digits(estimate.value)}" for name, group, estimate in known[:MOST_ROWS])
    description = f"{bars.title}. {bars.value_label}. {told}"
    drawing = draw_bars(bars, prefix=prefix, description=description) if known else _nothing()
    note = " ".join(
        filter(
            None,
            (
                bars.note,
                "In brackets, the questions of each." if bars.sizes else "",
                "–: nothing to measure." if len(known) < len(described) else "",
            ),
        )
    )
    rows = [
        (group, name, _digits(one.value), f"{_digits(one.low)} to {_digits(one.high)}", f"{one.n:,}", f"{one.apart:,}")
        for name, group, one in known[:MOST_GROUPS]
    ]
    head = ("Group", "Run", bars.value_label, "Interval", "Questions", "Not gradable")
    hidden = [f"{MOST_ROWS} of {len(bars.groups):,} groups are drawn."] if len(bars.groups) > MOST_ROWS else []
    hidden += [f"{MOST_GROUPS} of {len(known):,} bars are listed."] if len(known) > MOST_GROUPS else []
    numbers = table(head, rows, f"The numbers of the plot: {bars.title}")
    return _panel(
        bars.title, note, _legend([one.name for one in bars.series]), drawing, numbers, said=" ".join(hidden), height=bars_height(bars)
    )


# --- differences ------------------------------------------------------------------------------------------------------


def _differences(differences: list[Difference], prefix: str) -> Html:
    """Return the differences of one family: those in its commonest unit drawn, the others, on scales of their own, told."""
    first = differences[0]
    unit = Counter(one.unit for one in differences).most_common(1)[0][0]
    drawn = [one for one in differences if one.unit == unit]
    title = f"{first.family[:1].upper()}{first.family[1:]}: {first.other} against {first.base}".removeprefix(": ")
    told = "; ".join(_difference(one) for one in drawn[:MOST_DIFFERENCES])
    some = any(math.isfinite(one.value) for one in drawn[:MOST_DIFFERENCES])
    drawing = draw_differences(drawn, prefix=prefix, description=f"{title}. {told}") if some else _nothing()
    rows = [
        (
            *(one.measure, verdict(one), signed(one.value, one.unit), _between(one)),
            *("–" if one.p is None else _p(one.p), one.note),
        )
        for one in differences
    ]
    head = ("Measure", "Verdict", "Difference", "Interval", "p", "Test")
    met = {verdict(one) for one in drawn}
    note = f"{', '.join(words for name, words in _MARKS.items() if name in met)}."
    numbers = table(head, rows, f"The numbers of the plot: {title}")
    return _panel(title, note, "", drawing, numbers, said=_undrawn(differences, drawn), height=differences_height(drawn))


def _undrawn(differences: Sequence[Difference], drawn: Sequence[Difference]) -> Html | str:
    """Return what a plot of differences leaves out, in words."""
    others = [one for one in differences if one.unit != drawn[0].unit]
    parts = [element("span", None, data(f"{_difference(one)} ({_between(one)}). ")) for one in others[:MOST_DIFFERENCES]]
    if len(others) > MOST_DIFFERENCES:
        parts.append(element("span", None, f"{len(others) - MOST_DIFFERENCES:,} more are in the numbers below. "))
    if len(drawn) > MOST_DIFFERENCES:
        parts.append(element("span", None, f"{MOST_DIFFERENCES} of {len(drawn):,} differences are drawn; the numbers below have all."))
    return joined("Not drawn, for its own unit: " if others else "", parts) if parts else ""


def _difference(one: Difference) -> str:
    return f"{one.measure}: {signed(one.value, one.unit)}, {verdict(one)}"


def _between(one: Difference) -> str:
    low = signed(one.low, one.unit).removesuffix(f" {one.unit}")
    return f"{low} to {signed(one.high, one.unit)}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
