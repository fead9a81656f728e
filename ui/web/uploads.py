"""Which files the page's events may name: those that the same caller has uploaded, and no address of anything else.

Gradio takes whatever looks like a file in the body of an event for one, at whatever depth: it would copy or fetch what is named there.
For one event loop; knows nothing of what events do.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Uploads that are remembered; the oldest is forgotten, and by then the page has deleted it.
_MOST = 10_000

#: What makes an object look like a file.
_MARKS = frozenset({"path", "meta"})

#: Where the page fetches a file of its own.
_FETCHED = "/gradio_api/file="


class Uploads:
    """The files that were uploaded, and by whom."""

    def __init__(self) -> None:
        """Begin without any."""
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def note(self, caller: str, answer: bytes) -> None:
        """Note what a caller has uploaded, which is what the page's route for it has answered: a list of paths."""
        try:
            paths = json.loads(answer)
        except ValueError:
            return
        for path in paths if isinstance(paths, list) else ():
            if isinstance(path, str):
                self._known[(caller, path)] = None
        while len(self._known) > _MOST:
            self._known.popitem(last=False)

    def check(self, caller: str, body: bytes, is_own: Callable[[str], bool]) -> Any:
        """Return what the body of an event holds; `is_own` knows our addresses.

        Raises `Refused` where it is no JSON, or names a file that is not the caller's.
        """
        try:
            value = json.loads(body)  # of whatever encoding, and of two fields of one name the last, as the application reads it
        except (ValueError, RecursionError):
            raise Refused(400, "Expected a body of JSON, found something else, or one that is nested too deep.") from None
        for one in _files(value):
            if not self._is_upload(caller, one, is_own):
                raise Refused(400, "Expected no file but one that was uploaded here just now, found another.")
        return value

    def _is_upload(self, caller: str, file: dict[str, Any], is_own: Callable[[str], bool]) -> bool:
        path, url = file.get("path"), file.get("url")
        if not isinstance(path, str) or (caller, path) not in self._known or file.get("is_stream"):
            return False
        return url is None or (isinstance(url, str) and _is_fetched_here(url, is_own))


def _is_fetched_here(url: str, is_own: Callable[[str], bool]) -> bool:
    if url.startswith(_FETCHED):
        return True
    try:
        return urlsplit(url).path.startswith(_FETCHED) and is_own(url)
    except ValueError:
        return False


def _files(value: object) -> Iterator[dict[str, Any]]:
    """Yield everything in a value of JSON that looks like a file."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if _MARKS & one.keys():
                yield one
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
