"""The turns before a question, in the shapes that sets give them.

Objects with a role (or `speaker`, or `type`) and a content (or `text`); strings that alternate, the user's first; or one string in which
`|user|:` and `|assistant|:` open the turns. What systems and tools said is no turn of the conversation and is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rag import Turn

from .reading import kind

if TYPE_CHECKING:
    from .reading import Place

_ROLES = {
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "ai", "agent", "bot"), "assistant"),
    **dict.fromkeys(("system", "developer", "tool", "function"), ""),
}

_MARK = re.compile(r"^\|(user|human|assistant|agent|ai)\|:[ \t]*", re.MULTILINE)


def turns(place: Place, value: object, name: str = "history") -> tuple[Turn, ...]:
    """Read the turns that stand at `place` as `name`, oldest first.

    Raises:
        AssayError: They have none of the shapes above, or an odd number of strings, so that the last speaker is not known.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        return marked(place, value, name)
    if not isinstance(value, list):
        raise place.fault(f'{name!r} as a list of {{"role", "content"}}', kind(value))
    if value and all(isinstance(item, str) for item in value):
        return _alternating(place, value, name)
    return tuple(turn for item in value if (turn := _turn(place, item, name)))


def marked(place: Place, text: str, name: str = "history") -> tuple[Turn, ...]:
    """Read the turns of one string with marks; raises AssayError when it does not begin with one."""
    if not text.strip():
        return ()
    opening, *parts = _MARK.split(text)
    if opening.strip() or not parts:
        raise place.fault(f"{name!r} to begin with |user|:", kind(text))
    return tuple(Turn(_ROLES[role], content.strip()) for role, content in zip(parts[::2], parts[1::2], strict=True))


def is_marked(text: object) -> bool:
    """Say whether a string opens with the mark of a turn."""
    return isinstance(text, str) and _MARK.match(text) is not None


def unmarked(text: str) -> str:
    """Return a single turn without its mark."""
    found = _MARK.match(text)
    return text[found.end() :].strip() if found else text


def _alternating(place: Place, said: list[str], name: str) -> tuple[Turn, ...]:
    if len(said) % 2:
        raise place.fault(f'{name!r} as pairs of question and answer, or {{"role", "content"}}', f"{len(said)} strings")
    return tuple(Turn("assistant" if number % 2 else "user", text) for number, text in enumerate(said))


def _turn(place: Place, item: Any, name: str) -> Turn | None:
    """Read one object; None for what is no turn of the conversation."""
    if not isinstance(item, dict):
        raise place.fault(f'{name!r} as a list of {{"role", "content"}}', f"{kind(item)} in it")
    said = next((item[key] for key in ("role", "speaker", "type") if isinstance(item.get(key), str)), None)
    role = _ROLES.get(said.lower()) if said is not None else None
    if role is None:
        raise place.fault(f"a role in {name!r}, user or assistant", "none" if said is None else kind(said))
    content = next((item[key] for key in ("content", "text") if item.get(key) is not None), "")
    if not isinstance(content, str):
        raise place.fault(f"the content of a turn in {name!r} as a string", kind(content))
    return Turn(role, content) if role else None
