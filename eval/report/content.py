"""Everything that a report shows, and nothing else: one or more runs, their figures, plots, differences and questions.

Frozen values with plain constructors; whatever hangs on a run stands in the order of `Report.runs`. Texts are given whole and as they
are: the page cuts them, makes them legible and escapes them. Knows nothing of runs on disk, of measures or of HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence


class Tone(StrEnum):
    """Whether something is welcome; shown as a colour and a sign beside the words, never instead of them."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"
    """Neither: undecided, or not gradable."""


class Estimate(NamedTuple):
    """A figure of one run with its interval; nan where there is nothing to say."""

    value: float
    low: float
    high: float
    n: int
    """Questions that it rests on."""
    apart: int = 0
    """Questions that could not be graded, and are not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A run: its name, and what was run on what as pairs of a word and a text (`("Data set", "minerals, 2,000 questions")`)."""

    name: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A measure and its figure in each run; None where a run does not have it."""

    name: str
    family: str
    """What it is about: measures of one family that stand together are shown together."""
    definition: str
    figures: tuple[Estimate | None, ...]
    unit: str = ""
    """Empty for a number from 0 to 1."""
    higher_is_better: bool = True
    source: str = ""
    """The paper, tool or specification that it comes from."""
    featured: bool = False
    """Whether it stands at the top of the page, in large type; a handful should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """By how much the run `other` differs from the run `base` in one measure: other minus base, with its interval."""

    measure: str
    base: str
    other: str
    value: float
    low: float
    high: float
    verdict: Tone
    """GOOD where `other` is better, BAD where it is worse, NEUTRAL where the questions do not tell."""
    unit: str = ""
    p: float | None = None
    """As corrected for the number of comparisons, if it is; None where nothing was tested, as of costs."""
    family: str = ""
    """What the measure is about: differences of one family are drawn together."""
    note: str = ""
    """What else is to be said: the test, on how many questions it won and lost."""

    @property
    def undecided(self) -> bool:
        """Say whether a test was made and did not tell the two apart."""
        return self.verdict is Tone.NEUTRAL and self.p is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a plot: places and heights of equal number, in order of place; a band where `low` and `high` are given."""

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    ns: Sequence[int] = ()
    """Questions that each point rests on; points are then as large as they are many."""

    def __post_init__(self) -> None:
        """Check the lengths; raises ValueError."""
        if len(self.ns) not in (0, len(self.ys)):
            raise ValueError(f"expected a number of questions for each of {len(self.ys)} points, found {len(self.ns)}")
        if len(self.xs) != len(self.ys) or {len(self.low), len(self.high)} - {0, len(self.ys)} or len(self.low) != len(self.high):
            raise ValueError(f"expected as many xs, ys, low and high, found {[len(self.xs), len(self.ys), len(self.low), len(self.high)]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A plot of lines: recall over k, risk over coverage, what came true over confidence, the share answered over time."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    note: str = ""
    """A sentence on how to read it."""
    diagonal: bool = False
    """Whether a line from (0, 0) to (1, 1) says what would be perfect."""
    logarithmic: bool = False
    """Whether places are spread by their logarithm; those that are not above 0 are then left out."""
    until: float | None = None
    """How far the places go from 0, where that is to be seen even if no line does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Bars of one colour, one for each group of the plot, None where there is none."""

    name: str
    estimates: tuple[Estimate | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A plot of bars with their intervals: a measure by type of question, for each run."""

    title: str
    value_label: str
    groups: tuple[str, ...]
    series: tuple[Series, ...]
    sizes: tuple[int, ...] = ()
    """Questions of each group, whether or not a bar rests on all of them."""
    note: str = ""

    def __post_init__(self) -> None:
        """Check the lengths; raises ValueError."""
        if len(self.sizes) not in (0, len(self.groups)):
            raise ValueError(f"expected the size of each of {len(self.groups)} groups, found {len(self.sizes)}")
        for one in self.series:
            if len(one.estimates) != len(self.groups):
                raise ValueError(f"expected an estimate for each of {len(self.groups)} groups in {one.name!r}, found {len(one.estimates)}")


Plot: TypeAlias = "Curve | Bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a question in a run: a word or two (`retrieved but not read`), the sentence that says why, and its tone."""

    name: str
    sentence: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A quote that answers the question according to the set, and where it stands."""

    quote: str
    article_id: str = ""
    title: str = ""
    note: str = ""
    """What is to be said of it: `not in the index`."""


class Sentence(NamedTuple):
    """A sentence of an answer, the numbers of its citations, and how well they support it, from 0 to 1, where that is known."""

    text: str
    citations: tuple[int, ...] = ()
    support: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A citation in its passage: the quote is the characters `[start, end)` of `passage`.

    Where the passage is not at hand, it is the quote itself, from 0 to its length.
    """

    n: int
    passage: str
    start: int
    end: int
    gold: tuple[tuple[int, int], ...] = ()
    """Spans of the passage that are evidence according to the set; they may lie over each other and over the quote."""
    article_id: str = ""
    title: str = ""
    source: str = ""
    """Who published it, and when, in one text."""
    url: str = ""
    """Becomes a link where it is an http or https address; is shown as text otherwise."""
    note: str = ""
    """What is to be said of it: `the article does not hold this quote there`."""

    def __post_init__(self) -> None:
        """Check that the spans lie in the passage; raises ValueError."""
        for start, end in ((self.start, self.end), *self.gold):
            if not 0 <= start <= end <= len(self.passage):
                raise ValueError(f"expected a span within the {len(self.passage)} characters of its passage, found [{start}, {end})")


class Value(NamedTuple):
    """What a measure says of one question: a number, None where it could not be graded, and why or what else."""

    measure: str
    value: float | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one run made of a question."""

    outcome: Outcome
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    short_answer: str = ""
    standalone_question: str = ""
    """As the question was understood; shown where it differs from what was asked."""
    confidence: float | None = None
    """From 0 to 1."""
    reason: str = ""
    """Why the run was silent."""
    error: str = ""
    values: tuple[Value, ...] = ()


class Exchange(NamedTuple):
    """A turn before the question: who spoke (`user`, `assistant`), and what."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, what is known of its answer, and what each run made of it."""

    id: str
    question: str
    results: tuple[Result, ...]
    type: str = ""
    history: tuple[Exchange, ...] = ()
    answerable: bool | None = None
    expected: tuple[str, ...] = ()
    """Each of them alone would do."""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report on one or more runs over the same questions."""

    title: str
    runs: tuple[About, ...]
    subtitle: str = ""
    headlines: tuple[Headline, ...] = ()
    """Every measure."""
    differences: tuple[Difference, ...] = ()
    plots: tuple[Plot, ...] = ()
    questions: tuple[Question, ...] = ()
    outcome_order: tuple[str, ...] = ()
    """Names of outcomes in the order in which to list them, as far as it matters: others follow as they appear."""
    notes: tuple[str, ...] = ()
    """How the figures were made, a sentence or two each: what the intervals are, what counts as wrong."""

    def __post_init__(self) -> None:
        """Check that everything has its part for each run; raises ValueError."""
        if not self.runs:
            raise ValueError("expected at least one run, found none")
        for headline in self.headlines:
            if len(headline.figures) != len(self.runs):
                raise ValueError(f"expected {len(self.runs)} figures of {headline.name!r}, one a run, found {len(headline.figures)}")
        for question in self.questions:
            if len(question.results) != len(self.runs):
                raise ValueError(f"expected {len(self.runs)} results of question {question.id!r}, one a run, found {len(question.results)}")
