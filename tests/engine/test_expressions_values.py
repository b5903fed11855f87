"""Dates and decimals survive storage."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import YearsMonths, from_json, to_json
from engine.expressions.values import ZONE, parse_duration, to_text

plain = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
special = (
    st.dates(date(1000, 1, 1))
    | st.datetimes(datetime(1000, 1, 1), timezones=st.just(ZONE) | st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
    | st.times()
    | st.timedeltas(timedelta(days=-100_000), timedelta(days=100_000))
    | st.integers(-100_000, 100_000).map(YearsMonths)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20)
)
anything = st.recursive(
    plain | special, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@settings(deadline=None)
@given(anything)
def test_it_gives_back_what_was_stored(value: Any) -> None:
    stored = json.loads(json.dumps(to_json(value)))
    assert from_json(stored) == value
    assert to_json(stored) == stored


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("P3D", timedelta(3)),
        ("PT2H30M", timedelta(hours=2.5)),
        ("P1W", timedelta(7)),
        ("-P1DT12H", -timedelta(1.5)),
        ("PT0.5S", timedelta(seconds=0.5)),
        ("P36M", YearsMonths(36)),
        ("P1Y6M", YearsMonths(18)),
        ("P0D", timedelta()),
    ],
)
def test_it_reads_durations(text: str, value: object) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize("text", ["P", "PT", "3D", "P1M3D", "P1H", "", "PT1D", "P999999999D"])
def test_it_refuses_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_duration(text)


def test_it_leaves_a_dict_that_only_looks_like_a_date() -> None:
    assert from_json({"$date": "mai"}) == {"$date": "mai"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, {1: 2}, {1, 2}, b"x", object(), Decimal("NaN")])
def test_it_refuses_what_cannot_be_stored(value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        to_json(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (1.5, "1.5"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(3), "P3D"),
        (["á"], '["á"]'),
        (time(8), "08:00:00"),
    ],
)
def test_it_writes_values_into_text(value: object, text: str) -> None:
    assert to_text(value) == text
