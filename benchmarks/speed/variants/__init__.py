"""The ways of doing the job, a file for each library.

They are found by name in :mod:`benchmarks.speed.roster`, and imported in processes of their own.
"""
