"""The project's own evaluation on public sets, by one command: `python -m eval.suite` writes docs/evaluation.md and a report."""
