"""The command `assay`: reads the arguments, runs a verb, and turns whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from index import AssayError, Interrupted

from . import render, screen
from .arguments import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The command could not be carried out.
FAILED = 2

#: By custom, 128 and the number of the signal: SIGINT, SIGPIPE.
INTERRUPTED, PIPE_CLOSED = 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`, by default the process's own; return the exit code."""
    screen.prepare()
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _let_go_of_stdout()
        return PIPE_CLOSED
    return code


def _run(argv: Sequence[str]) -> int:
    debug, interrupted = False, "interrupted"
    try:
        args = parse(argv)
        debug, interrupted = args.debug, args.interrupted
        return int(args.run(args))
    except SystemExit as stop:  # --help and --version
        return int(stop.code or 0)
    except KeyboardInterrupt as stop:
        done = render.outcome_words(stop.report) if isinstance(stop, Interrupted) else ""
        screen.talk(f"{interrupted} ({done})" if done else interrupted)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # the edge: no traceback reaches a user who did not ask for one
        if debug:
            traceback.print_exc()
        screen.talk(f"assay: {_explained(error)}")
        return FAILED


def _explained(error: Exception) -> str:
    if isinstance(error, AssayError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"internal error: {type(error).__name__}: {error}; run again with --debug"


def _let_go_of_stdout() -> None:
    """Point stdout at nothing, so that its buffer is not written to the closed pipe when Python exits."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


if __name__ == "__main__":
    sys.exit(main())
