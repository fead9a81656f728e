"""Which addresses may be linked to: those of the web, written so that no notation takes them apart.

Knows nothing of where they come from or who links to them.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urlsplit

#: What addresses are written with, besides letters and digits of any script. No brackets: `](` and `![` are a link's and a picture's.
_SIGNS = "-._~:/?#@!$&'()*+,;=%"

#: A name, or an address in brackets, with a port; the name of somebody who logs in may stand before it.
_PLACE = re.compile(r"(?:[^\W_]|[-._~%!$&'()*+,;=:@])+|\[[0-9A-Fa-f:.]+\](?::[0-9]{0,5})?")


def web_address(url: str | None) -> str | None:
    """Return an http or https address with every other character encoded, so that it can stand anywhere; None for anything else."""
    try:
        parts = urlsplit(url.strip()) if url else None
        if parts is None or parts.scheme.lower() not in ("http", "https") or not parts.hostname or not _PLACE.fullmatch(parts.netloc):
            return None
        # after `urlsplit`, which drops tabs and line ends: what is shown is what was looked at
        return SplitResult(parts.scheme, parts.netloc, *map(_encoded, parts[2:])).geturl()
    except ValueError:
        return None


def _encoded(text: str) -> str:
    return "".join(one if one.isalnum() or one in _SIGNS else quote(one, safe="") for one in text)
