"""The questions of a report as the data that its script turns into a table, and the table's frame.

All texts are made legible, cut and numbered here; the script only puts them into text nodes. Knows nothing of figures and plots.
"""

from __future__ import annotations

import json
import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from .figures import letter, outcomes
from .legible import clipped, legible
from .markup import LONGEST, Html, element, embedded

if TYPE_CHECKING:
    from .content import Citation, Question, Report, Result

#: Characters of a passage shown on each side of a citation, and of a citation itself.
CONTEXT, LONGEST_QUOTE = 300, 1200

#: Characters of a short text (a title, an id), and of an address that may still be a link.
SHORT, LONGEST_URL = 300, 2000

#: What a piece of a passage is: cited, evidence according to the set, or both.
CITED, GOLD = 1, 2

#: An address that may be a link: nothing in it ends an attribute, hides a scheme or moves the host.
_LINK = re.compile(r"https?://[^\s\x00-\x20\\<>\"'`{}|^\x7f-\x9f]+", re.IGNORECASE)

#: What would end or hide the element around the JSON, and what older scripts take for the end of a line.
_ESCAPED = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}


def question_data(report: Report) -> Html:
    """Return the element that holds every question as JSON: see `_listed` for its keys."""
    names = outcomes(report)
    measures = list(dict.fromkeys(value.measure for question in report.questions for one in question.results for value in one.values))
    types = list(dict.fromkeys(question.type for question in report.questions))
    places = ({(one.name, one.tone): n for n, one in enumerate(names)}, {one: n for n, one in enumerate(measures)})
    values = {
        "runs": [[letter(place), _short(run.name)] for place, run in enumerate(report.runs)],
        "outcomes": [[_short(one.name), one.tone.value] for one in names],
        "measures": [_short(one) for one in measures],
        "types": [_short(one) for one in types],
        "questions": [_listed(question, types.index(question.type), *places) for question in report.questions],
    }
    written = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPED)
    return embedded("script", {"type": "application/json", "id": "data"}, written)


def _listed(question: Question, type_: int, outcome_places: dict[Any, int], measure_places: dict[str, int]) -> dict[str, Any]:
    """Return a question as JSON values; what is empty is left out."""
    return _filled(
        {
            "id": _short(question.id),
            "question": _text(question.question),
            "type": type_,
            "history": [[_short(turn.role), _text(turn.text)] for turn in question.history],
            "answerable": question.answerable,
            "expected": [_text(one) for one in question.expected],
            "evidence": [
                _filled({"quote": _text(one.quote), "article": _short(one.article_id), "title": _short(one.title), "note": _text(one.note)})
                for one in question.evidence
            ],
            "results": [_result(one, question.question, outcome_places, measure_places) for one in question.results],
        }
    )


def _result(result: Result, asked: str, outcome_places: dict[Any, int], measure_places: dict[str, int]) -> dict[str, Any]:
    standalone = result.standalone_question
    return _filled(
        {
            "outcome": outcome_places[result.outcome.name, result.outcome.tone],
            "why": _text(result.outcome.sentence),
            "short": _text(result.short_answer),
            "understood": _text(standalone) if standalone != asked else "",
            "sentences": [[_text(one.text), list(one.citations), _rounded(one.support)] for one in result.sentences],
            "citations": [_citation(one) for one in result.citations],
            "confidence": _rounded(result.confidence),
            "reason": _text(result.reason),
            "error": _text(result.error),
            "values": [[measure_places[one.measure], _rounded(one.value), _text(one.note)] for one in result.values],
        }
    )


def _citation(citation: Citation) -> dict[str, Any]:
    told = {
        "n": citation.n,
        "title": _short(citation.title),
        "article": _short(citation.article_id),
        "source": _short(citation.source),
        "url": _short(citation.url),
        "link": link(citation.url),
        "note": _text(citation.note),
    }
    return _filled(told) | _passage(citation)


def _passage(citation: Citation) -> dict[str, Any]:
    """Return the passage around a citation in pieces, each with what it is, and whether something was cut before, within and after."""
    end = min(citation.end, citation.start + LONGEST_QUOTE)
    first, last = max(0, citation.start - CONTEXT), min(len(citation.passage), end + CONTEXT)
    if end < citation.end:
        last = end
    spans = [(citation.start, end, CITED), *((start, stop, GOLD) for start, stop in citation.gold)]
    edges = {first, last, *(min(last, max(first, edge)) for start, stop, _ in spans for edge in (start, stop))}
    ordered = sorted(edges)
    pieces: list[list[Any]] = []
    for start, stop in pairwise(ordered):
        kind = sum({mark for one, other, mark in spans if one <= start and stop <= other})
        pieces.append([legible(citation.passage[start:stop]), kind])
    return {"pieces": pieces, "cut": [first > 0, end < citation.end, last < len(citation.passage)]}


def link(url: str) -> str:
    """Return an address that is safe as a link, empty for every other: http and https only."""
    return url if len(url) <= LONGEST_URL and _LINK.fullmatch(url) and legible(url) == url else ""


def _text(text: str) -> str:
    return legible(clipped(text, LONGEST))


def _short(text: str) -> str:
    return legible(clipped(text, SHORT))


def _rounded(value: float | None) -> float | None:
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", [])}


# --- the frame --------------------------------------------------------------------------------------------------------


def question_table(report: Report) -> Html:
    """Return the controls and the empty table; the script fills both, and the note stands where it does not run."""
    count = f"{len(report.questions):,}"
    controls = element(
        "div",
        {"class": "controls", "role": "search", "aria-label": "Questions", "hidden": True},
        _control("Search", element("input", {"id": "search", "type": "search", "placeholder": "question, answer or id"})),
        _control("Outcome", element("select", {"id": "outcome"})),
        _control("Type", element("select", {"id": "type"})),
        _control("Sort by", element("select", {"id": "sort"})),
        element("button", {"id": "direction", "type": "button"}, "Ascending"),
    )
    return element(
        "div",
        {"id": "browser"},
        element("noscript", None, element("p", {"class": "nothing"}, f"The list of {count} questions needs JavaScript.")),
        controls,
        element("p", {"id": "found", "class": "muted", "role": "status", "aria-live": "polite"}),
        element("div", {"id": "rows"}),
        element("nav", {"id": "pages", "aria-label": "Pages of questions", "hidden": True}),
    )


def _control(label: str, control: Html) -> Html:
    return element("label", {"class": "control"}, element("span", None, label), control)
