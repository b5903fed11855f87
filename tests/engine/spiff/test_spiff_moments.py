"""Durations, dates and cycles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.errors import ExpressionError
from engine.expressions import YearsMonths
from engine.spiff import moments

START = datetime(2026, 1, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT1H30M", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("P1M", datetime(2026, 2, 28, 8, tzinfo=UTC)),
        ("P1Y2M", datetime(2027, 3, 31, 8, tzinfo=UTC)),
        ("P2W", datetime(2026, 2, 14, 8, tzinfo=UTC)),
        ("PT0.5S", datetime(2026, 1, 31, 8, 0, 0, 500000, tzinfo=UTC)),
        ("-PT1H", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-02-01", datetime(2026, 1, 31, 17, tzinfo=UTC)),
        ("2026-02-01T08:00:00Z", datetime(2026, 2, 1, 8, tzinfo=UTC)),
        (timedelta(days=1), datetime(2026, 2, 1, 8, tzinfo=UTC)),
        (YearsMonths(1), datetime(2026, 2, 28, 8, tzinfo=UTC)),
        (date(2026, 2, 1), datetime(2026, 1, 31, 17, tzinfo=UTC)),
        (datetime(2026, 2, 1, 7), datetime(2026, 2, 1, 0, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_it_finds_the_moment(text: object, expected: datetime) -> None:
    assert moments.point(text, START) == expected


@pytest.mark.parametrize("text", ["P", "PT", "P1", "3 ngày", "", "P1.5M", "31/03/2026", None, 5, "P9999999999D", "P9000Y", "PT1H2"])
def test_it_refuses_what_is_no_moment(text: object) -> None:
    with pytest.raises(ExpressionError):
        moments.point(text, START)


@pytest.mark.parametrize(
    ("text", "times", "first"),
    [
        ("R3/PT1H", 3, None),
        ("R/P1D", None, None),
        ("R2/2026-02-01T00:00:00Z/P1D", 2, datetime(2026, 2, 1, tzinfo=UTC)),
        ("R3/P1D/2026-02-03T00:00:00Z", 3, datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_it_reads_cycles(text: str, times: int | None, first: datetime | None) -> None:
    found = moments.cycle(text)
    assert (found.times, found.first) == (times, first)


@pytest.mark.parametrize(
    "text",
    ["R0/PT1H", "0 0 * * *", "R3", "R/PT0S", "R3/-PT1H", "R3/P0D", "R/P1D/2026-02-03T00:00:00Z", "R999999999999/P1D/2026-02-03", "PT1H"],
)
def test_it_refuses_cycles_that_cannot_be_kept(text: str) -> None:
    with pytest.raises(ExpressionError):
        moments.cycle(text)
