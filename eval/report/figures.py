"""The figures of a report: the featured ones in large type, all of them as a table, each with its interval drawn beside it."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from .content import Tone
from .drawing import SERIES
from .legible import number
from .markup import Html, data, element, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .content import Estimate, Headline, Outcome, Report

#: A sign beside the words of a tone, for those who do not see its colour.
SIGNS = {Tone.GOOD: "✓", Tone.BAD: "✕", Tone.NEUTRAL: "–"}


def tiles(report: Report) -> Html | str:
    """Return the featured figures, those of several runs under each other; empty where there are none."""
    featured = [one for one in report.headlines if one.featured]
    if not featured:
        return ""
    columns = "fours" if len(featured) % 4 == 0 else "threes"
    return element("ul", {"class": f"tiles {columns}"}, (_tile(one, len(report.runs)) for one in featured))


def _tile(headline: Headline, runs: int) -> Html:
    drawn = _on_scale(headline)
    figures = (
        element(
            "div",
            {"class": "figure"},
            badge(place) if runs > 1 else "",
            element("span", {"class": "value"}, number(one.value, headline.unit) if one else "–"),
            _interval(one, headline.unit),
            _whisker(one, place, drawn=drawn),
        )
        for place, one in enumerate(headline.figures)
    )
    return element("li", {"class": "tile"}, element("h3", None, data(headline.name)), figures, _definition(headline))


def figure_table(report: Report) -> Html:
    """Return every measure with its definition and its figure in each run, family by family."""
    families = [(family, list(group)) for family, group in groupby(report.headlines, key=lambda one: one.family)]
    head = element(
        "tr",
        None,
        element("th", {"scope": "col"}, "Measure"),
        (
            element("th", {"scope": "col"}, badge(place) if len(report.runs) > 1 else "", data(run.name))
            for place, run in enumerate(report.runs)
        ),
    )
    caption = element("caption", {"class": "unseen"}, "Every measure with its figure and interval in each run")
    bodies = (_family(family, headlines, len(report.runs)) for family, headlines in families)
    whole = element("table", {"class": "figures"}, caption, element("thead", None, head), bodies)
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": "Every measure"}, whole)


def _family(family: str, headlines: Sequence[Headline], runs: int) -> Html:
    title = element("tr", {"class": "family"}, element("th", {"scope": "colgroup", "colspan": runs + 1}, data(family)))
    return element("tbody", None, title, (_row(one) for one in headlines))


def _row(headline: Headline) -> Html:
    drawn = _on_scale(headline)
    several = len(headline.figures) > 1
    cells = (
        element("td", None, badge(place) if several else "", _cell(one, headline.unit, place, drawn=drawn))
        for place, one in enumerate(headline.figures)
    )
    return element("tr", None, element("th", {"scope": "row"}, data(headline.name), _definition(headline), _source(headline)), cells)


def _cell(one: Estimate | None, unit: str, place: int, *, drawn: bool) -> Html:
    if one is None:
        return element("span", {"class": "muted"}, "not measured")
    apart = f", {one.apart:,} not gradable" if one.apart else ""
    return joined(
        element("span", {"class": "value"}, number(one.value, unit)),
        _interval(one, unit),
        _whisker(one, place, drawn=drawn),
        element("span", {"class": "count"}, f"{one.n:,} {'question' if one.n == 1 else 'questions'}{apart}"),
    )


def _definition(headline: Headline) -> Html:
    direction = "" if headline.higher_is_better else " Lower is better."
    return element("p", {"class": "note"}, data(headline.definition), direction)


def _source(headline: Headline) -> Html | str:
    return element("p", {"class": "note source"}, "Source: ", data(headline.source)) if headline.source else ""


def _interval(one: Estimate | None, unit: str) -> Html | str:
    if one is None or not (math.isfinite(one.low) and math.isfinite(one.high)):
        return ""
    return element("span", {"class": "interval"}, f"{number(one.low)} – {number(one.high)}" if not unit else _with_unit(one, unit))


def _with_unit(one: Estimate, unit: str) -> str:
    low = number(one.low, unit).removesuffix(f" {unit}")
    return f"{low} – {number(one.high, unit)}"


def _on_scale(headline: Headline) -> bool:
    """Say whether a measure's figures are shares, all drawn on one line from 0 to 1: a line with ends of its own would look like one."""
    edges = [edge for one in headline.figures if one for edge in (one.value, one.low, one.high) if math.isfinite(edge)]
    return not headline.unit and all(0 <= edge <= 1 for edge in edges)


def _whisker(one: Estimate | None, place: int, *, drawn: bool) -> Html | str:
    """Return a dot on a line from 0 to 1, and its interval as a thicker line; empty unless `drawn`."""
    if one is None or not drawn or not math.isfinite(one.value):
        return ""
    series = place % SERIES + 1
    track = element("line", {"class": "track", "x1": "0", "x2": "100%", "y1": "6", "y2": "6"})
    span = ""
    if math.isfinite(one.low) and math.isfinite(one.high):
        ends = {"x1": _share(one.low), "x2": _share(one.high), "y1": "6", "y2": "6"}
        span = element("line", {"class": f"span stroke-series-{series}", **ends})
    dot = element("circle", {"class": f"fill-series-{series}", "cx": _share(one.value), "cy": "6", "r": "3"})
    return element("svg", {"class": "whisker", "height": "12", "aria-hidden": "true"}, track, span, dot)


def _share(value: float) -> str:
    return f"{100 * value:.2f}%"


def badge(place: int) -> Html:
    """Return the letter of a run, by its place from 0, in the colour of its line."""
    return element("span", {"class": f"badge fill-series-{place % SERIES + 1}"}, letter(place))


def letter(place: int) -> str:
    """Return the letter of a run: A, B, … Z, then 27 and on."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


# --- outcomes ---------------------------------------------------------------------------------------------------------


def outcomes(report: Report) -> list[Outcome]:
    """Return one outcome of each name and tone that occurs: good ones first, then bad, then neither, each in the report's own order."""
    order = {name: place for place, name in enumerate(report.outcome_order)}
    met = {(one.outcome.name, one.outcome.tone): one.outcome for question in report.questions for one in question.results}
    return sorted(met.values(), key=lambda one: (list(Tone).index(one.tone), order.get(one.name, len(order))))


def outcome_bars(report: Report) -> Html:
    """Return, for each run, a bar of what became of its questions, and a list of counts that lead to these questions."""
    return element("div", {"class": "outcomes"}, (_outcome_bar(report, place) for place in range(len(report.runs))))


def _outcome_bar(report: Report, place: int) -> Html:
    names = outcomes(report)
    places = {(one.name, one.tone): n for n, one in enumerate(names)}
    counts = [0] * len(names)
    for question in report.questions:
        outcome = question.results[place].outcome
        counts[places[outcome.name, outcome.tone]] += 1
    whole, before, parts = max(1, len(report.questions)), 0, []
    for outcome, count in zip(names, counts, strict=True):
        x, width = (f"{100 * part / whole:.3f}%" for part in (before, count))
        parts.append(element("rect", {"class": f"tone-{outcome.tone.value}", "x": x, "width": width, "height": "100%"}))
        before += count
    entries = (
        element(
            "li",
            None,
            element(
                "a",
                {"href": "#questions", "class": f"chip {outcome.tone.value}", "data-outcome": f"{place}:{n}"},
                element("span", {"aria-hidden": "true"}, SIGNS[outcome.tone]),
                data(outcome.name),
                element("strong", None, f"{counts[n]:,}"),
                element("span", {"class": "unseen"}, " questions"),
            ),
        )
        for n, outcome in enumerate(names)
        if counts[n]
    )
    title = element("h3", None, badge(place), data(report.runs[place].name)) if len(report.runs) > 1 else ""
    bar = element("svg", {"class": "stack", "height": "14", "aria-hidden": "true"}, parts)
    return element("div", {"class": "outcome"}, title, bar, element("ul", {"class": "chips"}, entries))
