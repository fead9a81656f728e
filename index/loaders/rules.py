"""The rules by which files are read, in one name: it changes with the code of the loaders, and with the libraries that they stand on.

What was read by other rules is read again. The name is taken from the code itself, so that nobody has to think of it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: The libraries that loaders stand on, by the name they are imported by; an absent one is an extra that is not installed.
LIBRARIES = {
    "charset_normalizer": "charset-normalizer",
    "lxml": "lxml",
    "markdown_it": "markdown-it-py",
    "mdit_py_plugins": "mdit-py-plugins",
    "py3langid": "py3langid",
    "pypdfium2": "pypdfium2",
    "python_calamine": "python-calamine",
    "tesserocr": "tesserocr",
    "trafilatura": "trafilatura",
}

#: What makes an article of what a loader has read.
_BESIDE = ("article", "boilerplate", "conventions", "dates", "identify", "language", "months", "outlets", "title")


@cache
def rules() -> str:
    """Return the name of the rules in use."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*here.glob("*.py"), *(here.parent / f"{name}.py" for name in _BESIDE)]):
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    for library in sorted(LIBRARIES.values()):
        digest.update(f"{library} {_version(library)}\0".encode())
    return digest.hexdigest()[:32]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"
