"""How many parts a message may have, and how deep: the parser of mail keeps every part, and holds each line against all around it.

Knows nothing of what parts are for.
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ArticleError

if TYPE_CHECKING:
    from email.policy import Policy

AnyPolicy = TypeVar("AnyPolicy", bound="Policy[Any]")

#: Parts within each other: a message forwarded as an attachment is two of them.
DEEPEST = 30


def limited(policy: AnyPolicy, *, most: int, what: str) -> AnyPolicy:
    """Return the policy for reading one message, which ends the parser with `ArticleError` where that would take it too long.

    Args:
        policy: What it is otherwise.
        most: At most so many parts are made, the message among them.
        what: What is read, for the reason.
    """
    left = most

    def part(policy: Policy[Any] | None = None) -> EmailMessage:
        nonlocal left
        left -= 1
        if left < 0:
            raise ArticleError(f"too many parts: more than {most:,} in {what}")
        return _Part(policy)

    return policy.clone(message_factory=part)


class _Part(EmailMessage):
    """A part that knows how many parts it is in."""

    depth = 0

    def attach(self, payload: Any) -> None:
        """Take a part into this one."""
        payload.depth = self.depth + 1
        if payload.depth > DEEPEST:
            raise ArticleError(f"nested too deep: more than {DEEPEST} parts within each other")
        super().attach(payload)
