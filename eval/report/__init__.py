"""One HTML file from one or more runs: what was measured, drawn and listed, to be opened from disk."""
