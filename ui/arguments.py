"""What can be asked of the command line: verbs, options, and what is wrong with them in one line. Runs nothing."""

from __future__ import annotations

import argparse
import os
import re
from typing import TYPE_CHECKING, Any, NoReturn

from index import AssayError, parse_date

from . import evaluation_arguments, exporting, fetching, mirroring, reading, serving, verbs, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ABOUT = """Ask your own articles. Every sentence of an answer cites the characters that prove it,
or the answer is that the articles do not say."""

_EXAMPLES = """examples:
  assay add articles/ reports.jsonl                  take in files, folders, tables of articles
  assay add https://example.org/news --allow-url     take in a page; nothing is fetched without --allow-url
  assay ask "When was the lithium plan presented?"   one cited answer
  assay search "nickel output" --after 2024 -k 5     the five best passages of 2024 and later
  assay show a1 --span 0:43                          the characters that a citation names
  assay ask --from questions.jsonl --json            one line of JSON a question

stdout holds data, stderr talk.
exit 0: done. 1: done, but something was refused, failed or faulty. 2: not done, for the reason given.
"""

#: What `--after` and `--before` have in common.
_PARTIAL = "2023, 2023-04 or 2023-04-21, inclusive; undated articles are left out"


class UsageError(AssayError):
    """The command line asks for what does not exist."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that says in one line what is wrong, and takes no abbreviations."""

    def __init__(self, **options: Any) -> None:
        """Take the options of an `ArgumentParser`."""
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}{_hint(message)}; see `{self.prog} --help`")


def _hint(message: str) -> str:
    """Return what helps where words were taken for options, or several for one."""
    if message.startswith(("unrecognized arguments: -", "argument -h/--help: ignored explicit argument")):
        return "; words that begin with a dash stand last, behind `--`"
    return "; a question of several words stands in quotes" if message.startswith("unrecognized") else ""


class _Version(argparse.Action):
    """Prints the version, read only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        print(f"assay {version('assay')}")
        parser.exit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; `run` of what is returned is the verb's function. Raises `UsageError`; exits for help and version."""
    defaults = argparse.Namespace(index=None, model=None, json=False, debug=False, interrupted="interrupted")
    args = _parser().parse_args(list(arguments), defaults)
    if any(value == [] or (isinstance(value, list) and [] in value) for value in vars(args).values()):  # so argparse reads `--after=--`
        raise UsageError("expected a value for every option, found `--`, which ends the options; see `assay --help`")
    args.index_given = args.index is not None
    try:
        args.index = args.index or _index_folder(os.environ.get("ASSAY_INDEX") or ".assay")
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"$ASSAY_INDEX: {error}") from error
    return args


def _parser() -> Parser:
    everywhere = _global_options()
    parser = Parser(
        prog="assay", description=_ABOUT, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, parents=[everywhere]
    )
    verb = _verbs_of(parser, everywhere)
    _writing_verbs(verb)
    _reading_verbs(verb)
    _asking_verbs(verb)
    _keeping_verbs(verb)
    measuring = verb("eval", "measure: run, compare, report, generate, import-feedback", None)
    evaluation_arguments.add_verbs(_verbs_of(measuring, everywhere))
    return parser


def _verbs_of(parser: Parser, everywhere: Parser) -> Callable[..., Parser]:
    """Return what adds a verb to `parser`: its name, what it is about, its function unless it has verbs of its own, and more about it."""
    found = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def verb(name: str, about: str, run: Callable[[argparse.Namespace], int] | None, more: str = "") -> Parser:
        said = f"{about[0].upper()}{about[1:]}. {more}".strip()
        made: Parser = found.add_parser(name, help=about, description=said, parents=[everywhere])
        if run is not None:
            made.set_defaults(run=run)
        return made

    return verb


def _global_options() -> Parser:
    """Return the options that stand before or after the verb; suppressed defaults keep the one from undoing the other."""
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("everywhere")
    group.add_argument("--index", metavar="DIR", type=_index_folder, help="the index; else $ASSAY_INDEX, else ./.assay")
    group.add_argument("--model", metavar="NAME", type=_words, help="embedding model, by sentence-transformers name or folder")
    group.add_argument("--json", action="store_true", help="print JSON, nothing else, on stdout")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
    group.add_argument("--version", action=_Version, nargs=0, help="print the version")
    return options


def _writing_verbs(verb: Callable[..., Parser]) -> None:
    kept = "interrupted; what was committed is kept, and running the same command again goes on from there"
    same = "The same again changes nothing; an article of the same id with another text is replaced."
    add = verb("add", "add files, folders, tables of articles, and web pages", verbs.add, same)
    formats = (
        "a folder, or a file of any format in docs/formats.md: text, PDF, web pages, office files, e-books, e-mail, feeds, tables, ZIP; "
    )
    formats += "with --allow-url a web address too"
    add.add_argument("paths", metavar="PATH", nargs="+", type=_not_empty, help=formats)
    _sayings(add)
    mirroring.add_keeping(add)
    fetching.add_options(add)
    gone = "Adds what is new, replaces what changed, follows what moved, removes what is gone from the folder; what fell off a feed stays."
    sync = verb("sync", "make the index mirror a folder, or follow a feed", mirroring.sync, gone)
    sync.add_argument("folder", metavar="FOLDER", type=_not_empty, help="a folder; with --allow-url the address of a feed or a sitemap")
    _sayings(sync)
    mirroring.add_sync_options(sync)
    fetching.add_options(sync)
    again = "As sync, whenever something changes, until Ctrl-C; a line on stderr for each change, with --json a line of JSON on stdout."
    watch = verb("watch", "keep the index in step with folders as they change", mirroring.watch, again)
    mirroring.add_watch_options(watch, _not_empty)
    _sayings(watch)
    remove = verb("rm", "remove articles by id, all or none", verbs.remove)
    remove.add_argument("ids", metavar="ID", nargs="+", type=_words)
    takes = "Each article under its id, cut and embedded anew. A line that is not what was exported is refused."
    take = verb("import", "take in what was exported", exporting.take, takes)
    exporting.add_import_options(take, _not_empty)
    for parser in (add, sync, take):
        parser.set_defaults(interrupted=kept)
    watch.set_defaults(interrupted="ended; every change that was told is on the disk")


def _sayings(parser: Parser) -> None:
    """Add what the user may say of every article."""
    parser.add_argument("--source", metavar="S", type=_words, help="the publisher of every article, whatever the articles say")
    parser.add_argument("--published", metavar="D", type=_raw_date, help="the date of every article, whatever the articles say")


def _reading_verbs(verb: Callable[..., Parser]) -> None:
    _filters(verb("list", "list the articles", verbs.list_articles))
    show = verb("show", "show an article, or the characters that a citation names", verbs.show)
    show.add_argument("id", metavar="ID", type=_words)
    show.add_argument("--span", metavar="A:B", type=_span, help="only the characters from A up to, not including, B; the first is 0")
    gives = "give back the file that it was read from, where that was kept: into FILE, or on stdout"
    show.add_argument("--original", metavar="FILE", nargs="?", const="-", type=_not_empty, help=gives)


def _asking_verbs(verb: Callable[..., Parser]) -> None:
    row = 'A row of FILE is {"id", "question"}, optionally with "history": [{"role", "content"}].'
    search = verb("search", "find passages, best first", verbs.search, f"Or write a TREC run for a file of queries. {row}")
    search.add_argument("words", metavar="WORDS", nargs="?", type=_words, help="what to search for, in quotes")
    search.add_argument("-k", metavar="K", type=_count, help="how many passages, 1 to 1000; 10 by default")
    _filters(search)
    search.add_argument("--from", dest="rows", metavar="FILE", type=_not_empty, help="queries, one JSON object a line")
    search.add_argument("--run", dest="out", metavar="OUT", type=_not_empty, help="with --from: the run to write, 100 articles a query")
    reading.add_options(search, answers=False)
    ask = verb("ask", "answer a question, each sentence with its proof", verbs.ask, f"Or every question of a file. {row}")
    ask.add_argument("question", metavar="QUESTION", nargs="?", type=_words, help="in quotes")
    _filters(ask)
    ask.add_argument("--from", dest="rows", metavar="FILE", type=_not_empty, help="questions, one JSON object a line, answered in order")
    reading.add_options(ask, answers=True)
    writing.add_options(ask)
    ends = "'exit' or Ctrl-D ends it. With --json, one line of JSON for each line of stdin."
    chat = verb("chat", "ask in a conversation", verbs.chat, ends)
    reading.add_options(chat, answers=True)
    writing.add_options(chat)
    serves = "The chat, REST, and an interface that clients of OpenAI understand, on one address."
    serving.add_options(verb("serve", "open the chat in a browser, and interfaces for programs", serving.serve, serves))
    reads = "By the Model Context Protocol: search, ask, list articles, read one. Nothing is changed. Needs the extra mcp."
    serving.add_tool_options(verb("mcp", "be a tool of an assistant", serving.serve_tools, reads))


def _keeping_verbs(verb: Callable[..., Parser]) -> None:
    checks = "Reads every page, text and vector of the store and every derived file; exit 1 when something is wrong."
    writing.add_model(verb("doctor", "check everything", verbs.doctor, checks))
    verb("rebuild", "build what is derived anew", verbs.rebuild, "Needs no model; deletes for good what was removed.")
    backup = verb("backup", "copy the index while it is in use", verbs.backup)
    backup.add_argument("folder", metavar="DEST", type=_index_folder, help="an empty or absent folder")
    carries = "JSON lines: settings, then each article with its metadata, text and spans, in order of their ids; no vectors, no originals."
    export = verb("export", "write the collection as a file", exporting.export, carries)
    exporting.add_export_options(export, _not_empty)


def _filters(parser: Parser) -> None:
    parser.add_argument("--source", metavar="S", dest="sources", action="append", type=_words, help="only this publisher; may be repeated")
    parser.add_argument("--author", metavar="A", dest="authors", action="append", type=_words, help="only this author; may be repeated")
    parser.add_argument(
        "--language", metavar="L", dest="languages", action="append", type=_language, help="only this language, as en or de"
    )
    parser.add_argument("--after", metavar="D", type=_date, help=f"only articles published at D or later: {_PARTIAL}")
    parser.add_argument("--before", metavar="D", type=_date, help="only articles published at D or earlier")


def _words(text: str) -> str:
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        raise argparse.ArgumentTypeError(f"expected text in UTF-8, found {text!r}")
    return text


def _not_empty(text: str) -> str:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a file or folder, found {text!r}")
    return text


def _index_folder(text: str) -> str:
    """Refuse a name that is not UTF-8: FAISS and tantivy write to no such path."""
    return _words(_not_empty(text))


def _date(text: str) -> str:
    date = parse_date(text)
    if date is None:
        raise argparse.ArgumentTypeError(f"expected a date such as 2023-04-21, found {text!r}")
    return date


def _language(text: str) -> str:
    """Take a code with a country too: articles are kept with their language alone."""
    found = re.fullmatch(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*", text, re.IGNORECASE | re.ASCII)
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a language such as en, found {text!r}")
    return found[1].lower()


def _raw_date(text: str) -> str:
    _date(text)
    return text


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 1000, found {text!r}")
    return int(text)


def _span(text: str) -> tuple[int, int]:
    found = re.fullmatch("([0-9]{1,12}):([0-9]{1,12})", text)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"expected A:B with A not above B, such as 0:43, found {text!r}")
    return int(found[1]), int(found[2])
