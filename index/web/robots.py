"""What a site's robots.txt asks of programs that follow links. The only importer of protego.

Read as RFC 9309 says: the group that names us, else that for all; the longest rule that fits; the first 500 KiB. Knows nothing of how
the file is fetched.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protego import Protego

    from .addresses import Address

#: As much of a robots.txt is read, by the RFC's word.
MAX_BYTES = 500 * 1024

#: A site may ask for a pause between two requests; for a longer one than this, in seconds, nobody waits.
LONGEST_PAUSE = 30.0

_AGENT_LINE = re.compile(r"[ \t]*user[- ]?agent[ \t]*:?[ \t]*([^#]*)", re.IGNORECASE)


class Rules:
    """What one robots.txt allows the program that is called `agent`."""

    def __init__(self, content: bytes, agent: str) -> None:
        """Read a robots.txt; one that is none asks for nothing."""
        from protego import Protego

        self._agent = agent
        self._rules: Protego = Protego.parse(_ours(content.decode("utf-8-sig", "replace"), agent))

    def allow(self, address: Address) -> bool:
        """Say whether `address` may be fetched."""
        return bool(self._rules.can_fetch(str(address), self._agent))

    @property
    def pause(self) -> float:
        """Return the seconds between two requests that the site asks for, at most `LONGEST_PAUSE`; 0 where it asks for none."""
        return min(self._rules.crawl_delay(self._agent) or 0.0, LONGEST_PAUSE)


def _ours(content: str, agent: str) -> str:
    """Call every agent that is not us by one name: a file may name tens of thousands, and each rule is kept once for each of them."""
    lines = []
    for line in content.splitlines():
        found = _AGENT_LINE.match(line)
        named = found[1].strip().lower() if found else ""
        other = found is not None and named != "*" and named.split("/")[0].replace("*", "") != agent.lower()
        lines.append("user-agent: another" if other else f"user-agent: {agent if named != '*' else named}" if found else line)
    return "\n".join(line for place, line in enumerate(lines) if place == 0 or line != lines[place - 1])
