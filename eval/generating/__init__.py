"""Question sets from the user's own articles: `generate` makes one, `save` writes it down."""

from .generated import Generated, StoppedError, asked_of, save
from .question_set import generate

__all__ = ["Generated", "StoppedError", "asked_of", "generate", "save"]
