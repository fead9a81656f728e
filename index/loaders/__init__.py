"""A file, a folder or a row becomes `Article`s; what cannot becomes a `Refusal` with its reason."""

from .interface import BrokenRow, Draft, Loader, Row
from .walk import from_row, read

__all__ = ["BrokenRow", "Draft", "Loader", "Row", "from_row", "read"]
