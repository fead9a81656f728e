"""A report as one HTML file: the only door of this package.

The file asks nothing of any network and runs nothing but its own script, and says so to the browser: a content security policy allows
the one style sheet and the one script by their checksums. Same content, same bytes. Knows nothing of runs, measures or files.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

from .figures import badge, figure_table, outcome_bars, tiles
from .legible import clipped
from .markup import Html, data, element, embedded, joined
from .panels import difference_panels, plot_panel
from .questions import question_data, question_table

if TYPE_CHECKING:
    from .content import Report

#: A dot on its interval.
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M1 8h14' stroke='%230b6b5f' stroke-width='3'/%3E%3Ccircle cx='9' cy='8' r='4.5' fill='%230b6b5f'/%3E%3C/svg%3E"
)


def render(report: Report) -> str:
    """Return the page, to be written as UTF-8."""
    style, script = (files("eval.report").joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    sections = [(key, title, content) for key, title, content in _sections(report) if content]
    body = element(
        "body",
        None,
        element("a", {"class": "skip", "href": "#questions"}, "Skip to the questions"),
        _header(report, [(key, title) for key, title, _ in sections]),
        element("main", None, (_section(key, title, content) for key, title, content in sections)),
        element("footer", None, "Written by ", element("strong", None, "Assay"), ". This file is whole: it loads nothing."),
        question_data(report),
        embedded("script", {}, script),
    )
    return f"<!DOCTYPE html>\n{element('html', {'lang': 'en'}, _head(report, style, script), body)}\n"


def _head(report: Report, style: str, script: str) -> Html:
    policy = (
        f"default-src 'none'; style-src '{_checksum(style)}'; script-src '{_checksum(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return element(
        "head",
        None,
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        element("meta", {"name": "referrer", "content": "no-referrer"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light dark"}),
        element("title", None, f"{clipped(report.title, 200)} · Assay"),
        element("link", {"rel": "icon", "href": _ICON}),
        embedded("style", {}, style),
    )


def _checksum(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _header(report: Report, sections: list[tuple[str, str]]) -> Html:
    runs = (element("li", None, badge(place), data(run.name)) for place, run in enumerate(report.runs))
    return element(
        "header",
        None,
        element(
            "div",
            {"class": "bar"},
            element("p", {"class": "mark"}, "Assay ", element("span", None, "evaluation report")),
            element("button", {"id": "theme", "type": "button", "hidden": True}, "Theme: system"),
        ),
        element("h1", None, data(report.title)),
        element("p", {"class": "lead"}, data(report.subtitle)) if report.subtitle else "",
        element("ul", {"class": "runs", "aria-label": "Runs"}, runs) if len(report.runs) > 1 else "",
        element("nav", {"aria-label": "Sections"}, (element("a", {"href": f"#{key}"}, title) for key, title in sections)),
    )


def _sections(report: Report) -> list[tuple[str, str, Html | str]]:
    plots = [plot_panel(plot, f"plot-{place}") for place, plot in enumerate(report.plots)]
    differences = difference_panels(report.differences)
    return [
        ("figures", "Key figures", tiles(report)),
        ("outcomes", "What became of the questions", outcome_bars(report) if report.questions else ""),
        ("differences", "Differences", element("div", {"class": "panels"}, differences) if differences else ""),
        ("plots", "Plots", element("div", {"class": "panels"}, plots) if plots else ""),
        ("measures", "All measures", figure_table(report) if report.headlines else ""),
        ("questions", "Questions", question_table(report)),
        ("about", "About", _about(report)),
    ]


def _section(key: str, title: str, content: Html | str) -> Html:
    return element("section", {"id": key, "aria-labelledby": f"{key}-title"}, element("h2", {"id": f"{key}-title"}, title), content)


def _about(report: Report) -> Html:
    runs = (
        element(
            "div",
            {"class": "about"},
            element("h3", None, badge(place) if len(report.runs) > 1 else "", data(run.name)),
            element("dl", None, (joined(element("dt", None, data(key)), element("dd", None, data(value))) for key, value in run.facts)),
        )
        for place, run in enumerate(report.runs)
    )
    notes = element("ul", {"class": "notes"}, (element("li", None, data(note)) for note in report.notes)) if report.notes else ""
    return joined(notes, element("div", {"class": "abouts"}, runs))
