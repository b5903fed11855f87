"""Formats and keywords that JSON Schema lacks, or leaves to each program."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from jsonschema import FormatChecker, ValidationError, validators
from jsonschema.validators import Draft202012Validator

from engine.forms.pattern import LONGEST, PatternRefused, compile_pattern

LARGEST = 10**15
"""Beyond it a number does not survive JSON in every program."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]{1,63}(\.[^\s@.]{1,63}){1,8}")
_PHONE = re.compile(r"(\+|0)[0-9](?:[ .()-]?[0-9]){6,13}")


def _is_text(value: object) -> bool:
    """No control characters, and none that turn the direction of what follows."""
    return not isinstance(value, str) or _CONTROL.search(value) is None


def _is_line(value: object) -> bool:
    return not isinstance(value, str) or (_is_text(value) and "\n" not in value and "\t" not in value)


def _is_email(value: object) -> bool:
    return not isinstance(value, str) or _EMAIL.fullmatch(value) is not None


def _is_phone(value: object) -> bool:
    return not isinstance(value, str) or _PHONE.fullmatch(value) is not None


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or (len(value) == 10 and 1900 <= date.fromisoformat(value).year <= 2200)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or (len(value) >= 5 and value[2] == ":" and isinstance(time.fromisoformat(value), time))


def _is_datetime(value: object) -> bool:
    return not isinstance(value, str) or (len(value) >= 16 and value[10] == "T" and 1900 <= datetime.fromisoformat(value).year <= 2200)


def _decimal_digits(_: Any, most: int | None, value: Any, __: object) -> Iterator[ValidationError]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    try:
        exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    except InvalidOperation:
        exponent = "n"
    if not isinstance(exponent, int) or not math.isfinite(value) or abs(value) > LARGEST:
        yield ValidationError("too large")
    elif most is not None and -exponent > most:
        yield ValidationError("too many decimals")


def _javascript_pattern(_: Any, source: str, value: Any, schema: dict[str, Any]) -> Iterator[ValidationError]:
    longest_ = schema.get("maxLength", LONGEST)
    if isinstance(value, str) and len(value) <= longest_:
        try:
            matches = compile_pattern(source, longest_).search(value)
        except PatternRefused:
            matches = None
        if matches is None:
            yield ValidationError("pattern")


formats = FormatChecker(formats=())
formats.checkers = {
    "text": (_is_text, ()),
    "line": (_is_line, ()),
    "email": (_is_email, ()),
    "phone": (_is_phone, ()),
    "date": (_is_date, ValueError),
    "time": (_is_time, ValueError),
    "date-time": (_is_datetime, ValueError),
}
Validator = validators.extend(Draft202012Validator, {"decimalDigits": _decimal_digits, "javascriptPattern": _javascript_pattern})
