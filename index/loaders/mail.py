"""E-mail: one message (.eml) or a box of them (.mbox), the subject as title, the text a message sends as its text.

A message's plain text is preferred to its HTML. What it quotes of earlier messages and its signature stay in the text and are never
cited; attachments are named in the metadata and not opened. Knows nothing of threads or of who is who.
"""

from __future__ import annotations

import email.policy
import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any, cast

from ..article import MAX_MARKS, Span
from ..errors import ArticleError
from .decode import decode, read_bytes
from .fields import storable
from .fragment import blocks_of
from .interface import BrokenRow, Draft, Row
from .markup import local
from .parts import limited
from .sniff import foreign, is_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage, MIMEPart
    from typing import BinaryIO

#: A larger message is an attachment with a few words around it.
MAX_MESSAGE_BYTES = 50_000_000

#: A header is read no further.
_MAX_HEADER = 3_000

_MOST_ATTACHMENTS = 200

#: No message has more parts; those of a digest are some hundred.
_MOST_PARTS = 2_000

#: What stands before each message of a box: `From ann@example.org Fri Apr 21 09:00:00 2023`.
_POSTMARK = re.compile(rb"From \S+ .{0,60}\d{4}(?: [+-]\d{4})?\s*\r?\n")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)

_SIGNATURE = re.compile(r"--[ \t]?$")

#: What stands above an earlier message that follows: `On 3 May 2023, Ann wrote:`, or the headers that mail programs repeat.
_WROTE = re.compile(r"(?:On|Am|Le|El|Il|Op|Em)\b.{3,300}(?:wrote|schrieb|écrit|escribió|scritto|schreef|escreveu)\b.{0,80}:\s*$", re.DOTALL)
_WROTE_BEGINS = re.compile(r"(?:On|Am|Le|El|Il|Op|Em)\b")
_REPEATED = re.compile(
    r"-{2,} ?(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Message d'origine) ?-{2,}\s*$|_{20,}\s*$", re.IGNORECASE
)
_FIELD = re.compile(r"[*>\s]*(?:From|Sent|Date|To|Cc|Subject|Von|Gesendet|De|Envoyé)\b[*]*:", re.IGNORECASE)

#: A signature is no longer.
_SIGNATURE_LINES = 20


class _ShortHeaders(email.policy.EmailPolicy):
    """The library's policy, which reads headers by their grammar in the square of their length in time: longer ones are cut."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return a header's name and what is read of its value."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MAX_HEADER]


_POLICY = _ShortHeaders()


class MailLoader:
    """Reads `.eml` files, and messages under other names or none."""

    name = "e-mail"
    suffixes = (".eml",)
    max_bytes = MAX_MESSAGE_BYTES
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:
        """Take what opens with the headers of a message, and what is named as one and does not begin as anything else."""
        return foreign(head) is None and (is_message(head) or suffix in self.suffixes)

    def load(self, stream: BinaryIO) -> Iterator[Draft]:
        """Yield the message as one draft."""
        yield _draft(read_bytes(stream, self.max_bytes))


class MailboxLoader:
    """Reads `.mbox` files message by message."""

    name = "mailbox"
    suffixes = (".mbox",)
    max_bytes = None
    contained = True

    def recognises(self, head: bytes, suffix: str) -> bool:  # noqa: ARG002 - its first line says it all
        """Take what begins with the postmark of a message, whatever it is called."""
        first = _POSTMARK.match(head)
        return first is not None and is_message(head[first.end() :])

    def load(self, stream: BinaryIO) -> Iterator[Draft | BrokenRow]:
        """Yield a draft or the reason against it for every message."""
        for number, message in enumerate(_messages(stream), 1):
            row = Row("message", number)
            if message is None:
                yield BrokenRow(row, f"too large: more than {MAX_MESSAGE_BYTES:,} bytes")
                continue
            try:
                yield _draft(message, row)
            except ArticleError as exc:
                yield BrokenRow(row, str(exc))


def _messages(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield the messages of a box, None for one that is too large; a line that looks like a postmark begins one only below a blank line."""
    gathered: list[bytes] = []
    size = 0
    blank = True
    begun = False
    while line := stream.readline(MAX_MESSAGE_BYTES):
        if blank and line.startswith(b"From ") and _POSTMARK.match(line):
            if begun:
                yield _unescaped(gathered, size)
            gathered, size, begun = [], 0, True
        else:
            size += len(line)
            if size <= MAX_MESSAGE_BYTES:
                gathered.append(line)
            else:
                gathered.clear()
        blank = not line.strip()
    if begun:
        yield _unescaped(gathered, size)


def _unescaped(lines: list[bytes], size: int) -> bytes | None:
    return _ESCAPED.sub(rb"\1", b"".join(lines)) if size <= MAX_MESSAGE_BYTES else None


def _draft(data: bytes, row: Row | None = None) -> Draft:
    """Read one message.

    Raises:
        ArticleError: It has no text, or the parser cannot take it.
    """
    policy = limited(_POLICY, most=_MOST_PARTS, what="a message")
    try:
        message = cast("EmailMessage", message_from_bytes(data, policy=policy))
        headers = _headers(message)
        text, aside, metadata = _body(message)
        attached = _attachments(message)
        authors = _names(headers.get("from", ""))
    except (ArticleError, MemoryError):  # where memory is short, whoever gave it says so
        raise
    except RecursionError as exc:
        raise ArticleError("the message cannot be read: its parts, or the addresses in a header, are nested too deep") from exc
    except Exception as exc:  # the standard library's parser raises whatever it stumbles over
        raise ArticleError(f"the message cannot be read: {type(exc).__name__}") from exc
    if not text.strip():
        raise ArticleError("no text: the message holds none" + (f", only {', '.join(attached)[:200]}" if attached else ""))
    described = {"to": headers.get("to", ""), "message_id": headers.get("message-id", "").strip("<> ")}
    kept = {name: storable(value) for name, value in described.items() if value}
    return Draft(
        text=text,
        title=headers.get("subject"),
        authors=authors,
        published=headers.get("date"),
        language=headers.get("content-language"),
        not_citable=(*aside, *_not_own(text)),
        metadata=metadata | kept | ({"attachments": [*attached]} if attached else {}),
        row=row,
    )


def _headers(message: EmailMessage) -> dict[str, str]:
    """Return the first header of each name, decoded, on one line."""
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if name.lower() not in found:
            found[name.lower()] = _decoded(str(value))
    return found


def _decoded(value: str) -> str:
    """Return a header's words, those that are not ASCII too; as it is written where that cannot be read."""
    raw = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return " ".join(str(make_header(decode_header(raw))).split())
    except (ValueError, LookupError):
        return " ".join(raw.split())


def _names(written: str) -> tuple[str, ...]:
    """Return who a message is from, by name; by address where there is none."""
    return tuple(name.strip() or address.strip() for name, address in getaddresses([written]) if name.strip() or address.strip())


def _body(message: EmailMessage) -> tuple[str, tuple[Span, ...], dict[str, Any]]:
    """Return the text of a message, what of it is an earlier message by its markup, and how its bytes were decoded."""
    for part in _parts(message):
        text, metadata = _content(part)
        if part.get_content_subtype() == "html":
            blocks = blocks_of(text, aside=_is_earlier)
            if blocks.text:
                return blocks.text, blocks.not_citable, metadata
        elif text.strip():
            return _flowed(text, part), (), metadata
    return "", (), {}


def _parts(message: EmailMessage) -> list[MIMEPart]:
    """Return the parts that are the message's text, in the order in which they are tried: plain, then HTML."""
    found: dict[str, MIMEPart] = {kind: part for kind in ("plain", "html") if (part := message.get_body((kind,))) is not None}
    if not found and message.get_content_maintype() == "text" and not message.is_attachment():
        found["plain"] = message
    return [part for part in (found.get("plain"), found.get("html")) if part is not None]


def _content(part: MIMEPart) -> tuple[str, dict[str, Any]]:
    data = part.get_payload(decode=True)
    text, metadata = decode(data if isinstance(data, bytes) else b"", str(part.get_content_charset() or ""))
    return text.replace("\r\n", "\n"), dict(metadata)


def _flowed(text: str, part: MIMEPart) -> str:
    """Join the lines that a program has wrapped and says so (RFC 3676); other lines stay as they were sent."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    if (part.get_param("format") or "") == "flowed":
        joined: list[list[str]] = []
        gap = "" if part.get_param("delsp") == "yes" else " "
        goes_on = False
        for line in lines:
            stuffed = line.removeprefix(" ")
            if goes_on and not stuffed.startswith(">") and stuffed != "-- ":
                pieces = joined[-1]  # put together at the end: a line may be joined of millions
                while len(pieces) > 1 and not pieces[-1].strip(" "):
                    pieces.pop()
                pieces[-1] = pieces[-1].rstrip(" ") + gap
                pieces.append(stuffed)
            else:
                joined.append([stuffed])
            goes_on = stuffed.endswith(" ") and stuffed != "-- " and not stuffed.startswith(">")
        lines = ["".join(pieces) for pieces in joined]
    return "\n".join(lines).strip("\n")


def _attachments(message: EmailMessage) -> tuple[str, ...]:
    """Return what is attached, by name, or by kind where it has none."""
    named = (part.get_filename() or part.get_content_type() for part in message.walk() if part.is_attachment())
    return tuple(storable(_decoded(name[:300])) for name, _ in zip(named, range(_MOST_ATTACHMENTS), strict=False))


def _is_earlier(element: Any) -> bool:
    """Say whether an element of a message is an earlier one, or the signature."""
    classes = set((element.get("class") or "").split())
    earlier = local(element) == "blockquote" and ((element.get("type") or "").lower() == "cite" or "gmail_quote" in classes)
    marked = {"gmail_quote", "gmail_signature", "moz-cite-prefix", "moz-signature", "yahoo_quoted", "gmail_attr"}
    return earlier or bool(classes & marked) or (element.get("id") or "") in ("appendonsend", "divRplyFwdMsg", "Signature")


def _not_own(text: str) -> Iterator[Span]:
    """Yield the parts of a message that are not its sender's own words, or are a signature: each a run of whole lines.

    Raises:
        ArticleError: There are more of them than an article has.
    """
    last = _last_lines(text)
    left = MAX_MARKS
    for begun in _FOREIGN.finditer(text):
        start = begun.start()
        line = Span(start, _end_of_line(text, start))
        left -= begun[0] == ">"
        if left < 0:
            raise ArticleError(f"too many lines of earlier messages: more than {MAX_MARKS:,} begin with '>'")
        if begun[0] == ">":
            yield from _announcing(text, start)
            yield line
        elif _ends(text, line, last):
            yield Span(start, len(text))
            return


#: A line that something of another's begins with, or a signature.
_FOREIGN = re.compile(r"^(?:>|--|_{20})", re.MULTILINE)


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return end if end >= 0 else len(text)


def _last_lines(text: str) -> int:
    """Return where the lines begin that a signature may begin with."""
    at = len(text)
    for _ in range(_SIGNATURE_LINES + 1):
        at = text.rfind("\n", 0, at)
        if at < 0:
            return 0
    return at + 1


def _ends(text: str, line: Span, last: int) -> bool:
    """Say whether a signature or an earlier message begins with a line: nothing of the sender's own follows."""
    written = line.of(text)
    if _SIGNATURE.match(written):
        return line.start > 0 and line.start >= last
    if not _REPEATED.match(written):
        return False
    below = line.end
    for _ in range(3):
        if below < len(text) and _FIELD.match(text, below + 1, _end_of_line(text, below + 1)):
            return True
        below = _end_of_line(text, below + 1)
    return False


def _announcing(text: str, quoted: int) -> Iterator[Span]:
    """Yield the line or two that announce what is quoted in the line at `quoted`; up to two blank ones may stand between."""
    end = quoted - 1
    for _ in range(3):
        if end < 0:
            return
        start = text.rfind("\n", 0, end) + 1
        if text[start:end].strip():
            break
        end = start - 1
    else:
        return
    if text.startswith(">", start):
        return
    above = text.rfind("\n", 0, start - 1) + 1 if start > 0 else start
    for first in dict.fromkeys((above, start)):
        if _WROTE_BEGINS.match(text, first) and _WROTE.match(text[first:end]):
            yield Span(first, end)
