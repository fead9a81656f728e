"""From evaluations to what a report shows of them. Knows nothing of HTML, and computes nothing that a measure does."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from index import AssayError

from ..comparison import compare
from ..grading import Outcome, answerable, groups, outcome, recall_curve, reliability, risk_coverage, whole
from ..measure import Family, Kind
from . import content
from .legible import number
from .page import render
from .panels import difference_panels, plot_panel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from rag import Answer
    from rag import Citation as Cited

    from ..comparison import Contrast
    from ..evaluation import Evaluation
    from ..measure import Column
    from ..run import GoldSpan, Row
    from ..statistics import Figure

    #: From an evaluation to the places and heights of a line; both empty where there is nothing to draw.
    _Points: TypeAlias = Callable[[Evaluation], tuple[Sequence[float], Sequence[float]]]

#: The figures at the top of the page, where a run has them and there is something to measure.
FEATURED = ("nDCG@10", "right", "citation_precision", "refusal_F1", "total_p50")

#: The depths of the recall curve.
KS = (1, 2, 3, 5, 10, 20, 30, 50, 100)

#: Measures that are drawn by groups of questions, each where at least one group has it.
_BY_GROUP = ("right", "nDCG@10", "citation_precision")

#: More groups than these are no picture: the most frequent are drawn.
_GROUPS = 12

#: More articles than these that bear on a question as a whole are not listed.
_ARTICLES = 20

_NOTES = (
    "Intervals are 95 %, over the questions: what other questions of this kind could have shown, and nothing of the clock.",
    "A question that failed counts as zero. What could not be graded is counted apart, never as wrong.",
)


def content_of(evaluations: Sequence[Evaluation], *, title: str = "") -> content.Report:
    """Return the report of one run, or of several over the same questions, the first of them the baseline.

    Raises `AssayError` when there are none, or they are not of the same questions.
    """
    if not evaluations:
        raise AssayError("expected at least one run to report on, found none")
    runs = _named(evaluations)
    dataset = evaluations[0].grades.dataset
    differences = _differences(evaluations, runs) if len(evaluations) > 1 else ()
    return content.Report(
        title=title or _title(dataset, runs),
        subtitle=f"{len(evaluations[0].run.rows):,} questions",
        runs=tuple(_about(name, one) for name, one in zip(runs, evaluations, strict=True)),
        headlines=tuple(_headlines(evaluations)),
        differences=tuple(differences),
        plots=tuple(_plots(runs, evaluations)),
        questions=tuple(_questions(evaluations)),
        outcome_order=tuple(one.value for one in Outcome),
        notes=(*_NOTES, *_agreements(runs, evaluations)),
    )


def _title(dataset: str, runs: Sequence[str]) -> str:
    """Return the names of the set and the runs, that of the set once: a run is called after its set where it was not kept."""
    return ", ".join(runs) if dataset in runs else f"{dataset}: {', '.join(runs)}"


def _agreements(runs: Sequence[str], evaluations: Sequence[Evaluation]) -> Iterator[str]:
    """Yield, for each run that a judge was asked about, how far it agrees with `right`, which needs none."""
    for name, one in zip(runs, evaluations, strict=True):
        if found := one.agreement:
            kappa = "undefined, since one of the two says the same of all" if found.kappa is None else number(found.kappa)
            whose = f" on {name}" if len(runs) > 1 else ""
            yield (
                f"The judge and `right`{whose}: {found.n:,} answers that both graded; Cohen's kappa {kappa}. "
                f"Right to both {found.both_right:,}, wrong to both {found.both_wrong:,}, "
                f"right to the judge alone {found.judge_only:,}, to `right` alone {found.free_only:,}."
            )


def _named(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return a name for each run, told apart where two are called the same."""
    names = [one.run.name for one in evaluations]
    return [name if names.count(name) == 1 else f"{name} ({place})" for place, name in enumerate(names, 1)]


def _about(name: str, one: Evaluation) -> content.About:
    about = one.run.about
    dataset, index = about.get("dataset", {}), about.get("index", {})
    facts = [
        ("Questions", f"{dataset.get('name', '')}, {len(one.run.rows):,}, {dataset.get('format', '')}"),
        ("Index", f"{index.get('articles', 0):,} articles, {index.get('passages', 0):,} passages, {index.get('model', '')}"),
        ("Settings", ", ".join(f"{key} {value}" for key, value in about.get("settings", {}).items()) or "as they come"),
        ("Version", str(about.get("version", ""))),
        ("Failed", f"{one.failed:,}"),
    ]
    return content.About(name=name, facts=tuple(facts))


# --- figures ----------------------------------------------------------------------------------------------------------


def _headlines(evaluations: Sequence[Evaluation]) -> Iterator[content.Headline]:
    columns = {column.measure.name: column.measure for one in evaluations for column in one.grades.columns}
    for name, measure in columns.items():
        found = [one.figures.get(name) for one in evaluations]
        yield content.Headline(
            name=name,
            family=measure.family.value,
            definition=measure.definition,
            source=measure.source,
            figures=tuple(map(_estimate, found)),
            unit=measure.unit,
            higher_is_better=measure.higher_is_better,
            featured=name in FEATURED and any(one is not None and one.value is not None for one in found),
        )


def _estimate(found: Figure | None) -> content.Estimate | None:
    if found is None:
        return None
    value, low, high = (math.nan if number is None else number for number in (found.value, found.low, found.high))
    return content.Estimate(value, low, high, found.n, found.apart)


def _differences(evaluations: Sequence[Evaluation], runs: Sequence[str]) -> Iterator[content.Difference]:
    comparison = compare([one.grades for one in evaluations])
    for other, versus in zip(runs[1:], comparison.versus, strict=True):
        yield from (_difference(contrast, runs[0], other) for contrast in versus.contrasts if contrast.difference.value is not None)


def _difference(contrast: Contrast, base: str, other: str) -> content.Difference:
    found, measure = contrast.difference, contrast.measure
    value, low, high = (math.nan if number is None else number for number in (found.value, found.low, found.high))
    better = (value > 0) == measure.higher_is_better
    verdict = content.Tone.NEUTRAL if not contrast.significant else content.Tone.GOOD if better else content.Tone.BAD
    counts = (
        "" if measure.kind is Kind.CURVE else f"; {len(contrast.better):,} better, {len(contrast.worse):,} worse, {contrast.equal:,} equal"
    )
    return content.Difference(
        measure=measure.name,
        base=base,
        other=other,
        value=value,
        low=low,
        high=high,
        verdict=verdict,
        unit=measure.unit,
        p=contrast.p_holm,
        family=measure.family.value,
        note=f"{found.method.value}{counts}",
    )


# --- plots ------------------------------------------------------------------------------------------------------------


def _plots(runs: Sequence[str], evaluations: Sequence[Evaluation]) -> Iterator[content.Plot]:
    drawn = (
        content.Curve(
            title="Recall of relevant articles",
            x_label="first k articles",
            y_label="recall",
            lines=_lines(runs, evaluations, _recall),
            note="The share of the relevant articles among the first k.",
            logarithmic=True,
        ),
        content.Curve(
            title="Risk and coverage",
            x_label="share of questions answered, surest first",
            y_label="share of these not right",
            lines=_lines(runs, evaluations, _risk),
            note="Lower is better; where it rises to the right, confidence says something. It ends with the last answer.",
            until=1.0,
        ),
        content.Curve(
            title="Calibration: right",
            x_label="confidence",
            y_label="share that were right",
            lines=_calibration(runs, evaluations, "ECE"),
            note="On the diagonal, the confidence of an answer is the chance that it is right.",
            diagonal=True,
        ),
        content.Curve(
            title="Calibration: answerable",
            x_label="confidence",
            y_label="share that the articles answer",
            lines=_calibration(runs, evaluations, "ECE_answerable"),
            note="On the diagonal, confidence is the chance that the articles answer the question.",
            diagonal=True,
        ),
        content.Curve(
            title="Time to an answer",
            x_label="milliseconds",
            y_label="share answered by then",
            lines=_lines(runs, evaluations, _times),
            logarithmic=True,
        ),
    )
    yield from (curve for curve in drawn if curve.lines)
    yield from _by_group("type", "type of question", runs, evaluations)
    yield from _by_group("turn", "turn of the conversation", runs, evaluations)


def _lines(runs: Sequence[str], evaluations: Sequence[Evaluation], points: _Points) -> tuple[content.Line, ...]:
    found = [(name, *points(one)) for name, one in zip(runs, evaluations, strict=True)]
    return tuple(content.Line(name=name, xs=xs, ys=ys) for name, xs, ys in found if len(xs))


def _recall(one: Evaluation) -> tuple[list[float], list[float]]:
    recall = recall_curve(one.run, KS)
    return ([], []) if np.isnan(recall).all() else ([float(k) for k in KS], recall.tolist())


def _pairs(one: Evaluation, name: str) -> tuple[list[float], list[float]]:
    if name not in one.grades.names:
        return [], []
    x, y = one.grades[name].pairs()
    return x.tolist(), y.tolist()


def _risk(one: Evaluation) -> tuple[list[float], list[float]]:
    confidence, right = _pairs(one, "AURC")
    coverage, risk = risk_coverage(confidence, np.array(right, bool))
    whole = len(one.grades["right"].grades) if "right" in one.grades.names else 0
    return (coverage * len(confidence) / max(whole, len(confidence), 1)).tolist(), risk.tolist()


def _calibration(runs: Sequence[str], evaluations: Sequence[Evaluation], measure: str) -> tuple[content.Line, ...]:
    """Return, for each run, what came true over confidence, a point for each bin that has questions."""
    lines = []
    for name, one in zip(runs, evaluations, strict=True):
        confidence, truth = _pairs(one, measure)
        curve = reliability(confidence, np.array(truth, bool))
        filled = curve.n > 0
        if filled.any():
            xs, ys, ns = (values[filled].tolist() for values in (curve.confidence, curve.share, curve.n))
            lines.append(content.Line(name=name, xs=xs, ys=ys, ns=ns))
    return tuple(lines)


def _times(one: Evaluation) -> tuple[list[float], list[float]]:
    taken = sorted(row.answer.timings_ms["total"] for row in one.run.rows if row.answer and "total" in row.answer.timings_ms)
    return taken, [place / len(taken) for place in range(1, len(taken) + 1)]


def _by_group(kind: str, title: str, runs: Sequence[str], evaluations: Sequence[Evaluation]) -> Iterator[content.Bars]:
    """Yield bars for the values of one kind of group, the most frequent ones in their own order; none where there are not two."""
    sizes = {value: len(ids) for value, ids in groups(evaluations[0].run)[kind].items()}
    most = set(sorted(sizes, key=lambda one: -sizes[one])[:_GROUPS])
    shown = tuple(value for value in sizes if value in most)
    if len(shown) < 2:
        return
    parts = [one.by(kind, _BY_GROUP) for one in evaluations]
    for measure in _BY_GROUP:
        found = [[_graded(part.get(value, {}).get(measure)) for value in shown] for part in parts]
        if any(one is not None for line in found for one in line):
            series = tuple(content.Series(name=run, estimates=tuple(line)) for run, line in zip(runs, found, strict=True))
            yield content.Bars(
                title=f"{measure} by {title}",
                value_label=measure,
                groups=shown,
                series=series,
                sizes=tuple(sizes[value] for value in shown),
                note=f"The {_GROUPS} most frequent of {len(sizes):,}." if len(sizes) > _GROUPS else "",
            )


def _graded(found: Figure | None) -> content.Estimate | None:
    return None if found is None or found.value is None else _estimate(found)


# --- questions --------------------------------------------------------------------------------------------------------


def _questions(evaluations: Sequence[Evaluation]) -> Iterator[content.Question]:
    values = [_values(one.grades.columns) for one in evaluations]
    others = [{row.id: row for row in one.run.rows} for one in evaluations]
    for row in evaluations[0].run.rows:
        example = row.example
        yield content.Question(
            id=example.id,
            question=example.question,
            results=tuple(_result(rows[example.id], found.get(example.id, ())) for rows, found in zip(others, values, strict=True)),
            type=example.type,
            history=tuple(content.Exchange(turn.role, turn.content) for turn in example.history),
            answerable=answerable(example),
            expected=example.answers or example.key_points,
            evidence=tuple(_evidence(row)),
        )


def _values(columns: Sequence[Column]) -> Mapping[str, tuple[content.Value, ...]]:
    """Return what every measure says of every question, by its id: a ratio its own share, a curve nothing."""
    found: dict[str, list[content.Value]] = defaultdict(list)
    for column in columns:
        measure = column.measure
        if measure.kind is Kind.CURVE or measure.family is Family.COST:
            continue
        for one, grade in column.grades.items():
            if grade.y:
                found[one].append(content.Value(measure.name, grade.x / grade.y, column.comments.get(one, "")))
        for one, reason in column.apart.items():
            found[one].append(content.Value(measure.name, None, reason))
    return {one: tuple(values) for one, values in found.items()}


def _result(row: Row, values: tuple[content.Value, ...]) -> content.Result:
    came = outcome(row)
    tone = {True: content.Tone.GOOD, False: content.Tone.BAD, None: content.Tone.NEUTRAL}[came.good]
    shown = content.Outcome(name=came.value, sentence=came.sentence, tone=tone)
    answer = row.answer
    if answer is None:
        return content.Result(outcome=shown, error=row.error or "", values=values)
    return content.Result(
        outcome=shown,
        sentences=tuple(content.Sentence(one.text, one.citations, one.support) for one in answer.sentences),
        citations=tuple(_citation(one, answer, row, exact) for one, exact in zip(answer.citations, row.exact, strict=False)),
        short_answer=answer.short_answer or "",
        standalone_question=answer.standalone_question,
        confidence=answer.confidence,
        reason=answer.reason.value if answer.reason else "",
        values=values,
    )


def _citation(cited: Cited, answer: Answer, row: Row, exact: bool) -> content.Citation:
    passage, offset = _around(cited, answer)
    return content.Citation(
        n=cited.n,
        passage=passage,
        start=cited.start - offset,
        end=cited.start - offset + len(cited.quote),
        gold=tuple(
            _within(span, offset, len(passage)) for places in row.gold.stands for span in places if _touches(span, cited, offset, passage)
        ),
        article_id=cited.article_id,
        title=cited.title,
        source=", ".join(filter(None, (cited.source, cited.published))),
        url=cited.url or "",
        note="" if exact else "the article does not hold this quote there",
    )


def _around(cited: Cited, answer: Answer) -> tuple[str, int]:
    """Return the text of a hit that holds the quote and where it begins in the article; the quote itself where no hit does."""
    for hit in answer.hits:
        inside = hit.article_id == cited.article_id and hit.start <= cited.start and cited.end <= hit.start + len(hit.text)
        if inside and hit.text[cited.start - hit.start : cited.end - hit.start] == cited.quote:
            return hit.text, hit.start
    return cited.quote, cited.start


def _touches(span: GoldSpan, cited: Cited, offset: int, passage: str) -> bool:
    return span.article_id == cited.article_id and span.start < offset + len(passage) and span.end > offset


def _within(span: GoldSpan, offset: int, length: int) -> tuple[int, int]:
    return max(0, span.start - offset), min(length, span.end - offset)


def _evidence(row: Row) -> Iterator[content.Evidence]:
    titles = {hit.article_id: hit.title for hit in row.answer.hits} if row.answer else {}
    for span, text in zip(row.gold.spans, row.gold.texts, strict=False):
        yield content.Evidence(quote=text, article_id=span.article_id, title=titles.get(span.article_id, ""))
    for name in row.gold.unfound:
        yield content.Evidence(quote=name, note="not in the index")
    for article in sorted(whole(row))[:_ARTICLES]:
        yield content.Evidence(quote="", article_id=article, title=titles.get(article, ""))


def report_of(evaluations: Sequence[Evaluation], *, title: str = "") -> str:
    """Return the HTML page of one run, or of several over the same questions; raises `AssayError` as `content_of` does."""
    return render(content_of(evaluations, title=title))


def panels_of(evaluations: Sequence[Evaluation]) -> tuple[str, ...]:
    """Return the plots of one run, or of several what each differs in from the first, as HTML for a page that has the report's colours.

    Raises `AssayError` as `content_of` does.
    """
    shown = content_of(evaluations)
    if len(evaluations) > 1:
        return tuple(difference_panels(shown.differences))
    return tuple(plot_panel(plot, f"plot-{place}") for place, plot in enumerate(shown.plots))
