"""What the interfaces for programs take and give, as types that check themselves and describe themselves in the OpenAPI document.

What is taken is strict: no other fields, no other types, bounded lengths. What is given is what `assay --json` prints.
Knows nothing of routes.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from index import ArticleFilter, AssayError
from rag import Answer, Question, Turn

from .feedback import MOST_COMMENT, MOST_CORRECTION, Words

#: Bounds of what is taken.
LONGEST_QUESTION, LONGEST_TURN, MOST_TURNS, MOST_NAMES, LONGEST_NAME = 10_000, 100_000, 200, 1_000, 1_000
MOST_KEYS, MOST_ROWS, MOST_PASSAGES, MOST_LISTED = 500, 1_000, 100, 1_000

#: Keys of answers are of these characters.
KEY = r"^[A-Za-z0-9_-]{1,64}$"

#: What tells one browser from others.
VOTER = r"^[A-Za-z0-9_-]{16,64}$"


def _date(given: str) -> str:
    """Let a date pass that articles can be compared with."""
    try:
        ArticleFilter(after=given)
    except AssayError as error:
        raise ValueError("expected a date such as 2023-04-21, 2023-04 or 2023, found another") from error
    return given


def _span(given: str) -> str:
    """Let a span pass whose end is not before its start."""
    start, end = given.split(":")
    if int(start) > int(end):
        raise ValueError(f"expected A:B with A not above B, such as 0:43, found {given}")
    return given


def _asked(given: str) -> str:
    """Let a question pass that can be asked."""
    try:
        Question(given)
    except AssayError as error:
        raise ValueError(str(error)) from error
    return given


Date = Annotated[str, Field(max_length=20, examples=["2023-04"]), AfterValidator(_date)]
Span = Annotated[str, Field(max_length=25, pattern=r"^[0-9]{1,12}:[0-9]{1,12}$", examples=["0:43"]), AfterValidator(_span)]
Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Names = Annotated[list[Name], Field(max_length=MOST_NAMES)]
Asked = Annotated[str, Field(max_length=LONGEST_QUESTION), AfterValidator(_asked)]
Key = Annotated[str, Field(pattern=KEY)]


class _Taken(BaseModel):
    """What is taken, strictly."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Filters(_Taken):
    """Which articles are searched; what is left out, null or empty excludes none."""

    sources: Names | None = Field(None, description="Only these publishers, whatever their letter case.")
    authors: Names | None = Field(None, description="Only what one of these wrote, by the whole name, whatever its letter case.")
    languages: Names | None = Field(None, description="Only what is in these languages, as codes such as `en`.")
    after: Date | None = Field(None, description="Only articles published then or later; undated ones never.")
    before: Date | None = Field(None, description="Only articles published then or earlier; undated ones never.")
    articles: Names | None = Field(None, description="Only the articles of these ids.")

    def only(self) -> ArticleFilter | None:
        """Return the filter; None where it excludes nothing."""
        named = (self.sources, self.articles, self.authors, self.languages)
        sources, ids, authors, languages = (tuple(names or ()) or None for names in named)
        return ArticleFilter(sources, self.after, self.before, ids, authors, languages) or None


class Said(_Taken):
    """One turn of a conversation before the question."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=LONGEST_TURN)]


class Ask(Filters):
    """A question, the conversation before it, and where the answer may come from."""

    question: Asked = Field(examples=["When was the lithium plan presented?"])
    history: Annotated[list[Said], Field(max_length=MOST_TURNS)] | None = Field(None, description="The turns before it, oldest first.")
    standalone_question: Asked | None = Field(None, description="The question to search for, where you know better than the rules.")
    stream: bool = Field(default=False, description="Answer with server-sent events, as `Accept: text/event-stream` does.")

    def asked(self) -> Question:
        """Return the question."""
        turns = tuple(Turn(one.role, one.content) for one in self.history or ())
        return Question(self.question, turns, understood=self.standalone_question)


#: An answer that a program has kept; what it says is read with care.
HandedIn = Annotated[
    Any, WithJsonSchema({"type": "object", "description": "An answer as /api/v1/ask gives it, with its key or without.", "title": "Answer"})
]


class Vote(_Taken):
    """What somebody says of an answer: a field that is left out stays as it was, null takes it back."""

    key: Key = Field(description="The key of the answer.")
    vote: Literal["up", "down"] | None = Field(None, description="null takes a vote back.")
    correction: Annotated[str, Field(max_length=MOST_CORRECTION)] | None = Field(None, description="What the answer should have been.")
    comment: Annotated[str, Field(max_length=MOST_COMMENT)] | None = None
    voter: Annotated[str, Field(pattern=VOTER)] | None = Field(
        None, description="Random characters that tell one browser from others, so that nobody changes what another has said."
    )
    answer: HandedIn | None = Field(
        None, description="The answer itself, for a server that remembers the key no longer; every quote must stand in the articles."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.words():
            raise ValueError("expected a vote, a correction or a comment, found none of them")
        return self

    def words(self) -> Words:
        """Return what is to be changed."""
        given = self.model_fields_set
        found: Words = {}
        if "vote" in given:
            found["vote"] = self.vote
        if "correction" in given:
            found["correction"] = self.correction
        if "comment" in given:
            found["comment"] = self.comment
        return found


class Export(_Taken):
    """Which answers to write out, and how."""

    keys: Annotated[list[Key], Field(min_length=1, max_length=MOST_KEYS)] | None = Field(
        None, description="The keys of the answers, in order."
    )
    answers: Annotated[list[HandedIn], Field(min_length=1, max_length=MOST_KEYS)] | None = Field(
        None, description="In place of keys, the answers themselves, in order. Those that cannot be read are left out and counted."
    )
    format: Literal["markdown", "bibtex", "csl-json"]

    @model_validator(mode="after")
    def _names_answers_once(self) -> Self:
        if (self.keys is None) == (self.answers is None):
            raise ValueError(f"expected either keys or answers, found {'neither' if self.keys is None else 'both'}")
        return self


def read_answer(values: object) -> Answer | None:
    """Return the answer that somebody has kept as JSON, with its key or without; None where it is none."""
    if not isinstance(values, dict):
        return None
    given = {name: value for name, value in values.items() if name != "key"}
    try:
        AnswerBody.model_validate(given, strict=True)
        return Answer.from_json(given)
    except (ValueError, KeyError, TypeError):
        return None


#: An article to add: what `assay add` takes as a line of a .jsonl file; whatever else it holds is kept as metadata.
Row = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "title": "Row",
            "type": "object",
            "description": "An article to add, as a line of a .jsonl file that `assay add` takes. Further fields become metadata.",
            "required": ["text"],
            "anyOf": [{"required": ["id"]}, {"required": ["url"]}],
            "properties": {
                "id": {"type": "string", "maxLength": LONGEST_NAME, "description": "Without white space."},
                "text": {"type": "string"},
                "title": {"type": "string"},
                "author": {"type": "string"},
                "source": {"type": "string", "description": "Its publisher."},
                "published": {"type": "string", "description": "When it was published."},
                "url": {"type": "string", "description": "Where it was published; its id where it has no other."},
                "language": {"type": "string"},
            },
        }
    ),
]
Rows = Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]


# --- in the address ---------------------------------------------------------------------------------------------------


def _many(given: object) -> object:
    """Take one value as a list of one."""
    return [given] if isinstance(given, str) else given


class _Parameters(BaseModel):
    """What stands in an address, where all is text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Annotated[Names, BeforeValidator(_many)] = Field([], description="Only these publishers; may be repeated.")
    author: Annotated[Names, BeforeValidator(_many)] = Field([], description="Only what one of these wrote; may be repeated.")
    language: Annotated[Names, BeforeValidator(_many)] = Field([], description="Only these languages, as codes; may be repeated.")
    after: Date | None = None
    before: Date | None = None
    article: Annotated[Names, BeforeValidator(_many)] = Field([], description="Only the articles of these ids; may be repeated.")

    def only(self) -> ArticleFilter | None:
        """Return the filter; None where it excludes nothing."""
        named = (self.source, self.article, self.author, self.language)
        sources, ids, authors, languages = (tuple(names) or None for names in named)
        return ArticleFilter(sources, self.after, self.before, ids, authors, languages) or None


class Search(_Parameters):
    """What to search for."""

    q: Asked = Field(description="The words.")
    k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = Field(10, description="How many passages.")


class Listing(_Parameters):
    """Which articles to list."""

    q: Annotated[str, Field(max_length=LONGEST_NAME)] | None = Field(
        None, description="Words that title, source, authors, id and date together hold, whatever their case."
    )
    offset: Annotated[int, Field(ge=0, le=10**9)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 100


class Against(BaseModel):
    """What a run is compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    against: Name | None = Field(None, description="The run that is its baseline.")


class Part(BaseModel):
    """Which characters of an article."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    span: Span | None = Field(None, description="Only the characters from A up to, not including, B; the first is 0.")

    def characters(self) -> tuple[int, int] | None:
        """Return the first, and the one after the last."""
        start, _, end = (self.span or "").partition(":")
        return (int(start), int(end)) if self.span else None


# --- given ------------------------------------------------------------------------------------------------------------


class _Given(BaseModel):
    """What is given; a schema alone, since the values are those that the command line prints."""

    model_config = ConfigDict(extra="forbid")


class HitBody(_Given):
    """A passage found; `text` is the article's characters `[start, end)`, counted in Unicode code points."""

    rank: int
    score: float = Field(description="Comparable within one question alone; higher is better.")
    article_id: str
    passage_id: str
    start: int
    end: int
    title: str
    source: str | None
    published: str | None
    text: str
    also_in: list[str] = Field(description="Other articles that hold a copy of the passage.")
    superseded_by: str | None = Field(description="The latest version of the article, where there is a later one.")


class CitationBody(_Given):
    """The proof of a sentence: `quote` is exactly the article's characters `[start, end)`, counted in Unicode code points."""

    n: int
    article_id: str
    passage_id: str
    title: str
    source: str | None
    published: str | None
    url: str | None
    start: int
    end: int
    quote: str
    page: int | None
    also_in: list[str]
    superseded_by: str | None


class SentenceBody(_Given):
    """A sentence of an answer and the numbers of its citations."""

    text: str
    citations: list[int]
    support: float
    verdict: Literal["supported", "partly", "unsupported"]
    doubt: str | None


class RemovedBody(_Given):
    """A sentence that a language model wrote and the articles do not support."""

    text: str
    reason: str


class SideBody(_Given):
    """One of the answers that articles give to the same question."""

    value: str
    citations: list[int]
    source: str | None
    published: str | None


class ConflictBody(_Given):
    """What articles say differently, the newest first."""

    kind: Literal["conflict", "update"]
    sides: list[SideBody]


class PartBody(_Given):
    """What became of one of several questions in one."""

    question: str
    answered: bool
    sentences: list[int]


class AnswerBody(_Given):
    """A cited answer, or an abstention with its reason: what `assay ask --json` prints."""

    id: str | None
    question: str
    standalone_question: str
    answer: str = Field(description="The sentences with their [n]; empty on an abstention.")
    short_answer: str | None
    abstained: bool
    reason: Literal["empty_index", "nothing_selected", "nothing_found", "not_supported"] | None
    confidence: float = Field(description="The probability that the articles answer the question.")
    sentences: list[SentenceBody]
    citations: list[CitationBody]
    hits: list[HitBody]
    model: str = Field(description="What wrote the sentences: `extractive`, or the name of a language model.")
    timings_ms: dict[str, float]
    notes: list[str]
    removed: list[RemovedBody]
    conflict: ConflictBody | None
    parts: list[PartBody]


class KeptAnswerBody(AnswerBody):
    """An answer with the key that it is kept under."""

    key: str = Field(description="Whoever has it may read the answer, vote on it, share it and export it.")


class ArticleLine(_Given):
    """An article in a list."""

    id: str
    title: str
    source: str | None
    authors: list[str]
    published: str | None
    url: str | None
    path: str | None
    sha256: str
    characters: int
    passages: int
    superseded_by: str | None = Field(description="The latest version of the article, where there is a later one.")


class ArticlesPage(_Given):
    """Articles by id, from `offset` on, at most `limit`, of `total`."""

    articles: list[ArticleLine]
    total: int
    offset: int
    limit: int


class HeadingBody(_Given):
    """A section heading and where it stands."""

    start: int
    end: int
    level: int
    text: str


class ArticleBody(ArticleLine):
    """An article with its text."""

    published_raw: str | None = Field(description="The date as the document writes it.")
    published_at: str | None = Field(description="With the time, and the zone where one is known, of a document that gives them.")
    updated: str | None
    updated_at: str | None
    language: str
    references: list[str]
    metadata: dict[str, Any]
    headings: list[HeadingBody]
    pages: list[int] = Field(description="Where each page begins in the text; empty where there are no pages.")
    not_citable: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    text: str


class PartOfArticle(_Given):
    """Some characters of an article."""

    id: str
    start: int
    end: int
    text: str


class RefusalBody(_Given):
    """A row that was not taken in, and why."""

    path: str
    reason: str


class Added(_Given):
    """What became of the articles that were offered, by id."""

    added: list[str]
    updated: list[str]
    unchanged: list[str]
    moved: list[dict[str, str | None]]
    """Articles whose file lies elsewhere now; what is given over HTTP has none."""
    removed: list[str]
    refused: list[RefusalBody]
    seconds: float


class RemovedArticles(_Given):
    """The articles that are gone."""

    removed: list[str]


class Voted(_Given):
    """The vote that is kept now."""

    key: str
    vote: Literal["up", "down"] | None


class Shared(_Given):
    """An answer that is kept for good, and where it can be read."""

    key: str
    url: str


class FigureBody(_Given):
    """A measure over the questions of a run, with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    apart: int = Field(description="Questions that could not be graded.")


class RunBody(_Given):
    """A past run and its headline figures."""

    name: str
    dataset: str
    questions: int
    finished: str
    figures: dict[str, FigureBody]


class UnreadableRun(_Given):
    """A folder among the runs that is none, and why."""

    name: str
    error: str


class HealthBody(_Given):
    """That the articles can be read, and how many there are."""

    status: Literal["ok"]
    articles: int
    passages: int


class ErrorDetail(_Given):
    """What was expected and what was found."""

    message: str
    type: str
    param: str | None


class ErrorBody(_Given):
    """Why a request was not carried out."""

    error: ErrorDetail
