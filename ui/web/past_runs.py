"""The Evaluation tab: past runs, the figures and plots of each, its report, two compared.

Knows nothing of where runs lie or how they are read (`runs`); `eval` loads when the tab is first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio
from gradio.context import Context

from ..safe import safe
from ..wording import counted
from .markup import Html, block, element, finished, joined
from .runs import RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from eval import Evaluation, Figure, Measure

    from .runs import PastRun, PastRuns
    from .service import Service
    from .settings import Settings

#: Characters of a name, a question or an answer that are shown.
_MOST_SHOWN = 300

_READ: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 2, "concurrency_id": "read runs"}

_LOADING = block(element("p", {"class": "waiting", "role": "status"}, "Reading the runs…"))


# --- the tab ----------------------------------------------------------------------------------------------------------


def evaluation_tab(service: Service, settings: Settings) -> None:  # noqa: ARG001  # as every tab
    """Put the tab's components where they are called for."""
    runs = service.runs
    overview = _markup(_LOADING, "runs")
    with gradio.Row(elem_classes="choosing"):
        chosen = gradio.Dropdown([], label="Show a run", min_width=200, scale=3, visible=False)
    with gradio.Row(elem_classes="choosing"):
        first = gradio.Dropdown([], label="Or compare the baseline, A", min_width=160, visible=False)
        second = gradio.Dropdown([], label="with another, B", min_width=160, visible=False)
        start = gradio.Button("Compare", min_width=120, scale=0, visible=False)
    shown = _markup("", "run")
    outputs = [overview, chosen, first, second, start]
    tab = Context.block
    if isinstance(tab, gradio.Tab):
        tab.select(lambda: _overview(runs), None, outputs, **_READ)
    chosen.input(lambda name: _details(runs, name), [chosen], [shown], **_READ)
    working = block(element("p", {"class": "waiting", "role": "status"}, "Comparing…"))
    begun = start.click(lambda: working, None, [shown], **_READ)
    begun.then(lambda a, b: _comparison(runs, a, b), [first, second], [shown], **_READ)


def _markup(value: str, name: str) -> gradio.Markdown:
    return gradio.Markdown(value, sanitize_html=False, latex_delimiters=[], elem_id=name, container=False)


def _overview(runs: PastRuns) -> tuple[Any, ...]:
    try:
        found = runs.listed()
    except RunError as error:
        return _failed(str(error)), *_choices([])
    return block(_list(found)), *_choices([(_short(run.name), run.name) for run in found if run.glance])


def _choices(names: list[tuple[str, str]]) -> tuple[Any, ...]:
    """Return what becomes of the fields in which runs are chosen, and of the button: what cannot be used is not shown."""
    two = len(names) > 1
    compared = (gradio.update(choices=names, value=None, visible=two),) * 2
    return gradio.update(choices=names, value=None, visible=bool(names)), *compared, gradio.update(visible=two)


def _details(runs: PastRuns, name: str | None) -> str:
    if not name:
        return ""
    try:
        evaluation = runs.evaluation(str(name))
        return block(_run(str(name), evaluation))
    except RunError as error:
        return _failed(str(error))


def _comparison(runs: PastRuns, a: str | None, b: str | None) -> str:
    if not a or not b or a == b:
        return _failed("expected two different runs to compare; choose one as A and another as B")
    try:
        both, found = runs.compared(str(a), str(b))
        return block(_compared(str(a), str(b), found, both))
    except RunError as error:
        return _failed(str(error))


# --- what they show ---------------------------------------------------------------------------------------------------


def _failed(said: str) -> str:
    return block(element("p", {"class": "failed", "role": "alert"}, said))


def _short(text: str) -> str:
    """Return words from data on one line, cut where they are long."""
    line = safe(text)
    return line if len(line) <= _MOST_SHOWN else f"{line[: _MOST_SHOWN - 1]}…"


def _words(text: str) -> Html:
    return element("bdi", None, _short(text))


def _list(found: Sequence[PastRun]) -> Html:
    if not found:
        how = element("code", None, "assay eval run DATASET")
        return element("p", {"class": "nothing"}, "There are no runs yet. ", how, " makes one, with the index that is served here.")
    names = list(dict.fromkeys(name for run in found if run.glance for name in run.glance.figures))
    heads = ("Run", "Questions", "Finished", *names)
    rows = (_listed(run, names) for run in found)
    table = _table("runs", "Past runs, the newest first, with their headline figures", heads, rows)
    count = element("p", {"class": "count", "role": "status"}, f"{counted(len(found), 'run')}. Intervals are 95 %, over the questions.")
    return joined(count, _scroll("Past runs", table))


def _listed(run: PastRun, names: Sequence[str]) -> Html:
    head = element("th", {"scope": "row"}, _words(run.name))
    if run.glance is None:
        said = element("td", {"colspan": str(2 + len(names)), "class": "failed"}, f"unreadable: {_short(run.reason)}")
        return element("tr", None, head, said)
    seen = run.glance
    when = seen.finished.strftime("%Y-%m-%d %H:%M UTC")
    set_ = element("td", None, _words(seen.dataset), f", {seen.questions:,}", element("span", {"class": "note"}, _words(seen.system)))
    figures = (element("td", {"class": "figure"}, _figure(*seen.figures[name]) if name in seen.figures else "–") for name in names)
    return element("tr", None, head, set_, element("td", None, element("time", {"datetime": seen.finished.isoformat()}, when)), figures)


def _run(name: str, evaluation: Evaluation) -> Html:
    from eval import panels_of

    address = f"/api/v1/runs/{quote(name, safe='')}/report"
    opens = element("a", {"href": address, "target": "_blank", "rel": "noopener"}, "Open the report, with every question")
    measures = {column.measure.name: column.measure for column in evaluation.grades.columns}
    rows = (_measured(measures[one], figure) for one, figure in evaluation.figures.items())
    heads = ("Measure", "Figure and 95 % interval", "Questions", "Not gradable")
    table = _table("figures", f"Every measure of {_short(name)}", heads, rows)
    failed = f", {evaluation.failed:,} failed" if evaluation.failed else ""
    return joined(
        element("h3", None, _words(name)),
        element("p", None, f"{counted(len(evaluation.run.rows), 'question')}{failed}. ", opens, "."),
        element("div", {"class": "panels"}, (finished(panel) for panel in panels_of([evaluation]))),
        _scroll("Every measure", table),
    )


def _measured(measure: Measure, figure: Figure) -> Html:
    direction = "" if measure.higher_is_better else " Lower is better."
    note = element("span", {"class": "note"}, _words(measure.definition), direction)
    cells = (element("td", {"class": "number"}, f"{count:,}") for count in (figure.n, figure.apart))
    return element(
        "tr", None, element("th", {"scope": "row"}, _words(measure.name), note), element("td", None, _figure(measure, figure)), cells
    )


def _figure(measure: Measure, figure: Figure) -> Html:
    """Return a figure with its interval, in digits and, where it is a share, as a dot on a line from 0 to 1."""
    if figure.value is None or figure.low is None or figure.high is None:
        return element("span", {"class": "note"}, "nothing to measure")
    low, high = (_number(edge, "") if not measure.unit else _number(edge, measure.unit) for edge in (figure.low, figure.high))
    said = joined(
        element("span", {"class": "value"}, _number(figure.value, measure.unit)),
        " ",
        element("span", {"class": "interval"}, f"{low} to {high}"),
    )
    if measure.unit or not 0 <= figure.low <= figure.value <= figure.high <= 1:
        return said
    x, left, right = (f"{100 * edge:.2f}" for edge in (figure.value, figure.low, figure.high))
    track = element("line", {"class": "track", "x1": "0", "x2": "100", "y1": "5", "y2": "5"})
    span = element("line", {"class": "span", "x1": left, "x2": right, "y1": "5", "y2": "5"})
    dot = element("circle", {"class": "dot", "cx": x, "cy": "5", "r": "3"})
    return joined(said, element("svg", {"class": "whisker", "viewBox": "-3 0 106 10", "aria-hidden": "true"}, track, span, dot))


def _compared(a: str, b: str, found: Mapping[str, Any], both: Sequence[Evaluation]) -> Html:
    from eval import panels_of

    versus = found["comparisons"][0]
    address = f"/api/v1/runs/{quote(b, safe='')}/report?against={quote(a, safe='')}"
    heads = ("Measure", "A", "B", "B minus A", "95 % interval", "p, corrected", "What it says")
    rows = (_contrast(one) for one in versus["measures"])
    table = _table("contrasts", "Each measure in both runs, with the difference", heads, rows)
    gains = f"{counted(versus['better_count'], 'question')} better in B, {versus['worse_count']:,} worse."
    return joined(
        element("h3", None, "A ", _words(a), ", B ", _words(b)),
        element("p", {"role": "status"}, f"{_verdict(versus)} {gains} ", _link(address, "Open the report of both"), "."),
        _scroll("Each measure in both runs", table),
        element("div", {"class": "panels"}, (finished(panel) for panel in panels_of(both))),
        _changed("Better in B", versus["better"]),
        _changed("Worse in B", versus["worse"]),
    )


def _verdict(versus: Mapping[str, Any]) -> str:
    tested = [one for one in versus["measures"] if one["p_holm"] is not None]
    told = [one for one in tested if one["significant"]]
    better = sum(_gain(one) for one in told)
    if not told:
        return f"By none of {counted(len(tested), 'measure')} is the difference more than luck could make."
    return f"More than luck could make: better by {counted(better, 'measure')}, worse by {len(told) - better:,}, of {len(tested):,} tested."


def _gain(contrast: Mapping[str, Any]) -> bool:
    return bool((contrast["value"] > 0) == contrast["higher_is_better"])


def _contrast(one: Mapping[str, Any]) -> Html:
    unit = one["unit"]
    interval = "–" if one["low"] is None else f"{_signed(one['low'], unit)} to {_signed(one['high'], unit)}"
    p = "–" if one["p_holm"] is None else "< 0.001" if one["p_holm"] < 0.001 else f"{one['p_holm']:.3f}"
    tone, said = _said(one)
    cells = (_number(one["a"], unit), _number(one["b"], unit), _signed(one["value"], unit), interval, p)
    lower = "" if one["higher_is_better"] else " (less is better)"
    head = element("th", {"scope": "row"}, _words(one["measure"]), lower)
    return element("tr", None, head, (element("td", {"class": "number"}, cell) for cell in cells), element("td", {"class": tone}, said))


def _said(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a difference comes to, in plain words, and how that is coloured."""
    if one["descriptive"]:
        return "plain", "says how they are, not which is better"
    if one["p_holm"] is None or one["value"] is None:
        return "plain", "not tested"
    if not one["significant"]:
        return "plain", "could be luck"
    return ("good", "✓ B is better, more than luck") if _gain(one) else ("bad", "✕ B is worse, more than luck")


def _changed(title: str, changed: Sequence[Mapping[str, Any]]) -> Html:
    if not changed:
        return joined()
    rows = (
        element("li", None, element("strong", None, _words(one["question"] or one["id"])), _side("A", one["a"]), _side("B", one["b"]))
        for one in changed
    )
    return joined(element("h4", None, title), element("ul", {"class": "changed"}, rows))


def _side(name: str, text: str | None) -> Html:
    return element("p", None, element("b", None, name), " ", _words(text)) if text else joined()


def _link(address: str, words: str) -> Html:
    return element("a", {"href": address, "target": "_blank", "rel": "noopener"}, words)


def _table(kind: str, caption: str, heads: Sequence[str], rows: Iterable[Html]) -> Html:
    head = element("tr", None, (element("th", {"scope": "col"}, one) for one in heads))
    body = element("tbody", None, rows)
    return element("table", {"class": kind}, element("caption", {"class": "unseen"}, caption), element("thead", None, head), body)


def _scroll(name: str, table: Html) -> Html:
    """Return a table that scrolls by itself where it is wider than the page, by keys too."""
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name}, table)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if not unit:
        return f"{value:.3f}".replace("-", "−")
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits.replace('-', '−')} {safe(unit)}"


def _signed(value: float | None, unit: str) -> str:
    written = _number(value, unit)
    return f"+{written}" if value is not None and value > 0 else written
