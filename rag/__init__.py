"""A question into a cited answer.

The face of this room. Names load on first use: LangChain is imported only for `Chain` and the adapters.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adapters import AssayRetriever, AssayVectorStore
    from .answer import Answer, AnswerSentence, Citation, Hit, Reason
    from .chain import Chain
    from .embeddings import AssayEmbeddings, LangChainEmbedder
    from .evidence import Evidence, Signals, weigh
    from .pipeline import Pipeline
    from .question import Question, Turn, opens_unresolved
    from .retrieve import Found, RankedPassage, Ranking, Retriever

__all__ = [
    "Answer",
    "AnswerSentence",
    "AssayEmbeddings",
    "AssayRetriever",
    "AssayVectorStore",
    "Chain",
    "Citation",
    "Evidence",
    "Found",
    "Hit",
    "LangChainEmbedder",
    "Pipeline",
    "Question",
    "RankedPassage",
    "Ranking",
    "Reason",
    "Retriever",
    "Signals",
    "Turn",
    "opens_unresolved",
    "weigh",
]

_HOMES = {
    "adapters": ("AssayRetriever", "AssayVectorStore"),
    "answer": ("Answer", "AnswerSentence", "Citation", "Hit", "Reason"),
    "chain": ("Chain",),
    "embeddings": ("AssayEmbeddings", "LangChainEmbedder"),
    "evidence": ("Evidence", "Signals", "weigh"),
    "pipeline": ("Pipeline",),
    "question": ("Question", "Turn", "opens_unresolved"),
    "retrieve": ("Found", "RankedPassage", "Ranking", "Retriever"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the face from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
