"""Benchmarks: one command each, peers in the same run, ratios in a table. ``make bench`` runs them all."""
