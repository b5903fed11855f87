"""Processes are killed at random under load, and what the installation stands on goes away: nothing is lost, nothing is done twice.

Smaller than `make proof`, which plays the same at full size.
"""

from __future__ import annotations

import os

import pytest

from tests import postgresql
from tests.proof import broker, play

CASES, KILLS, LEASE = 120, 6, 12
OUTAGES = {"PostgreSQL restarted": 1, "PostgreSQL crashed": 1, "Redis emptied": 1, "Redis restarted": 1}


def _show(report: play.Report) -> str:
    return f"{report.text()}\n{report.logs if report.faults else ''}"


def _on_postgresql(kills: int, outages: dict[str, int], cases: int = CASES) -> play.Report:
    """Skips where a program is missing, except in CI, where nothing may be left out."""
    try:
        return play.on_postgresql(cases, kills, LEASE, outages)
    except (postgresql.Unavailable, broker.Unavailable) as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


def test_it_is_exact_when_the_server_and_its_worker_are_killed() -> None:
    report = play.sqlite(CASES, KILLS, LEASE)
    assert sum(report.blows.values()) == KILLS
    assert report.faults == [], _show(report)


@pytest.mark.postgresql
def test_it_is_exact_when_web_workers_celery_and_feeder_are_killed() -> None:
    report = _on_postgresql(KILLS, {})
    assert sum(report.blows.values()) == KILLS
    assert report.faults == [], _show(report)


@pytest.mark.postgresql
def test_it_is_exact_when_postgresql_and_redis_go_away_and_come_back() -> None:
    report = _on_postgresql(0, OUTAGES, CASES // 2)
    assert dict(report.blows) == OUTAGES
    assert report.faults == [], _show(report)
