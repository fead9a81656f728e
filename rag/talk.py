"""A chat model of the user's own: by its name, and one exchange with it at a time.

Whatever its provider raises becomes one line here, without a key in it. Each exchange has a thread of its own, which ends with it, so that
nothing a server does holds up who asked. Knows nothing of what is said.
"""

from __future__ import annotations

import contextvars
import json
import os
import re
import threading
import time
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from index import AssayError

from .exchange import Exchange, Limits, RefusedError, bound, bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from langchain_core.language_models import BaseChatModel

#: After so many failures in a row a model is taken to be gone.
PATIENCE = 3

#: So often is tried again what failed before a word came, and so many seconds are waited at most before.
_TRIES, _LONGEST_WAIT = 2, 5.0

#: A model that is gone is left alone for so many seconds.
_REST = 60.0

#: HTTP statuses after which the same request may succeed.
_PASSING = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))

#: Who asks is no business of a server that is given by its address, whatever the environment says of one's accounts elsewhere.
_NOBODYS = {"OpenAI-Organization": "", "OpenAI-Project": ""}

#: Names the key for a server that is given by its address: no other key is ever sent there.
KEY = "ASSAY_LLM_KEY"

_PACKAGE = re.compile(r"\blangchain-[a-z-]{1,40}")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]{1,40}_(?:API_KEY|API_TOKEN)\b")

#: Where providers tell why a reply ends, and what they say of one that is whole.
_TELL, _ENDS = (
    ("finish_reason", "done_reason", "stop_reason"),
    frozenset(("stop", "end_turn", "stop_sequence", "completed", "eos", "eos_token")),
)

#: What may be wrong, by the kind of failure.
_ADVICE = (
    ("40[13]", "is the right key set in the environment, such as OPENAI_API_KEY, ANTHROPIC_API_KEY or, with --llm-url, ASSAY_LLM_KEY?"),
    ("404|NotFound", "has the server a model of this name, and does the address end as it should, mostly in /v1?"),
    ("400|422", "does the server know a model of this name?"),
    ("429", "it is asked too often, or the account is used up"),
    (" 5[0-9][0-9]", "the server is in trouble; is there memory enough for the model?"),
    ("Timeout|late", "it took too long; is the model too large for the machine?"),
    ("Connect", "is the server started, and the address right?"),
    ("redirect", "give the address that it points to"),
)

#: What stands in the queue after the last piece.
_DONE = object()


class NoReplyError(AssayError):
    """A model did not reply; the message names the kind of failure, never what the provider said, which may hold a key."""


class Talk:
    """Exchanges with one model, none of which knows of another; `over` once the model has failed `PATIENCE` times in a row.

    Safe to share between threads.
    """

    def __init__(self, model: BaseChatModel, *, limits: Limits = Limits(), streams: bool = True) -> None:  # noqa: B008  # a frozen value
        """Talk to any chat model of LangChain's; one that `streams` not says nothing before it has said all."""
        self._model = model
        self._limits = limits
        self._streams = streams
        self._failures = 0
        self._failed_at = 0.0

    @property
    def over(self) -> bool:
        """Say whether the model is taken to be gone."""
        return self._failures >= PATIENCE

    @property
    def rests(self) -> bool:
        """Say whether the model is gone and has been so for less than a minute: it is not worth asking."""
        return self.over and time.monotonic() - self._failed_at < _REST

    def ask(self, instructions: str, data: Mapping[str, object]) -> str:
        """Return the model's reply to `instructions` about `data`; raises `NoReplyError`.

        The data are one JSON object, a message of their own: whatever an article says, it stays between its quotation marks.
        """
        return "".join(self.reply([("system", instructions), ("human", json.dumps(data, ensure_ascii=False))]))

    def reply(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield what the model says to `messages`, each a role and a text, as it comes.

        What failed before a word came is tried again, twice at most. Raises `NoReplyError` when no reply came, or when it broke off: what
        was yielded until then is no whole reply. Whoever stops listening ends the exchange.
        """
        exchange = Exchange(self._limits)
        try:
            for attempt in range(_TRIES + 1):
                said = False
                try:
                    for piece in self._once(messages, exchange):
                        said = said or bool(piece)
                        yield piece
                except Exception as error:
                    wait = _wait(error, attempt)
                    if said or attempt == _TRIES or wait is None or wait >= exchange.remaining:
                        raise
                    time.sleep(wait)
                else:
                    self._failures = 0
                    return
        except Exception as error:
            self._failures += 1
            self._failed_at = time.monotonic()
            raise NoReplyError(_kind(error)) from error
        finally:
            exchange.end()

    def _once(self, messages: Sequence[tuple[str, str]], exchange: Exchange) -> Iterator[str]:
        """Yield what comes of one try; raises what the provider raised, and TimeoutError at the deadline."""
        came: Queue[Any] = Queue(maxsize=64)
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._listen, list(messages), exchange, came), name="assay-talk", daemon=True).start()
        while True:
            try:
                piece = came.get(timeout=max(0.001, exchange.remaining))
            except Empty:
                raise TimeoutError from None
            if piece is _DONE:
                return
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def _listen(self, messages: list[tuple[str, str]], exchange: Exchange, came: Queue[Any]) -> None:
        """Put the pieces of a reply into the queue, then `_DONE` or what went wrong; stop once the exchange is over."""
        exchange.enter()
        try:
            for piece in self._pieces(messages, exchange):
                if not _put(came, piece, exchange):
                    return
        except BaseException as error:  # noqa: BLE001  # whatever it is, who listens has to know
            _put(came, error, exchange)
        else:
            _put(came, _DONE, exchange)

    def _pieces(self, messages: list[tuple[str, str]], exchange: Exchange) -> Iterator[str]:
        """Yield what the model says; raises `RefusedError` where it does not say that it has said all, and was known to."""
        ended = not bounded(self._model)
        for message in self._model.stream(messages) if self._streams else [self._model.invoke(messages)]:
            text = str(message.text)
            exchange.took(len(text))
            ended = ended or any(message.response_metadata.get(name) in _ENDS for name in _TELL)
            yield text
        if not ended:
            raise RefusedError("broken off")


def _put(came: Queue[Any], item: object, exchange: Exchange) -> bool:
    """Put an item into the queue; False when nobody listens any more."""
    while not exchange.over:
        try:
            came.put(item, timeout=0.05)
        except Full:
            continue
        return True
    return False


def chat_model(name: str, url: str | None = None) -> BaseChatModel:
    """Return the chat model of a name such as `ollama:llama3.2`, or one called `name` on the OpenAI-compatible server at `url`.

    Raises `AssayError` naming the package or the key that is missing.
    """
    provider, _, model = (part.strip() for part in name.partition(":"))
    more: dict[str, Any] = {}
    if url is not None:
        provider, model = "openai", name.strip().removeprefix("openai:")
        more = {"base_url": _address(url), "api_key": os.environ.get(KEY) or "none", "default_headers": _NOBODYS}
    if not provider or not model:
        raise AssayError(f"expected a model as provider:name, such as ollama:llama3.2, found {name[:60]!r}; name both")
    if provider in ("openai", "anthropic"):
        more["max_retries"] = 0  # trying again is the exchange's
    if provider == "ollama" or url is not None:
        more["temperature"] = 0  # hosted models that reason refuse it
    from langchain.chat_models import init_chat_model

    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **more)
    except ImportError as error:
        package = _PACKAGE.search(str(error))
        wanted = package[0] if package else f"langchain-{provider[:40]}"
        raise AssayError(f"expected the package {wanted} for the model {name[:60]!r}, found none; pip install {wanted}") from error
    except Exception as error:
        if "Unsupported provider" in str(error):
            raise AssayError(f"expected a provider that LangChain knows, such as ollama or openai, found {provider[:60]!r}") from error
        variable = _VARIABLE.search(str(error))
        hint = variable[0] if variable else "the provider's key"
        raise AssayError(f"the model {name[:60]!r} cannot be used ({_kind(error)}); is {hint} set in the environment?") from error
    bound(made)
    return made


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AssayError(f"expected the address of a model server, such as http://localhost:8000/v1, found {url[:100]!r}")
    return url


def _wait(error: Exception, attempt: int) -> float | None:
    """Return how many seconds to wait before the next try after an error; None where another would fail as well."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        if status not in _PASSING:
            return None
        asked = getattr(getattr(error, "response", None), "headers", {}).get("retry-after", "")
        seconds = float(asked) if re.fullmatch(r"\d{1,6}(?:\.\d{1,3})?", asked) else 0.5 * 2**attempt
        return seconds if seconds <= _LONGEST_WAIT else None
    refused = isinstance(error, TimeoutError | RefusedError) or "Timeout" in type(error).__name__
    return 0.2 * 2**attempt if not refused and "Connect" in f"{type(error).__name__} {type(error.__cause__).__name__}" else None


def advice(kind: str) -> str:
    """Return what to look at when a model did not reply, by the kind of failure that `NoReplyError` names."""
    return next((words for pattern, words in _ADVICE if re.search(pattern, kind)), "see what its server says")


def _kind(error: Exception) -> str:
    """Return the name of an error, the HTTP status that providers put on theirs, or what `RefusedError` says."""
    status = getattr(error, "status_code", None)
    cause = error if isinstance(error, RefusedError) else error.__cause__ if isinstance(error.__cause__, RefusedError) else None
    if cause is not None:
        return str(cause)
    return f"{type(error).__name__} {status}" if isinstance(status, int) else type(error).__name__
