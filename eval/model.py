"""A chat model of the user's own: by its name, and one exchange with it at a time.

Whatever its provider raises becomes one line here, without a key in it. Knows nothing of what is said.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from langchain_core.language_models import BaseChatModel

#: After so many failures in a row a model is taken to be gone.
PATIENCE = 3

_PACKAGE = re.compile(r"\blangchain-[a-z-]{1,40}")
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]{1,40}_(?:API_KEY|API_TOKEN)\b")


class NoReplyError(AssayError):
    """A model did not reply; the message names the kind of failure, never what the provider said, which may hold a key."""


class Talk:
    """Exchanges with one model, none of which knows of another; `over` once the model has failed `PATIENCE` times in a row."""

    def __init__(self, model: BaseChatModel) -> None:
        """Talk to any chat model of LangChain's."""
        self._model = model
        self._failures = 0

    @property
    def over(self) -> bool:
        """Say whether the model is taken to be gone."""
        return self._failures >= PATIENCE

    def ask(self, instructions: str, data: Mapping[str, object]) -> str:
        """Return the model's reply to `instructions` about `data`; raises `NoReplyError`.

        The data are one JSON object, a message of their own: whatever an article says, it stays between its quotation marks.
        """
        messages = [("system", instructions), ("human", json.dumps(data, ensure_ascii=False))]
        try:
            said = str(self._model.invoke(messages).text)
        except Exception as error:
            self._failures += 1
            raise NoReplyError(_kind(error)) from error
        self._failures = 0
        return said


def chat_model(name: str) -> BaseChatModel:
    """Return the chat model of a name such as `ollama:llama3.2`; raises `AssayError` naming the package or the key that is missing."""
    provider, _, model = (part.strip() for part in name.partition(":"))
    if not provider or not model:
        raise AssayError(f"expected a model as provider:name, such as ollama:llama3.2, found {name[:60]!r}; name both")
    from langchain.chat_models import init_chat_model

    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider)
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
    return made


def _kind(error: Exception) -> str:
    """Return the name of an error, and the HTTP status that providers put on theirs."""
    status = getattr(error, "status_code", None)
    return f"{type(error).__name__} {status}" if isinstance(status, int) else type(error).__name__
