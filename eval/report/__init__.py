"""One HTML file from one or more runs: what was measured, drawn and listed, to be opened from disk."""

from .of_runs import panels_of, report_of

__all__ = ["panels_of", "report_of"]
