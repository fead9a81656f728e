"""The Evaluation tab: past runs, the figures and plots of each, its report, two compared.

The only module of what serves that knows `eval`, which loads when the tab is first opened. A run is named by its folder's name, which must
be one of those that are listed: no path comes from outside. Whatever is wrong with a folder is said where it is listed.
"""

from __future__ import annotations

import html
import os
import re
import stat
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import gradio
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from gradio.context import Context

from index import AssayError

from ..render import counted
from ..safe import safe
from .errors import refusal_of
from .markup import Html, block, element, finished, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fastapi import Response

    from eval import Evaluation, Figure, Glance, Measure

    from .service import Service
    from .settings import Settings

#: The folder in that of an index.
RUNS = "runs"

#: Runs that are listed, the newest.
_MOST_RUNS = 200

#: Bytes of each file of a run that are read.
_MOST_BYTES = {"run.json": 50_000_000, "grades.json": 200_000_000, "rows.jsonl": 500_000_000}

#: Runs that are kept in memory with all their answers.
_KEPT = 4

#: Characters of a name, a question or an answer that are shown.
_MOST_SHOWN = 300

#: What the frame of a report may do besides what the report allows itself: run its own script, as if from nowhere.
_SANDBOX = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"

_READ: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 2, "concurrency_id": "read runs"}

_LOADING = block(element("p", {"class": "waiting", "role": "status"}, "Reading the runs…"))


@dataclass(frozen=True, slots=True)
class PastRun:
    """A folder among the runs."""

    name: str
    changed: float
    """When, in seconds since 1970."""
    glance: Glance | None = None
    reason: str = ""
    """Why there is nothing to see of it."""


class PastRuns:
    """The runs in a folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder`, which need not exist."""
        self._folder = folder
        self._lock = Lock()
        self._glances: dict[str, tuple[object, PastRun]] = {}
        self._evaluations: OrderedDict[str, tuple[object, Evaluation]] = OrderedDict()

    def listed(self) -> tuple[PastRun, ...]:
        """Return what is there, the newest first; raises `AssayError` where the folder itself cannot be read."""
        names = self._names()
        with self._lock:
            self._glances = {name: known for name, known in self._glances.items() if name in names}
            for name in names:
                files = self._files(name)
                if name not in self._glances or self._glances[name][0] != files:
                    self._glances[name] = files, self._looked(name)
            found = [self._glances[name][1] for name in names]
        return tuple(sorted(found, key=lambda run: (-run.changed, run.name))[:_MOST_RUNS])

    def evaluation(self, name: str) -> Evaluation:
        """Return a run with all its answers; raises `AssayError` where none of this name is listed, or it cannot be read."""
        from eval import load_evaluation

        if name not in self._names():
            raise AssayError(f"expected the name of a run that is listed, found {name[:60]!r}")
        with self._lock:
            files = self._files(name)
            known = self._evaluations.pop(name, None)
            if known is None or known[0] != files:
                self._expect_readable(name)
                known = files, load_evaluation(self._folder / name)
            self._evaluations[name] = known
            while len(self._evaluations) > _KEPT:
                self._evaluations.popitem(last=False)
            return known[1]

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AssayError(f"expected the folder of runs at {self._folder}, which cannot be read ({error.strerror})") from error

    def _files(self, name: str) -> object:
        """Return what tells whether the files of a run have changed."""
        found = []
        for file in _MOST_BYTES:
            try:
                status = (self._folder / name / file).lstat()
                found.append((status.st_mtime_ns, status.st_size, status.st_ino))
            except OSError:
                found.append((0, 0, 0))
        return found

    def _looked(self, name: str) -> PastRun:
        from eval import glance

        changed = 0.0
        try:
            changed = (self._folder / name).stat().st_mtime
            self._expect_readable(name)
            found = glance(self._folder / name)
        except AssayError as error:
            return PastRun(name, changed, reason=self._relative(str(error)))
        except OSError as error:
            return PastRun(name, changed, reason=f"cannot be read ({error.strerror})")
        except Exception as error:  # noqa: BLE001  # whatever a folder holds, the others are still to be listed
            return PastRun(name, changed, reason=f"cannot be read ({type(error).__name__})")
        return PastRun(name, found.finished.timestamp(), found)

    def _expect_readable(self, name: str) -> None:
        """Raise `AssayError` where a file of a run is no plain file, which might never end, or too large to be shown."""
        for file, most in _MOST_BYTES.items():
            try:
                status = (self._folder / name / file).lstat()
            except FileNotFoundError:
                continue  # which file is missing is said by what reads them
            except OSError as error:
                raise AssayError(f"{file} cannot be read ({error.strerror})") from error
            if not stat.S_ISREG(status.st_mode):
                raise AssayError(f"expected a plain file as {file}, found a link or a special file")
            if status.st_size > most:
                raise AssayError(f"{file} has {status.st_size:,} bytes, at most {most:,} are shown here; `assay eval report` reads all")

    def _relative(self, text: str) -> str:
        """Leave out where the folder of runs lies, which is nobody's to know but the server's."""
        return text.replace(f"{self._folder}{os.sep}", "")


# --- the tab ----------------------------------------------------------------------------------------------------------


def evaluation_tab(service: Service, settings: Settings) -> None:  # noqa: ARG001  # as every tab
    """Put the tab's components where they are called for."""
    runs = PastRuns(service.folder / RUNS)
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
    except AssayError as error:
        return _failed(refusal_of(error).message), *_choices([])
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
    except AssayError as error:
        return _failed(runs._relative(str(error)))  # noqa: SLF001  # of this module


def _comparison(runs: PastRuns, a: str | None, b: str | None) -> str:
    from eval import compare

    if not a or not b or a == b:
        return _failed("expected two different runs to compare; choose one as A and another as B")
    try:
        both = [runs.evaluation(str(name)) for name in (a, b)]
        found = compare([one.grades for one in both], [one.run for one in both], limit=5).to_json()
        return block(_compared(str(a), str(b), found, both))
    except AssayError as error:
        return _failed(runs._relative(str(error)))  # noqa: SLF001  # as above


# --- routes -----------------------------------------------------------------------------------------------------------


def runs_router(service: Service) -> APIRouter:
    """Return the routes of past runs: their names, and the report of each, alone or against another."""
    router = APIRouter()
    runs = PastRuns(service.folder / RUNS)

    @router.get("/api/v1/runs")
    def listed() -> Response:
        """List the runs, the newest first."""
        try:
            return JSONResponse([_run_json(run) for run in runs.listed()])
        except AssayError as error:
            return JSONResponse({"error": str(error)}, 503)

    @router.get("/api/v1/runs/{name}/report")
    def report(name: str, against: str | None = None) -> Response:
        """Return the report of a run as one HTML page, compared with the run `against` as its baseline where one is named."""
        from eval import report_of

        try:
            page = report_of([runs.evaluation(one) for one in (against, name) if one is not None])
        except AssayError as error:
            return PlainTextResponse(safe(runs._relative(str(error))), 404, {"Content-Security-Policy": "default-src 'none'"})  # noqa: SLF001
        return HTMLResponse(page, headers={"Content-Security-Policy": f"{_policy(page)}; {_SANDBOX}", "Cache-Control": "no-store"})

    return router


def _policy(page: str) -> str:
    """Return the policy that a report sets itself; as a header it holds before a byte of the page is read."""
    found = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return html.unescape(found[1]) if found else "default-src 'none'"


def _run_json(run: PastRun) -> dict[str, Any]:
    if run.glance is None:
        return {"name": run.name, "error": run.reason}
    figures = {name: figure.to_json() for name, (_, figure) in run.glance.figures.items()}
    finished_at = run.glance.finished.isoformat(timespec="seconds")
    return {"name": run.name, "dataset": run.glance.dataset, "questions": run.glance.questions, "finished": finished_at, "figures": figures}


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
        hint = "There are no runs yet. `assay eval run DATASET` makes one, with the index that is served here."
        return element("p", {"class": "nothing"}, hint)
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
