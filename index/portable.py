"""A collection as lines of JSON, for other programs and other machines: a header, then one article a line.

What is written and how it is read back is told in docs/export.md. A line is believed in nothing: an article is built as any other
is, and must come out with the checksum that the line names. Knows nothing of files, stores or embedding.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from .article import Article, Passage, Refusal, Span
from .errors import ArticleError, AssayError
from .loaders.jsonl import MAX_LINE_BYTES, bounded_lines, require_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import BinaryIO

#: What the header calls the format, and the version of it that is written and read.
FORMAT, VERSION = "assay collection", 1

#: An article's longest line: its text may be as long in bytes as an article may be, its spans may be as many as its characters.
LONGEST_LINE = 4 * MAX_LINE_BYTES

#: Headings stand above each other this deep at most.
_DEEPEST_HEADING = 100

#: What a line holds beside the article's own record.
_BESIDE = ("sha256", "text", "sentences", "passages")


class Header(NamedTuple):
    """What the first line says of the rest."""

    articles: int
    """How many lines follow: so that a file that was cut is noticed."""
    settings: dict[str, str]
    """What the passages were made by: the embedding model, the segmenter, the splitter."""


class Portable(NamedTuple):
    """An article as a line holds it."""

    article: Article
    sentences: list[Span]
    passages: list[Passage]


def header_line(header: Header) -> str:
    """Return the first line, without its end."""
    return _line({"format": FORMAT, "version": VERSION, "articles": header.articles, "settings": dict(sorted(header.settings.items()))})


def article_line(whole: Portable) -> str:
    """Return the line of an article, without its end; the same article always gives the same line."""
    article = whole.article
    return _line(
        {
            **article.record(),
            "sha256": article.sha256(),
            "text": article.text,
            "sentences": [list(span) for span in whole.sentences],
            "passages": [[*passage.span, passage.context] for passage in whole.passages],
        }
    )


class Export:
    """What `header_line` and `article_line` wrote, as it is read: yields each article, or why a line holds none, with its place."""

    def __init__(self, stream: BinaryIO, *, name: str) -> None:
        """Read the first line; `name` is what the user calls the file.

        Raises:
            AssayError: It is no header of ours; nothing can be said of the other lines.
        """
        self._lines = enumerate(bounded_lines(stream, LONGEST_LINE), 1)
        self._name = name
        self.header = _header(next(self._lines, (1, b""))[1], name)

    def __iter__(self) -> Iterator[tuple[str, Portable | Refusal]]:
        """Read on, once."""
        seen = 0
        for number, line in self._lines:
            if line is not None and not line.strip():
                continue
            seen += 1
            where = f"{self._name}:line {number}"
            try:
                yield where, _portable(line)
            except (ArticleError, ValueError, TypeError, RecursionError, OverflowError) as error:
                yield where, Refusal(where, str(error))
        expected = self.header.articles
        if seen != expected:
            reason = f"expected {expected:,} articles, as its first line says, found {seen:,}; was the file cut?"
            yield self._name, Refusal(self._name, reason)


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _header(line: bytes | None, name: str) -> Header:
    hint = "`assay import` reads what `assay export` writes; `assay add` reads files of articles"
    try:
        header = _object(line)
    except (ArticleError, ValueError, RecursionError) as error:
        raise AssayError(f"expected the export of a collection, found none at {name} ({error}); {hint}") from error
    if header.get("format") != FORMAT:
        raise AssayError(f"expected the export of a collection, found none at {name}: its first line is no header; {hint}")
    if header.get("version") != VERSION:
        found = _shortened(header.get("version"))
        raise AssayError(f"expected version {VERSION} of an export, found {found} at {name}; use the program that wrote it")
    settings, articles = header.get("settings"), header.get("articles")
    whole = isinstance(settings, dict) and all(isinstance(value, str) for value in settings.values())
    if not isinstance(articles, int) or not _is_count(articles) or not isinstance(settings, dict) or not whole:
        raise AssayError(f"expected a header with its articles and settings, found a damaged one at {name}; export anew")
    return Header(articles, settings)


def _object(line: bytes | None) -> dict[str, object]:
    if line is None:
        raise ArticleError(f"too long: more than {LONGEST_LINE:,} bytes")
    try:
        return require_object(json.loads(line.decode()))  # NaN and the infinities included: metadata that came from Python may hold them
    except RecursionError as error:
        raise ArticleError("expected an article, found a value that is nested too deep") from error
    except json.JSONDecodeError as error:
        raise ArticleError(f"expected a JSON object, found broken JSON: {error.msg} at character {error.pos:,}") from error
    except UnicodeDecodeError as error:
        raise ArticleError(f"expected UTF-8, found the byte 0x{line[error.start]:02x} at offset {error.start:,} of the line") from error
    except ValueError as error:  # integers of more than some thousand digits
        raise ArticleError("expected a JSON object, found a number that is too long to be read") from error


def _portable(line: bytes | None) -> Portable:
    row = _object(line)
    beside = {key: row.pop(key, None) for key in _BESIDE}
    text, sha256 = beside["text"], beside["sha256"]
    if not isinstance(text, str) or not isinstance(sha256, str):
        raise ArticleError("expected an article with its 'text' and 'sha256', found one without")
    _check_record(row)
    article = Article.from_record(row, text)
    if article.sha256() != sha256:
        raise ArticleError(f"the article {article.id!r} is not what was exported: its checksum differs; export it again")
    sentences = [_span(item, text) for item in _list(beside["sentences"], "sentences")]
    return Portable(article, sentences, [_passage(item, text) for item in _list(beside["passages"], "passages")])


def _check_record(row: Mapping[str, object]) -> None:
    """Raise `ArticleError` unless every field of the record is there and of the type that `Article` gives it."""
    expected = {field.name: str(field.type) for field in fields(Article) if field.name != "text"}
    unknown = sorted(row.keys() - expected.keys())
    if unknown:
        raise ArticleError(f"expected the fields of an article, found {unknown[0][:40]!r} too; was it written by a newer program?")
    for name, kind in expected.items():
        if name in row and not _KINDS[kind](row[name]):
            raise ArticleError(f"expected {name!r} to be {_WORDS[kind]}, found {_shortened(row[name])}")
    missing = sorted(name for name in ("id", "title", "authors", "references", "headings", "not_citable", "language") if name not in row)
    if missing:
        raise ArticleError(f"expected the fields of an article, found no {missing[0]!r}")


def _shortened(value: object) -> str:
    if isinstance(value, str):
        return repr(value[:40])
    return str(value) if isinstance(value, int) and abs(value) < 1_000_000 else f"a {type(value).__name__}"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _all(test: Callable[[Any], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(test, value))


def _is_span(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_count, value))


def _is_heading(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_count, value)) and value[2] <= _DEEPEST_HEADING


#: How JSON holds each type of a field of `Article`.
_KINDS: dict[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "tuple[str, ...]": _all(lambda value: isinstance(value, str)),
    "tuple[int, ...]": _all(_is_count),
    "tuple[Span, ...]": _all(_is_span),
    "tuple[Heading, ...]": _all(_is_heading),
    "Mapping[str, Json]": lambda value: isinstance(value, dict),
}

_WORDS = {
    "str": "a string",
    "str | None": "a string or null",
    "bool": "true or false",
    "tuple[str, ...]": "a list of strings",
    "tuple[int, ...]": "a list of numbers from 0",
    "tuple[Span, ...]": "a list of spans, [start, end]",
    "tuple[Heading, ...]": f"a list of headings, [start, end, level], the level {_DEEPEST_HEADING} at most",
    "Mapping[str, Json]": "an object",
}


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise ArticleError(f"expected a list of {what}, found {_shortened(value)}")
    return value


def _span(value: object, text: str) -> Span:
    if not _is_span(value):
        raise ArticleError("expected spans, [start, end], found something else")
    span = Span(*value)  # type: ignore[misc]  # a list of two numbers, as has been seen
    if not 0 <= span.start < span.end <= len(text):
        raise ArticleError(f"expected spans within 0:{len(text)}, found {span.start}:{span.end}")
    return span


def _passage(value: object, text: str) -> Passage:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], str):
        raise ArticleError("expected passages, [start, end, context], found something else")
    return Passage(_span(value[:2], text), value[2])
