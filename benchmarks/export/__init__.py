"""Exports that are killed, and exports that are long.

:mod:`benchmarks.export.kill` kills one over and over, behind the bad network of
:mod:`benchmarks.export.faults`; :mod:`benchmarks.export.memory` measures what they hold.
"""
