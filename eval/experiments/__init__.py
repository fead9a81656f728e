"""Experiments behind the constants in the code and the figures of docs/measurements.md, each run by name: `python -m eval.experiments…`."""
