"""Who writes the answers: the options that name a language model, and the writer that they name; without one the articles are quoted."""

from __future__ import annotations

import argparse
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from index import AssayError

from .reading import own_reader

if TYPE_CHECKING:
    from argparse import Namespace

    from rag import Checker, Writer

#: What `--llm-url` calls a model where no name is given: servers of one model take any.
_ANY = "default"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what names a language model, and what becomes of what it writes."""
    group = add_model(parser)
    keeps = "show what the model wrote and the articles do not support, marked; without it, it is left out"
    group.add_argument("--keep-unsupported", action="store_true", help=keeps)
    checks = "a sentence-transformers CrossEncoder of natural language inference that checks what the model wrote too, by name or folder"
    group.add_argument("--checker", metavar="NAME", type=_word, help=checks)


def add_model(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add what names a language model."""
    group = parser.add_argument_group("writing")
    names = "the language model that writes the answer, such as ollama:llama3.2 or openai:gpt-4o-mini, or none; else $ASSAY_LLM, else none"
    group.add_argument("--llm", metavar="NAME", type=_word, help=names)
    serves = "the OpenAI-compatible server that has it, such as http://localhost:8000/v1; else $ASSAY_LLM_URL; its key: $ASSAY_LLM_KEY"
    group.add_argument("--llm-url", metavar="URL", type=_word, help=serves)
    return group


def writer_of(args: Namespace) -> Writer | None:
    """Return the writer that the arguments name; raises `AssayError` where it cannot be had."""
    name, url = _named(args)
    if name is None:
        return None
    from rag import Talk, Writer, chat_model

    return Writer(Talk(chat_model(name, url)), _checker(args.checker), name, keep_unsupported=args.keep_unsupported)


def _checker(name: str | None) -> Checker | None:
    """Return the checker of that name or, without one, our own reader where it was taught to check; None where it was not."""
    if name is None:
        own = own_reader()
        return own if own.checks else None
    from rag import CrossEncoderChecker

    return CrossEncoderChecker(name, download=True)


def tried(args: Namespace) -> Trial | None:
    """Say one word to the model that the arguments name, and return how it went; None where they name none."""
    name, url = _named(args)
    if name is None:
        return None
    from rag import NoReplyError, Talk, advice, chat_model

    started = time.monotonic()
    try:
        said = "".join(Talk(chat_model(name, url)).reply([("human", "Reply with one word: ready")]))
        fault = None if said.strip() else "it replied nothing"
    except NoReplyError as error:
        fault = f"no reply ({error}); {advice(str(error))}"
    except AssayError as error:
        fault = str(error)
    return Trial(name, fault, round(time.monotonic() - started, 2))


class Trial(NamedTuple):
    """How a model did when it was tried."""

    name: str
    fault: str | None
    seconds: float


def _named(args: Namespace) -> tuple[str | None, str | None]:
    """Return the name of the model that the arguments or the environment name, and the address of its server."""
    url = args.llm_url or os.environ.get("ASSAY_LLM_URL") or None
    name = args.llm or os.environ.get("ASSAY_LLM") or (_ANY if url else None)
    return (None, None) if name == "none" else (name, url)


def _word(text: str) -> str:
    if not text or re.search("[\0-\x20\x7f\ud800-\udfff]", text):
        raise argparse.ArgumentTypeError(f"expected a name or an address without white space, found {text!r}")
    return text
