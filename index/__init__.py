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
    from .ingest import AddReport, Interrupted, Moved
    from .library import Library
    from .listing import ArticleOrder, ListedArticles
    from .loaders import read
    from .loaders.jsonl import bounded_lines
    from .model import DEFAULT_MODEL, ModelFiles, locate
    from .portable import Export
    from .relatives import Kinship, Relative, preferred
    from .resemblance import Likeness, Wording, likeness
    from .runtime import ConversionError, Encoder, Recipe, cache_folder, cached_encoder
    from .segment import sentences
    from .snapshot import ArticleFilter, StoredPassage
    from .title import title_of
    from .tokens import TextTokenizer
    from .view import Selection, View
    from .watch import FolderWatch
    from .web import Limits, Reach, Web
    from .web.addresses import is_web_address

__all__ = [
    "DEFAULT_MODEL",
    "AddReport",
    "Article",
    "ArticleError",
    "ArticleFilter",
    "ArticleOrder",
    "AssayError",
    "BusyError",
    "ConversionError",
    "Embedder",
    "Encoder",
    "Export",
    "FolderWatch",
    "Heading",
    "Health",
    "Interrupted",
    "Kinship",
    "Library",
    "Likeness",
    "Limits",
    "ListedArticles",
    "MismatchError",
    "ModelError",
    "ModelFiles",
    "Moved",
    "Passage",
    "Ranked",
    "Reach",
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
    "Web",
    "Wording",
    "bounded_lines",
    "cache_folder",
    "cached_encoder",
    "is_web_address",
    "likeness",
    "locate",
    "parse_date",
    "preferred",
    "read",
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
    "ingest": ("AddReport", "Interrupted", "Moved"),
    "library": ("Library",),
    "loaders": ("read",),
    "listing": ("ArticleOrder", "ListedArticles"),
    "loaders.jsonl": ("bounded_lines",),
    "model": ("DEFAULT_MODEL", "ModelFiles", "locate"),
    "portable": ("Export",),
    "resemblance": ("Likeness", "Wording", "likeness"),
    "runtime": ("ConversionError", "Encoder", "Recipe", "cache_folder", "cached_encoder"),
    "segment": ("sentences",),
    "relatives": ("Kinship", "Relative", "preferred"),
    "snapshot": ("ArticleFilter", "StoredPassage"),
    "title": ("title_of",),
    "tokens": ("TextTokenizer",),
    "view": ("Selection", "View"),
    "watch": ("FolderWatch",),
    "web": ("Limits", "Reach", "Web"),
    "web.addresses": ("is_web_address",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load a name of the face from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
