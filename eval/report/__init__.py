"""One HTML file from one or more runs: what was measured, drawn and listed, to be opened from disk."""

from .of_runs import report_of

__all__ = ["report_of"]
