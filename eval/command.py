"""How the commands of `make` end: whatever goes wrong in one line, and the exit code. Knows nothing of what they do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from index import AssayError

if TYPE_CHECKING:
    from collections.abc import Callable


def carried_out(name: str, work: Callable[[], object], *, interrupted: str) -> int:
    """Do the work of the command called `name` and return 0; 2 when something is missing or failed, 130 when it was interrupted."""
    try:
        work()
    except AssayError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{name}: {error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: interrupted; {interrupted}", file=sys.stderr)
        return 130
    return 0
