"""A report to look at: made up, of any size, the same every time."""

import math
import random

import pytest

from eval.report.content import (
    About,
    Bars,
    Citation,
    Curve,
    Difference,
    Estimate,
    Evidence,
    Exchange,
    Headline,
    Line,
    Outcome,
    Question,
    Report,
    Result,
    Sentence,
    Series,
    Tone,
    Value,
)

SENTENCES = (
    "Chile presented a plan in April 2023 to put its lithium under a state company with private partners.",
    "The European Union agreed on a list of seventeen strategic raw materials, copper and nickel among them.",
    "Congo capped its exports of cobalt at 96,600 tonnes for each of the years 2026 and 2027.",
    "Ministers of the seven largest economies will meet in June to discuss an alliance around critical minerals.",
    "Exports of gallium and germanium have needed a licence since August 2023.",
    "Refining remains concentrated in one country, which handles more than half of the world's supply.",
    "Analysts expect that new mines will take ten to fifteen years from discovery to first production.",
    "The company said that recycling could meet a tenth of demand by the end of the decade.",
)
OUTCOMES = (
    Outcome(name="right", sentence="The answer holds what was expected, and the evidence is cited.", tone=Tone.GOOD),
    Outcome(name="rightly silent", sentence="The articles do not say, and neither did the answer.", tone=Tone.GOOD),
    Outcome(name="not retrieved", sentence="No passage with the evidence is among the 100 that were retrieved.", tone=Tone.BAD),
    Outcome(
        name="retrieved but not read",
        sentence="The passage with the evidence was retrieved at rank 31; the first 10 are read.",
        tone=Tone.BAD,
    ),
    Outcome(name="read but not verified", sentence="The evidence was read, but no sentence on it passed the check.", tone=Tone.BAD),
    Outcome(name="wrongly silent", sentence="The evidence was read and verified; the answer was withheld.", tone=Tone.BAD),
    Outcome(name="wrongly answered", sentence="The articles do not say, and an answer was given.", tone=Tone.BAD),
    Outcome(name="not gradable", sentence="The set holds no evidence for this question.", tone=Tone.NEUTRAL),
)
TYPES = ("factoid", "comparison", "temporal", "multi-hop", "unanswerable", "")
MEASURES = ("R@10", "nDCG@10", "F1", "EM", "Citation precision", "Citation recall", "Latency", "AURC")


def _result(rng, number):
    outcome = rng.choices(OUTCOMES, (50, 12, 8, 6, 5, 7, 6, 6))[0]
    values = tuple(Value(name, rng.random() * (900 if name == "Latency" else 1)) for name in MEASURES[:-1])
    silent = "silent" in outcome.name
    passage = " ".join(rng.choices(SENTENCES, k=9))
    start = passage.index(". ", 200) + 2
    end = passage.index(".", start) + 1
    if silent:
        return Result(outcome=outcome, confidence=rng.random() / 2, reason="not supported", values=values)
    citations = tuple(
        Citation(
            n=n,
            passage=passage,
            start=start,
            end=end,
            gold=((start + 10, min(len(passage), end + 60)),) if n == 1 else (),
            article_id=f"article-{number}-{n}",
            title="Critical minerals: who holds what",
            source="Example Times, 2023-04-21",
            url="https://example.org/minerals?a=1&b=2",
        )
        for n in (1, 2)
    )
    return Result(
        outcome=outcome,
        sentences=(Sentence(passage[start:end], (1,), 0.93), Sentence(rng.choice(SENTENCES), (1, 2), 0.81)),
        citations=citations,
        short_answer="April 2023",
        standalone_question=f"When did Chile present its plan, in case {number}?",
        confidence=rng.random() / 2 + 0.5,
        values=(*values, Value("AURC", None, "a figure of the whole run")),
    )


def _question(rng, number, runs):
    return Question(
        id=f"q-{number:04d}",
        question=f"When did Chile present its plan for lithium, and what did it say about partners (case {number})?",
        type=rng.choice(TYPES),
        history=(Exchange("user", "Who holds lithium?"), Exchange("assistant", "Chile, among others. [1]")) if number % 5 == 0 else (),
        answerable=number % 7 != 0,
        expected=("April 2023", "in April of 2023") if number % 7 else (),
        evidence=(Evidence(quote=SENTENCES[0], article_id=f"article-{number}-1", title="Critical minerals: who holds what"),),
        results=tuple(_result(rng, number) for _ in range(runs)),
    )


def _estimate(rng, scale=1.0, n=2000):
    value = rng.uniform(0.45, 0.9) * scale
    return Estimate(value, value - 0.021 * scale, value + 0.019 * scale, n, 12)


def _headlines(rng, runs):
    families = {"retrieval": ("R@10", "nDCG@10"), "answer": ("F1", "EM"), "citation": ("Citation precision", "Citation recall")}
    for family, names in families.items():
        for name in names:
            definition = f"{name}: the share of what counts, averaged over the questions that it applies to."
            figures = tuple(_estimate(rng) for _ in range(runs))
            yield Headline(name=name, family=family, definition=definition, figures=figures, featured=name != "EM")
    times = tuple(_estimate(rng, 420.0) for _ in range(runs))
    yield Headline(
        name="Latency p95",
        family="cost",
        definition="Time to the whole answer.",
        figures=times,
        unit="ms",
        higher_is_better=False,
        featured=True,
    )
    nothing = tuple(Estimate(math.nan, math.nan, math.nan, 0, 2000) for _ in range(runs))
    yield Headline(name="Rewrite match", family="turns", definition="Whether the rewritten question is the person's own.", figures=nothing)


def _plots(rng, names):
    ks = (1, 2, 5, 10, 20, 50, 100)
    recall = tuple(_line(name, ks, [1 - 0.6 / k**0.5 + 0.02 * place for k in ks]) for place, name in enumerate(names))
    share = [(i + 1) / 400 for i in range(400)]
    risk = tuple(_line(name, share, [0.02 + (0.3 + 0.05 * place) * x**2 for x in share]) for place, name in enumerate(names))
    bins = [0.05 + 0.1 * i for i in range(10)]
    calibration = tuple(_line(name, bins, [min(1, x**1.2 + 0.03 * place) for x in bins], wide=0.07) for place, name in enumerate(names))
    times = tuple(Line(name=name, xs=[20 * 1.02**i for i in range(200)], ys=[1 - math.exp(-i / 60) for i in range(200)]) for name in names)
    types = TYPES[:-1]
    bars = tuple(Series(name=name, estimates=tuple(_estimate(rng, n=400) for _ in types)) for name in names)
    return (
        Curve(title="Recall", x_label="passages looked at (k)", y_label="recall@k", lines=recall, note="Evidence found among the first k."),
        Curve(title="Risk and coverage", x_label="share answered", y_label="share of these wrong", lines=risk, note="Lower is better."),
        Curve(
            title="Calibration", x_label="confidence", y_label="share right", lines=calibration, note="On the dotted line.", diagonal=True
        ),
        Curve(
            title="Latency", x_label="milliseconds", y_label="share answered", lines=times, note="Further left is better.", logarithmic=True
        ),
        Bars(title="F1 by type of question", value_label="F1", groups=types, series=bars),
    )


def _line(name, xs, ys, wide=0.02):
    return Line(name=name, xs=xs, ys=ys, low=[y - wide for y in ys], high=[y + wide for y in ys])


def _differences(rng, names):
    for other in names[1:]:
        for measure in MEASURES[:-1]:
            unit, scale = ("ms", 300) if measure == "Latency" else ("", 1)
            value = rng.uniform(-0.08, 0.1) * scale
            low, high = value - 0.03 * scale, value + 0.03 * scale
            better = Tone.GOOD if low > 0 else Tone.BAD if high < 0 else Tone.NEUTRAL
            note = "paired bootstrap, better on 120 questions, worse on 85"
            yield Difference(
                measure=measure, base=names[0], other=other, value=value, low=low, high=high, verdict=better, unit=unit, p=0.02, note=note
            )


@pytest.fixture(scope="session")
def make_report():
    """`make_report(questions=3, runs=1, plots=False) -> Report`, the same for the same numbers."""

    def make(questions=3, runs=1, *, plots=False):
        rng = random.Random(7)
        names = ["extractive", "with a writing model", "without the reader", "fourth"][:runs]
        facts = (("Data set", "minerals, made up"), ("Index", "1,204 articles, 18,311 passages"), ("Command", "assay eval run minerals"))
        return Report(
            title="minerals",
            subtitle=f"{questions:,} questions over 1,204 articles, asked on 2026-02-03.",
            runs=tuple(About(name=name, facts=facts) for name in names),
            headlines=tuple(_headlines(rng, runs)),
            differences=tuple(_differences(rng, names)) if plots else (),
            plots=_plots(rng, names) if plots else (),
            outcome_order=tuple(one.name for one in OUTCOMES),
            questions=tuple(_question(rng, number, runs) for number in range(questions)),
            notes=("Intervals are 95 %, by bootstrap over questions.", "A question without an answer counts as wrong."),
        )

    return make
