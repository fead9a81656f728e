"""The pipeline as a LangChain Runnable: `invoke`, `batch`, `stream` and their async twins, with callbacks and tracing.

Importing this module imports LangChain, which takes half a second; `rag.pipeline` does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor

from index import AssayError

from .pipeline import Pipeline
from .question import Question, Turn
from .readers import OWN, reader_named
from .silence import Caution

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from index import ArticleFilter, Library

    from .answer import Answer
    from .read import Reader
    from .writing import Writer


class Chain(Runnable["str | Mapping[str, Any] | Question", "Answer"]):
    """Questions into cited answers. Safe to share between threads.

    Takes a question in words, a `Question`, or `{"question" or "input", "history" or "chat_history"}`; returns an `Answer`.
    """

    def __init__(
        self,
        library: Library,
        *,
        reader: Reader | str | None = OWN,
        writer: Writer | None = None,
        caution: Caution | str = Caution.NORMAL,
    ) -> None:
        """Answer from `library`.

        `reader` reads the best passages: Assay's own, or a question-answering model, by name or folder too; with None, sentences are chosen
        by search scores alone. `writer` writes the answer in a language model's words, each sentence checked; without one, sentences are
        quoted. `caution` says how sure an answer must be to be shown: low, normal or high. Raises `ModelError` when the
        reader cannot be had.
        """
        read = reader_named(reader, download=True) if isinstance(reader, str) else reader
        self._pipeline = Pipeline(library, reader=read, writer=writer, caution=Caution(caution))

    def ask(self, question: str | Question, *, history: Sequence[Turn] = (), only: ArticleFilter | None = None) -> Answer:
        """Return a cited answer, or an abstention with its reason; raises `AssayError` when the question cannot be asked."""
        return self._pipeline.ask(question, history=history, only=only)

    def invoke(self, input: str | Mapping[str, Any] | Question, config: RunnableConfig | None = None, **_: Any) -> Answer:  # noqa: A002  # LangChain's name
        """Answer one question."""
        return self._call_with_config(lambda asked: self.ask(_question(asked)), input, config)

    def stream(self, input: str | Mapping[str, Any] | Question, config: RunnableConfig | None = None, **_: Any) -> Iterator[Answer]:  # noqa: A002  # as above
        """Yield the answer as it grows by one sentence at a time; the last is whole. Every one holds the citations it uses."""
        yield from self._transform_stream_with_config(iter([input]), self._grown, config)

    async def astream(
        self,
        input: str | Mapping[str, Any] | Question,  # noqa: A002  # as above
        config: RunnableConfig | None = None,
        **_: Any,
    ) -> AsyncIterator[Answer]:
        """Yield what `stream` does, without blocking the event loop meanwhile."""
        answers = self.stream(input, config)
        while (answer := await run_in_executor(config, next, answers, None)) is not None:
            yield answer

    def _grown(self, asked: Iterator[str | Mapping[str, Any] | Question]) -> Iterator[Answer]:
        for one in asked:
            yield from self._pipeline.stream(_question(one))


def _question(asked: str | Mapping[str, Any] | Question) -> Question:
    if isinstance(asked, Question):
        return asked
    if isinstance(asked, str):
        return Question(asked)
    if not isinstance(asked, Mapping):
        raise AssayError(f'expected a question, or {{"question", "history"}}, found {type(asked).__name__}')
    history = asked.get("history", asked.get("chat_history"))
    turns = [_turn(message) for message in history] if isinstance(history, list | tuple) else history
    return Question.from_json({"id": asked.get("id"), "question": asked.get("question", asked.get("input")), "history": turns})


def _turn(message: Any) -> Any:
    """Return LangChain's message as the row of a turn; anything else as it is, for `Question.from_json` to judge."""
    if not isinstance(message, BaseMessage):
        return message
    return {"role": _ROLES.get(message.type, message.type), "content": message.content}


#: LangChain's message types, by the role that everyone else calls them.
_ROLES = {"human": "user", "ai": "assistant"}
