"""A question into a cited answer.

The face of this room. Names load on first use: LangChain is imported only for `Chain` and the adapters.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adapters import AssayRetriever, AssayVectorStore
    from .answer import (
        ABSTENTION,
        EXTRACTIVE,
        Answer,
        AnswerPart,
        AnswerSentence,
        Citation,
        Conflict,
        Difference,
        Hit,
        Reason,
        Removed,
        Side,
    )
    from .chain import Chain
    from .cross_encoder import CrossEncoderChecker, CrossEncoderReranker, RerankedReader
    from .embeddings import AssayEmbeddings, LangChainEmbedder
    from .evidence import Evidence, Signals, question_terms, weigh
    from .kinds import Kind, kind_of
    from .leaning import leans, opens_unresolved
    from .network import END, FROZEN, RELEVANCE, START, SUPPORT, difference, reader_network
    from .numbering import Numbering
    from .odds import log_odds
    from .pipeline import PASSAGES_READ, SURE, Pipeline
    from .question import Question, Turn
    from .read import Calibration, Checker, Readable, Reader, Reading, ReadSpan, SpanReader, paired, text_tokens
    from .readers import FACTS, MAX_TOKENS, OWN, WEIGHTS, own_reader, reader_named
    from .rerank import ReadingRetriever
    from .retrieve import DENSE_WEIGHT, Found, RankedPassage, Ranking, Retriever
    from .sides import difference_in_words
    from .silence import Caution
    from .talk import PATIENCE, NoReplyError, Talk, advice, chat_model
    from .verify import Checked, Signs, Verdict, check, hold
    from .writing import Writer

__all__ = [
    "ABSTENTION",
    "DENSE_WEIGHT",
    "END",
    "EXTRACTIVE",
    "FACTS",
    "FROZEN",
    "MAX_TOKENS",
    "OWN",
    "PASSAGES_READ",
    "PATIENCE",
    "RELEVANCE",
    "START",
    "SUPPORT",
    "SURE",
    "WEIGHTS",
    "Answer",
    "AnswerPart",
    "AnswerSentence",
    "AssayEmbeddings",
    "AssayRetriever",
    "AssayVectorStore",
    "Calibration",
    "Caution",
    "Chain",
    "Checked",
    "Checker",
    "Citation",
    "Conflict",
    "CrossEncoderChecker",
    "CrossEncoderReranker",
    "Difference",
    "Evidence",
    "Found",
    "Hit",
    "Kind",
    "LangChainEmbedder",
    "NoReplyError",
    "Numbering",
    "Pipeline",
    "Question",
    "RankedPassage",
    "Ranking",
    "ReadSpan",
    "Readable",
    "Reader",
    "Reading",
    "ReadingRetriever",
    "Reason",
    "Removed",
    "RerankedReader",
    "Retriever",
    "Side",
    "Signals",
    "Signs",
    "SpanReader",
    "Talk",
    "Turn",
    "Verdict",
    "Writer",
    "advice",
    "chat_model",
    "check",
    "difference",
    "difference_in_words",
    "hold",
    "kind_of",
    "leans",
    "log_odds",
    "opens_unresolved",
    "own_reader",
    "paired",
    "question_terms",
    "reader_named",
    "reader_network",
    "text_tokens",
    "weigh",
]

_HOMES = {
    "adapters": ("AssayRetriever", "AssayVectorStore"),
    "answer": (
        *("ABSTENTION", "EXTRACTIVE", "Answer", "AnswerPart", "AnswerSentence", "Citation", "Conflict"),
        *("Difference", "Hit", "Reason", "Removed", "Side"),
    ),
    "chain": ("Chain",),
    "cross_encoder": ("CrossEncoderChecker", "CrossEncoderReranker", "RerankedReader"),
    "embeddings": ("AssayEmbeddings", "LangChainEmbedder"),
    "evidence": ("Evidence", "Signals", "question_terms", "weigh"),
    "kinds": ("Kind", "kind_of"),
    "numbering": ("Numbering",),
    "odds": ("log_odds",),
    "pipeline": ("PASSAGES_READ", "SURE", "Pipeline"),
    "network": ("END", "FROZEN", "RELEVANCE", "START", "SUPPORT", "difference", "reader_network"),
    "read": ("Calibration", "Checker", "ReadSpan", "Readable", "Reader", "Reading", "SpanReader", "paired", "text_tokens"),
    "readers": ("FACTS", "MAX_TOKENS", "OWN", "WEIGHTS", "own_reader", "reader_named"),
    "leaning": ("leans", "opens_unresolved"),
    "question": ("Question", "Turn"),
    "rerank": ("ReadingRetriever",),
    "retrieve": ("DENSE_WEIGHT", "Found", "RankedPassage", "Ranking", "Retriever"),
    "talk": ("PATIENCE", "NoReplyError", "Talk", "advice", "chat_model"),
    "sides": ("difference_in_words",),
    "silence": ("Caution",),
    "verify": ("Checked", "Signs", "Verdict", "check", "hold"),
    "writing": ("Writer",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the face from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
