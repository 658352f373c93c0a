"""Event logs of real cases, recorded once and folded by every later version: JSON lines, never edited.

`python -m tests.histories.record` records the scenes that have no file yet and touches no other.
"""
