"""The errors of this room, all meant for the user: one line that says what was expected, what was found, what to do.

AssayError
ArticleError      an article cannot be accepted
NotNowError     it cannot be read at the moment
ModelError        an embedding model cannot be used
StoreError        an index cannot be opened, read or written
MismatchError   the index was made with something else than is now asked for
BusyError       another process is writing
"""


class AssayError(Exception):
    """Something the user can mend; the message is one line and says how."""


class ArticleError(AssayError, ValueError):
    """An article cannot be accepted: its text or id cannot be stored, searched or cited."""


class NotNowError(ArticleError):
    """A file cannot be read for want of something that may be there the next time."""


class ModelError(AssayError):
    """An embedding model is missing, damaged or of a kind that is not loaded."""


class StoreError(AssayError):
    """An index cannot be opened, read or written."""


class MismatchError(StoreError):
    """The index belongs to another model, splitter or schema than the one in use."""


class BusyError(StoreError):
    """Another process holds the index's writer lock."""
