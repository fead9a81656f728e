"""Articles into searchable passages.

The face of this room. Names load on first use, so that asking a question does not import what only adding needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .article import Article, Heading, Passage, Refusal, Span, unkept
    from .checkup import Health
    from .dates import parse_date
    from .dense import Ranked
    from .durable import replaced
    from .embed import Embedder, SentenceTransformerEmbedder
    from .errors import ArticleError, AssayError, BusyError, MismatchError, ModelError, StoreError
    from .ingest import AddReport
    from .library import Library
    from .loaders.jsonl import bounded_lines
    from .model import DEFAULT_MODEL, ModelFiles, locate
    from .relatives import Kinship, Relative, preferred
    from .resemblance import Likeness, Wording, likeness
    from .runtime import ConversionError, Encoder, Recipe, cache_folder, cached_encoder
    from .segment import sentences
    from .snapshot import ArticleFilter, StoredPassage
    from .title import title_of
    from .tokens import TextTokenizer
    from .view import Selection, View

__all__ = [
    "DEFAULT_MODEL",
    "AddReport",
    "Article",
    "ArticleError",
    "ArticleFilter",
    "AssayError",
    "BusyError",
    "ConversionError",
    "Embedder",
    "Encoder",
    "Heading",
    "Health",
    "Kinship",
    "Library",
    "Likeness",
    "MismatchError",
    "ModelError",
    "ModelFiles",
    "Passage",
    "Ranked",
    "Recipe",
    "Refusal",
    "Relative",
    "Selection",
    "SentenceTransformerEmbedder",
    "Span",
    "StoreError",
    "StoredPassage",
    "TextTokenizer",
    "View",
    "Wording",
    "bounded_lines",
    "cache_folder",
    "cached_encoder",
    "likeness",
    "locate",
    "parse_date",
    "preferred",
    "replaced",
    "sentences",
    "title_of",
    "unkept",
]

_HOMES = {
    "article": ("Article", "Heading", "Passage", "Refusal", "Span", "unkept"),
    "checkup": ("Health",),
    "dates": ("parse_date",),
    "dense": ("Ranked",),
    "durable": ("replaced",),
    "embed": ("Embedder", "SentenceTransformerEmbedder"),
    "errors": ("ArticleError", "AssayError", "BusyError", "MismatchError", "ModelError", "StoreError"),
    "ingest": ("AddReport",),
    "library": ("Library",),
    "loaders.jsonl": ("bounded_lines",),
    "model": ("DEFAULT_MODEL", "ModelFiles", "locate"),
    "resemblance": ("Likeness", "Wording", "likeness"),
    "runtime": ("ConversionError", "Encoder", "Recipe", "cache_folder", "cached_encoder"),
    "segment": ("sentences",),
    "relatives": ("Kinship", "Relative", "preferred"),
    "snapshot": ("ArticleFilter", "StoredPassage"),
    "title": ("title_of",),
    "tokens": ("TextTokenizer",),
    "view": ("Selection", "View"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the face from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
