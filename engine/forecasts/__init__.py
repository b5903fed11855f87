"""Forecasts: when a running case is expected to end, from how long finished cases of its process took after the steps where it stands.

`figures` measures finished cases every few hours, `cases` says what follows for running ones, `ruler` counts in working hours. A forecast
is said with its basis, never as a promise, and not at all where fewer than figures.LEAST finished cases are its basis.
"""
