"""Answers as documents that others can read: Markdown with footnotes, and the cited articles as BibTeX and CSL-JSON.

Whatever comes from articles and questions stays text in each of them; the only links are http and https addresses stored with an
article. Pure; knows nothing of where answers and articles are kept.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from index import AssayError
from rag import ABSTENTION, Difference

from ..safe import safe
from ..wording import doubt_of, notes_of
from .addresses import web_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from index import Article
    from rag import Answer, Citation

    #: Everything but the text that is known of articles (`Article.record`), by id: authors above all, which a citation does not name.
    Records: TypeAlias = Mapping[str, Mapping[str, Any]]

    #: What a footnote is of.
    _Quoted: TypeAlias = tuple[str, int, int, str]

    #: What there is to say of quotes, by citation.
    Remarks: TypeAlias = Mapping[Citation, str]


def records_of(article: Callable[[str], Article], citations: Iterable[Citation]) -> dict[str, Mapping[str, Any]]:
    """Return the records of the cited articles; those that were removed since are left out."""
    found: dict[str, Mapping[str, Any]] = {}
    for article_id in dict.fromkeys(citation.article_id for citation in citations):
        with suppress(AssayError):
            found[article_id] = article(article_id).record()
    return found


def remarks_of(article: Callable[[str], Article], citations: Iterable[Citation]) -> Remarks:
    """Return what there is to say of quotes that do not stand where their citations say: the article has changed, or they are made up."""
    found: dict[Citation, str] = {}
    by_article: dict[str, list[Citation]] = {}
    for citation in citations:
        by_article.setdefault(citation.article_id, []).append(citation)
    for article_id, cited in by_article.items():
        try:
            text = article(article_id).text
        except AssayError:
            found |= dict.fromkeys(cited, _UNCHECKED)
            continue
        found |= {one: _UNPROVED for one in cited if one.start < 0 or not one.quote or text[one.start : one.end] != one.quote}
    return found


_UNCHECKED = "Not checked: the article is no longer in the library."
_UNPROVED = "Not proved: the article, as it is now, does not say this at these characters."


# --- Markdown ---------------------------------------------------------------------------------------------------------

#: What begins or ends something in CommonMark or in what GitHub and Pandoc add to it, wherever it stands.
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>#|~$^&@]|:(?=[/\w+-])|(?<=\bwww)\.", re.IGNORECASE)

#: What does so at the beginning of a line alone.
_LEADING = re.compile(r"(?P<number>\d{1,9})(?=[.)])|(?=[-+=:%])")


def markdown(answers: Iterable[Answer], records: Records | None = None, remarks: Remarks | None = None) -> str:
    """Return a conversation as Markdown: the questions, the answers with footnotes, and what these refer to.

    One footnote for each quote that is cited, with title, authors, source, date, address, place and what there is to remark on it. Line
    ends in a quote stand as spaces and what a terminal would obey as `�`; the place names the exact characters.
    """
    notes: dict[_Quoted, tuple[int, Citation]] = {}
    parts = ["# Conversation"]
    for answer in answers:
        for citation in answer.citations:
            notes.setdefault(_quoted(citation), (len(notes) + 1, citation))
        parts += _exchange(answer, {citation.n: notes[_quoted(citation)][0] for citation in answer.citations})
    if notes:
        parts.append("## References")
        for number, citation in notes.values():
            remark = (remarks or {}).get(citation, "")
            reference = _reference(citation, (records or {}).get(citation.article_id, {}))
            parts.append(f"[^{number}]: {reference}{f' {remark}' if remark else ''}")
    return "\n\n".join(parts) + "\n"


def _quoted(citation: Citation) -> _Quoted:
    return citation.article_id, citation.start, citation.end, citation.quote


def _known(record: Mapping[str, Any], citation: Citation, name: str) -> str:
    """Return what the article says of itself, where it is there; else what the citation says of it."""
    return str((record[name] if name in record else getattr(citation, name)) or "")


def _exchange(answer: Answer, numbers: Mapping[int, int]) -> list[str]:
    parts = [f"## {_text(answer.question)}"]
    if answer.standalone_question.split() != answer.question.split():
        parts.append(f"Understood as: {_text(answer.standalone_question)}")
    if answer.conflict is not None:
        parts.append("The articles disagree." if answer.conflict.kind is Difference.CONFLICT else "Later articles say otherwise.")
    said = []
    for sentence in answer.sentences:
        marks = "".join(f" [^{numbers[n]}]" for n in sentence.citations if n in numbers)
        said.append(f"{_text(sentence.text)}{marks}{f' ({_text(doubt)})' if (doubt := doubt_of(sentence)) else ''}")
    parts.append(" ".join(said) if said else ABSTENTION)
    return parts + [_text(note) for note in notes_of(answer)]


def _reference(citation: Citation, record: Mapping[str, Any]) -> str:
    """Return a footnote; its first words keep readers that know no footnotes from taking it for the address of a link."""
    authors = "; ".join(filter(None, map(_text, record.get("authors", ()))))
    origin = ", ".join(filter(None, (_text(_known(record, citation, name)) for name in ("source", "published"))))
    page = f", page {citation.page}" if citation.page else ""
    address = web_address(_known(record, citation, "url"))
    parts = [
        f"In “{_text(_known(record, citation, 'title'))}”{f' by {authors}' if authors else ''}.",
        f"{origin}." if origin else "",
        f"<{address}>." if address else "",
        f"“{_text(citation.quote)}”",
        f"(article {_text(citation.article_id)}, characters {citation.start} to {citation.end}{page})",
    ]
    return " ".join(part for part in parts if part)


def _text(text: str) -> str:
    """Return text on one line that Markdown leaves as it is."""
    escaped = _ACTIVE.sub(r"\\\g<0>", safe(text).strip())
    return _LEADING.sub(lambda found: f"{found['number'] or ''}\\", escaped, count=1) if _LEADING.match(escaped) else escaped


# --- what is cited, as reference managers have it ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """Who wrote an article: a person in parts, or whoever signs with one name."""

    family: str = ""
    given: str = ""
    suffix: str = ""
    literal: str = ""
    """The whole name, where it is not a person's or cannot be told apart."""

    @classmethod
    def of(cls, text: str) -> Name:
        """Tell the parts of a name: `Ursula von der Leyen`, `Leyen, Ursula von der`, `Martin Luther King Jr.`, `European Commission`."""
        name = " ".join(safe(text).split())
        family, comma, rest = name.partition(",")
        if comma and rest.strip() and "," not in rest and not _is_body(name):
            return cls(family=family.strip(), given=rest.strip())
        words = name.split()
        suffix = words.pop() if len(words) > 2 and words[-1].strip(".,").lower() in _SUFFIXES else ""
        if comma or not 2 <= len(words) <= 5 or _is_body(name):
            return cls(literal=name)
        start = next((place for place, word in enumerate(words[1:], 1) if word[0].islower() and place < len(words) - 1), len(words) - 1)
        return cls(family=" ".join(words[start:]), given=" ".join(words[:start]), suffix=suffix)

    @property
    def last(self) -> str:
        """Return what it is sorted by."""
        return self.family or self.literal


_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}

#: Words in the names of those who are not one person.
_BODIES = re.compile(
    r"\b(?:agency|association|authority|bank|board|bureau|center|centre|commission|committee|company|corp|corporation|correspondents?|"
    r"council|department|desk|editorial|editors?|foundation|fund|government|group|inc|initiative|institute|institution|journal|llc|ltd|"
    r"magazine|media|ministry|nations|network|news|newsroom|office|organi[sz]ation|plc|post|press|reporters?|reuters|society|staff|team|"
    r"times|union|university|writers?|and|of|for|the)\b|[&/0-9@|]",
    re.IGNORECASE,
)


def _is_body(name: str) -> bool:
    return _BODIES.search(name) is not None


@dataclass(frozen=True, slots=True)
class _Cited:
    """An article as a reference manager has it."""

    article_id: str
    title: str
    names: tuple[Name, ...]
    source: str
    date: tuple[int, ...]
    """Year, month and day, as far as they are known."""
    written_date: str
    """As the article wrote it, where it cannot be read."""
    url: str | None
    language: str

    @property
    def key(self) -> str:
        """Return author, year and the first telling word of the title: `doe2026lithium`."""
        who = _ascii(self.names[0].last if self.names else self.source) or "anon"
        words = [_ascii(word) for word in self.title.split()]
        word = next((one for one in words if len(one) > 3 and one not in _EMPTY_WORDS), "") or next(filter(None, words), "")
        return f"{who[:30]}{self.date[0] if self.date else 'nd'}{word[:30]}"


_EMPTY_WORDS = {"about", "after", "against", "from", "have", "into", "over", "than", "that", "their", "there", "these", "this", "those"} | {
    *("what", "when", "where", "which", "while", "will", "with", "your"),
}


def _cited(citations: Iterable[Citation], records: Records | None) -> dict[str, _Cited]:
    """Return each cited article once, by its key, in the order in which they are first cited.

    Where two would have one key, each has a few digits behind it that are its own, whatever else is cited.
    """
    first = {citation.article_id: citation for citation in reversed(list(citations))}
    cited = [_article(citation, (records or {}).get(article_id, {})) for article_id, citation in reversed(first.items())]
    counts = Counter(one.key for one in cited)
    keys = [one.key if counts[one.key] == 1 else f"{one.key}-{hashlib.sha256(one.article_id.encode()).hexdigest()[:8]}" for one in cited]
    return dict(zip(keys, cited, strict=True))


def _article(citation: Citation, record: Mapping[str, Any]) -> _Cited:
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?.*", _known(record, citation, "published"))
    return _Cited(
        article_id=citation.article_id,
        title=" ".join(safe(_known(record, citation, "title")).split()),
        names=tuple(Name.of(author) for author in record.get("authors", ()) if author.strip()),
        source=" ".join(safe(_known(record, citation, "source")).split()),
        date=tuple(int(part) for part in found.groups() if part) if found else (),
        written_date="" if found else " ".join(safe(str(record.get("published_raw") or "")).split()),
        url=web_address(_known(record, citation, "url")),
        language=str(record.get("language") or ""),
    )


def _ascii(text: str) -> str:
    return re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower())


#: What TeX obeys, and what stands for it; braces above all, which BibTeX counts even behind a backslash.
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        **{sign: f"\\{sign}" for sign in "%#$&_"},
    }
)

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibtex(citations: Iterable[Citation], records: Records | None = None) -> str:
    """Return the cited articles as BibTeX, one `@misc` each: the type that every style knows for what is on the web or nowhere in print.

    The title keeps its capitals; a name that is no person's stands in braces, so that it is not taken apart.
    """
    return "\n".join(_entry(key, one) for key, one in _cited(citations, records).items())


def _entry(key: str, one: _Cited) -> str:
    year, month, day = (*one.date, None, None, None)[:3]
    fields = {
        "author": f"{{{' and '.join(map(_tex_name, one.names))}}}" if one.names else "",
        "title": f"{{{{{one.title.translate(_TEX)}}}}}" if one.title else "",
        "howpublished": f"{{{one.source.translate(_TEX)}}}" if one.source else "",
        "year": f"{{{year:04}}}" if year is not None else "",
        "month": _MONTHS[month - 1] if month and month <= 12 else "",
        "day": f"{{{day}}}" if day else "",
        "url": f"{{{one.url}}}" if one.url else "",
        "language": f"{{{_ascii(one.language)}}}" if _ascii(one.language) else "",
        "note": f"{{Dated {one.written_date.translate(_TEX)}}}" if one.written_date else "",
    }
    lines = "".join(f"  {name} = {value},\n" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}}}\n"


def _tex_name(name: Name) -> str:
    if name.literal:
        return f"{{{name.literal.translate(_TEX)}}}"
    parts = [part.translate(_TEX) for part in (name.family, name.suffix, name.given) if part]
    return ", ".join(parts)


def csl_json(citations: Iterable[Citation], records: Records | None = None) -> list[dict[str, Any]]:
    """Return the cited articles as CSL-JSON, one item each: `webpage` where there is an address, else `document`."""
    return [_item(key, one) for key, one in _cited(citations, records).items()]


def _item(key: str, one: _Cited) -> dict[str, Any]:
    issued = {"date-parts": [list(one.date)]} if one.date else {"literal": one.written_date} if one.written_date else None
    values: dict[str, Any] = {
        "id": key,
        "type": "webpage" if one.url else "document",
        "title": one.title,
        "author": [_csl_name(name) for name in one.names],
        "container-title" if one.url else "publisher": one.source,
        "issued": issued,
        "URL": one.url,
        "language": one.language,
    }
    return {name: value for name, value in values.items() if value}


def _csl_name(name: Name) -> dict[str, str]:
    if name.literal:
        return {"literal": name.literal}
    return {part: value for part, value in (("family", name.family), ("given", name.given), ("suffix", name.suffix)) if value}


def citations_of(answers: Iterable[Answer]) -> Sequence[Citation]:
    """Return every citation of a conversation, in order."""
    return [citation for answer in answers for citation in answer.citations]
