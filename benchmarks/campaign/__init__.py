"""Trials at full count: `python -m benchmarks.campaign NAME`; the tests run a few seeded cases of each."""
