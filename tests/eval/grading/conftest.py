"""Rows of runs made by hand, for the tests of what grades them."""

import pytest

from eval.dataset import Evidence, Example
from eval.run import Gold, GoldSpan, RankedPassage, Row, Run
from rag import Answer, AnswerSentence, Citation, Hit, Reason, Turn

HIT = {"title": "", "source": None, "published": None}


class Made:
    """`row(id, …)`: a row of what is given; `answer(…)`, `citation(…)`, `hit(…)` likewise, all with plain defaults."""

    @staticmethod
    def citation(article, start, end, *, n=1, quote=None, also_in=()):
        quote = "x" * (end - start) if quote is None else quote
        where = {"article_id": article, "passage_id": f"{article}:0", "start": start, "end": end, "also_in": tuple(also_in)}
        return Citation(n=n, quote=quote, url=None, **where, **HIT)

    @staticmethod
    def hit(article, start, end, *, rank=1, text="", also_in=()):
        where = {"article_id": article, "passage_id": f"{article}:{start}", "start": start, "end": end, "also_in": tuple(also_in)}
        return Hit(rank=rank, score=1 / rank, text=text, **where, **HIT)

    @staticmethod
    def answer(*sentences, citations=(), hits=(), confidence=0.8, reason=None, short=None, standalone="", timings=None):
        """Sentences are texts, or (text, numbers, support)."""
        whole = [one if isinstance(one, tuple) else (one, tuple(c.n for c in citations), 0.9) for one in sentences]
        return Answer(
            question="q",
            standalone_question=standalone,
            sentences=tuple(AnswerSentence(*one) for one in whole),
            citations=tuple(citations),
            hits=tuple(hits),
            confidence=confidence,
            reason=reason,
            short_answer=short,
            timings_ms=timings or {},
        )

    @classmethod
    def silence(cls, *, confidence=0.1, reason=Reason.NOT_SUPPORTED, **more):
        return cls.answer(confidence=confidence, reason=reason, **more)

    @staticmethod
    def row(name="q1", answer=None, *, spans=(), passages=(), gold_passages=(), unfound=(), articles=(), exact=None, usage=None, **known):
        """An answer of None is an error. `passages` are (article, start, end); `articles` ids, best first; the rest is of the example,
        whose evidence is the spans where nothing else is said.
        """
        known["history"] = tuple(Turn("user", text) for text in known.pop("history", ()))
        known["evidence"] = tuple(
            Evidence(**one) for one in known.pop("evidence", [{"article_id": a, "start": s, "end": e} for a, s, e in spans])
        )
        ranked = [RankedPassage(f"{a}:{s}", a, s, e, 100.0 - n) for n, (a, s, e) in enumerate(passages)]
        return Row(
            example=Example(id=name, question=known.pop("question", "q"), **known),
            gold=Gold(spans=tuple(GoldSpan(*one) for one in spans), passages=tuple(gold_passages), unfound=tuple(unfound)),
            answer=answer,
            error=None if answer else "it broke",
            articles=tuple((one, 100.0 - n) for n, one in enumerate(articles)),
            passages=tuple(ranked),
            exact=tuple(exact if exact is not None else [True] * len(answer.citations) if answer else ()),
            usage=usage or {},
        )

    @staticmethod
    def run(*rows, **about):
        return Run("made by hand", tuple(rows), about)


@pytest.fixture(scope="session")
def made():
    return Made


@pytest.fixture(scope="session")
def graded(made):
    """`graded(name, *rows)`: by one measure, the value of each question, or the reason why it stands apart."""
    from eval.grading import grade

    def values(name, *rows):
        names = [name] if name.startswith(("passage_", "span_RR")) or "@" in name or name in {"RR", "AP"} else []
        for column in grade(made.run(*rows), retrieval=names).columns:
            if column.measure.name == name:
                pairs = {
                    one: tuple(grade) if grade.y != 1 or column.measure.kind in {"ratio", "curve"} else grade.x
                    for one, grade in column.grades.items()
                }
                return {**pairs, **column.apart}
        return {}

    return values
