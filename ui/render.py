"""Answers, hits and articles as pages: lines and tables of plain words with a style each. Pure: nothing is printed here.

Every word of a page has gone through `safe`, by construction. Knows nothing of terminals; `ui.screen` prints pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from rag import ABSTENTION

from .safe import safe
from .wording import Surface, confidence_words, doubt_of, limits_of, reason_words, searched_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from index import AddReport, Article, ArticleFilter, Health
    from rag import Answer, AnswerSentence, Citation, Hit, Reason

#: Characters of a passage that a list of hits shows.
SNIPPET_CHARACTERS = 240

#: Refusals that are shown one by one; `--json` lists them all.
REFUSALS_SHOWN = 20

#: Section headings of an article that are named at its head.
SECTIONS_SHOWN = 12

#: Passages that an abstention names.
NEAREST_SHOWN = 5


class Style(StrEnum):
    """What a run of words is; how that looks is the screen's choice."""

    PLAIN = "plain"
    STRONG = "strong"
    NUMBER = "number"
    QUIET = "quiet"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one style."""

    text: str
    style: Style = Style.PLAIN

    def __post_init__(self) -> None:
        """Neutralise the words, wherever they come from."""
        object.__setattr__(self, "text", safe(self.text))


@dataclass(frozen=True, slots=True)
class Line:
    """Runs side by side."""

    runs: tuple[Run, ...] = ()
    indent: int = 0
    """Columns left free before the line, and before its continuation where it is wrapped."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as the header has."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Neutralise every cell."""
        object.__setattr__(self, "rows", tuple(tuple(safe(cell) for cell in row) for row in self.rows))


Page: TypeAlias = "tuple[Line | Table, ...]"


def plain(page: Page) -> str:
    """Return a page as text without any escape code; the cells of a table are separated by tabs."""
    return "".join(f"{line}\n" for part in page for line in _plain_lines(part))


def answer_page(answer: Answer, *, articles: int, only: ArticleFilter | None = None, told: bool = False) -> Page:
    """Show an answer with its proof, or say that there is none and why; `articles` is how many there are to search.

    Without its sentences where these have been `told` already.
    """
    notes = [Line((Run(note, Style.WARNING),)) for note in answer.notes]
    if answer.reason is not None:
        return (*understood(answer), *_abstention(answer, answer.reason, articles, only))
    lines: list[Line] = [] if told else understood(answer)
    if answer.short_answer and not told:
        lines.append(Line((Run(answer.short_answer, Style.STRONG),)))
    lines += [] if told else _sentences(answer)
    lines += [*_unanswered(answer), *notes, Line()]
    for citation in answer.citations:
        lines += _citation_lines(citation)
    return (*lines, Line((Run(f"Confidence: {confidence_words(answer.confidence)}", Style.QUIET),)))


def question_page(answer: Answer) -> Page:
    """Show the question that an answer is to, as one of several."""
    number = f"{answer.id}: " if answer.id else ""
    return (Line((Run(number, Style.NUMBER), Run(answer.question, Style.STRONG))),)


def hits_page(hits: Iterable[Hit]) -> Page:
    """Show hits, best first, each with where it stands and how it begins."""
    lines: list[Line] = []
    for hit in hits:
        head = (Run(f"{hit.rank:>3}  ", Style.NUMBER), Run(f"{hit.score:.3f}  "), Run(hit.title, Style.STRONG), Run(_origin(hit)))
        lines += [Line(head), Line((Run(_place(hit), Style.QUIET),), 5), Line((Run(snippet(hit.text)),), 5), Line()]
    return tuple(lines[:-1])


def snippet(text: str) -> str:
    """Return how `text` begins, on one line, cut between words."""
    words = " ".join(text[: SNIPPET_CHARACTERS * 4].split())
    if len(words) <= SNIPPET_CHARACTERS:
        return words
    return words[:SNIPPET_CHARACTERS].rsplit(" ", 1)[0] + " …"


def list_page(records: Sequence[Mapping[str, Any]]) -> Page:
    """Show one row an article."""
    header: tuple[str, ...] = ("id", "title", "source", "published", "passages")
    if any(record.get("superseded_by") for record in records):
        header = (*header, "superseded_by")
    return (Table(header, tuple(tuple("" if record[name] is None else str(record[name]) for name in header) for record in records)),)


def article_page(article: Article, record: Mapping[str, Any]) -> Page:
    """Show an article: what is known of it, then its text."""
    known = {
        "id": article.id,
        "source": article.source,
        "authors": ", ".join(article.authors),
        "published": article.published_at or article.published or article.published_raw,
        "updated": article.updated_at or article.updated or article.updated_raw,
        "dateline": str(article.metadata.get("dateline") or ""),
        "language": article.language,
        "url": article.url,
        "path": article.path,
        "references": ", ".join(article.references),
        "sections": _sections(article),
        "pages": f"{len(article.pages):,}" if article.pages else "",
        "superseded by": record.get("superseded_by"),
        "length": f"{record['characters']:,} characters, {record['passages']:,} passages",
    }
    head = [Line((Run(f"{name}: ", Style.QUIET), Run(value))) for name, value in known.items() if value]
    return (Line((Run(article.title, Style.STRONG),)), *head, Line(), *lines_page(article.text))


def _sections(article: Article) -> str:
    """Return the article's section headings, with the character that each begins at."""
    named = [(" ".join(heading.span.of(article.text).split()), heading.span.start) for heading in article.headings]
    shown = ", ".join(f"{name} ({start})" for name, start in named[:SECTIONS_SHOWN])
    return shown + (f" … and {len(named) - SECTIONS_SHOWN:,} more" if len(named) > SECTIONS_SHOWN else "")


def lines_page(text: str) -> Page:
    """Show a text line by line."""
    return tuple(Line((Run(line),)) for line in text.split("\n"))


def report_page(report: AddReport) -> Page:
    """Show what became of everything that was offered."""
    said = outcome_words(report) or "nothing found to add"
    return (*_refusals(report), Line((Run(f"{said} in {report.seconds:.1f} s"),)))


def dry_run_page(report: AddReport) -> Page:
    """Show what would become of everything, each change on a line of its own."""
    changes = [(name, article_id) for name in ("added", "updated", "removed") for article_id in getattr(report, name)]
    changes += [("moved", f"{moved.before} to {moved.after}") for moved in report.moved]
    lines = [Line((Run(f"{name} ", Style.NUMBER), Run(what))) for name, what in changes]
    return (
        *lines,
        *_refusals(report),
        Line((Run(f"a dry run, nothing was written; it would be: {outcome_words(report) or 'nothing'}"),)),
    )


def outcome_words(report: AddReport) -> str:
    """Return in words how many articles became what: `3 added, 1 refused`; nothing where there was none."""
    names = ("added", "updated", "unchanged", "moved", "removed", "refused")
    counts = {name: len(getattr(report, name)) for name in names}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _refusals(report: AddReport) -> list[Line]:
    lines = [
        Line((Run("refused ", Style.WARNING), Run(refusal.path, Style.STRONG), Run(f": {refusal.reason}")))
        for refusal in report.refused[:REFUSALS_SHOWN]
    ]
    if len(report.refused) > REFUSALS_SHOWN:
        lines.append(Line((Run(f"… and {len(report.refused) - REFUSALS_SHOWN:,} more refused; --json lists them all", Style.WARNING),)))
    if report.left:
        said = f"{report.left:,} more are listed and were left; the same command again goes on with them"
        lines.append(Line((Run(said, Style.WARNING),)))
    return lines


def doctor_page(health: Health, *, articles: int, passages: int) -> Page:
    """Show what is wrong, one line each, or that nothing is."""
    if health.faults:
        return tuple(Line((Run(fault, Style.WARNING),)) for fault in health.faults)
    checked = f": {articles:,} articles, {passages:,} passages checked"
    found = "" if health.recall is None else f"; the approximate index finds {health.recall:.1%} of the ten nearest"
    return (Line((Run("all is well", Style.STRONG), Run(checked + found))),)


def note_page(text: str) -> Page:
    """Show one line."""
    return (Line((Run(text),)),)


def understood(answer: Answer) -> list[Line]:
    """Say which question was searched for, when that is not the one that was asked."""
    if answer.standalone_question.split() == answer.question.split():
        return []
    return [Line((Run(f"Understood as: {answer.standalone_question}", Style.QUIET),))]


def sentences_line(sentences: Iterable[AnswerSentence]) -> Line:
    """Show sentences with their citations, and the doubt about those that are not supported."""
    runs: list[Run] = []
    for sentence in sentences:
        runs += [Run(f"{sentence.text} "), Run("".join(f"[{n}]" for n in sentence.citations), Style.NUMBER)]
        doubt = doubt_of(sentence)
        if doubt is not None:
            runs.append(Run(f" ({doubt})", Style.WARNING))
        runs.append(Run(" "))
    return Line(tuple(runs[:-1]))


def _sentences(answer: Answer) -> list[Line]:
    """Show the sentences, those of each part of the question by themselves where it has several."""
    shown: set[int] = set()
    groups: list[list[AnswerSentence]] = []
    for part in answer.parts:
        groups.append([answer.sentences[place] for place in part.sentences if place not in shown])  # one may answer two parts
        shown.update(part.sentences)
    alone = [sentence for place, sentence in enumerate(answer.sentences) if place not in shown]
    groups += [[sentence] for sentence in alone] if shown else [alone]
    return [sentences_line(group) for group in groups if group]


def _unanswered(answer: Answer) -> list[Line]:
    """Say which parts of a question are not answered."""
    return [Line((Run("Not answered: ", Style.WARNING), Run(part.question))) for part in answer.parts if not part.answered]


def _abstention(answer: Answer, reason: Reason, articles: int, only: ArticleFilter | None) -> Page:
    lines = [
        Line((Run(ABSTENTION, Style.STRONG),)),
        Line((Run(reason_words(reason, Surface.TERMINAL)),)),
        Line((Run(searched_words(answer, articles, limits_of(only)), Style.QUIET),)),
    ]
    if answer.hits:
        lines.append(Line((Run("Nearest:", Style.QUIET),)))
    lines += [
        Line((Run(hit.title, Style.STRONG), Run(_origin(hit)), Run(f"  {_place(hit)}", Style.QUIET)), 2)
        for hit in answer.hits[:NEAREST_SHOWN]
    ]
    lines += [Line((Run(note),)) for note in answer.notes]
    confidence = f"Confidence that the articles answer this: {confidence_words(answer.confidence)}"
    return (*lines, Line((Run(confidence, Style.QUIET),)))


def _citation_lines(citation: Citation) -> list[Line]:
    number = f"[{citation.n}] "
    where = f"{_place(citation)}, page {citation.page}" if citation.page else _place(citation)
    return [
        Line((Run(number, Style.NUMBER), Run(f"“{' '.join(citation.quote.split())}”"))),
        Line((Run(citation.title, Style.STRONG), Run(_origin(citation)), Run(f"  {where}", Style.QUIET)), len(number)),
        Line(),
    ]


def _origin(found: Hit | Citation) -> str:
    return "".join(f", {part}" for part in (found.source, found.published) if part)


def _place(found: Hit | Citation) -> str:
    """Return where a passage stands, as `assay show ID --span A:B` takes it, where else it can be read, and what came after."""
    also = f", also in {', '.join(found.also_in)}" if found.also_in else ""
    later = f", superseded by {found.superseded_by}" if found.superseded_by else ""
    return f"{found.article_id} {found.start}:{found.end}{also}{later}"


def _plain_lines(part: Line | Table) -> Iterable[str]:
    if isinstance(part, Table):
        return ("\t".join(row) for row in (part.header, *part.rows))
    return ((" " * part.indent + "".join(run.text for run in part.runs)).rstrip(),)
