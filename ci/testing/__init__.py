"""Lanes of tests: what one is, how they are found and run, and how their reports are read."""
