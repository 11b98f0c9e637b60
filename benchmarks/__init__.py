"""Measurements: `python -m benchmarks [name|all]`, with what was aimed at beside what came out."""
