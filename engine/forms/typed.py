"""Values as people type and read them: 05/03/2026, 1.250.000,5, Có."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

HERE = timezone(timedelta(hours=7))
"""Asia/Ho_Chi_Minh, which has no summer time."""


def number(value: object, grouped: bool = False) -> str:
    """A number with a decimal comma; with `grouped`, dots between thousands. What is no number stays as it was typed."""
    if value is None or isinstance(value, bool):
        return ""
    try:
        exact = Decimal(str(value))
        plain = format(exact, ",f" if grouped else "f") if exact.is_finite() and abs(exact.adjusted()) < 50 else str(value)
    except InvalidOperation:
        return str(value)
    return plain.translate(str.maketrans(",.", ".,"))


def moment(value: object) -> str:
    """An ISO date, time or both as 05/03/2026, 08:30. What is none stays as it was typed."""
    if isinstance(value, datetime | date | time):
        value = value.isoformat()
    if not isinstance(value, str):
        return "" if value is None else str(value)
    try:
        if len(value) == 10 and value[4] == "-":
            return date.fromisoformat(value).strftime("%d/%m/%Y")
        if len(value) >= 16 and value[10] in "T ":
            return _here(datetime.fromisoformat(value)).strftime("%d/%m/%Y %H:%M")
        if len(value) >= 5 and value[2] == ":" and not value[3:5].endswith(" "):
            return _here(datetime.fromisoformat(f"2000-01-02T{value}")).strftime("%H:%M")
    except ValueError:
        pass
    return value


def _here(at: datetime) -> datetime:
    return at.astimezone(HERE) if at.tzinfo else at


def typed(kind: str, value: Any) -> str:
    """What stands in the control of a field."""
    if kind == "number":
        return number(value)
    if kind == "datetime":
        return moment(value)
    return "" if value is None else str(value)
