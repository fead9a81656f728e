"""The first minute with Assay: index the sample articles, ask three questions, say how to go on. Run by `make demo`."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.resources import files

from .cli import main as assay

#: The last one is not answered by the sample articles, and Assay says so.
QUESTIONS = (
    "Who meets to discuss an alliance around critical minerals?",
    "How much cobalt may Congo export in 2026?",
    "Who won the chess olympiad of 1998?",
)


def main(arguments: list[str]) -> int:
    """Run the demonstration; `arguments` are passed on to every command (`--index DIR`)."""
    steps = [["add", os.path.relpath(str(files("seeds") / "articles"))], *(["ask", question] for question in QUESTIONS)]
    for step in steps:
        print(f"\n$ assay {shlex.join(step)}", flush=True)
        code = assay([*step, *arguments])
        if code:
            return code
    print(_HOW_TO_GO_ON)
    return 0


_HOW_TO_GO_ON = """
Every sentence above is quoted, and each [n] names the exact characters that it comes from. Go on with:

  source .venv/bin/activate                      # puts `assay` on your path
  assay ask "When did China first limit gallium exports?"
  assay serve                                    # the chat in your browser, the proof beside the answer
  assay chat                                     # a conversation in the terminal
  assay show congo-cobalt-quotas.md              # the article behind a citation
  assay add PATH --index my.assay                # your own articles: files, folders, .jsonl, .csv
  assay --help"""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
