"""Measure it: data sets, measures, and the figures that the project's documents quote."""
