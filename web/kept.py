"""Figures over many cases that took long to count: this process keeps them for a while, each for those who may count the same cases.

What is counted quickly is never kept: where cases are few, every page tells the present state. Lists are never kept.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app

from engine import identity
from web.sessions import me

SLOW = 0.05
"""Seconds from which on a count is kept."""
COUNTS, FIGURES = 60.0, 600.0
"""Seconds for which counts of the present, and figures of a period, are kept."""
MOST = 1_000
"""Of both together, in one process."""

T = TypeVar("T")
_lock = threading.Lock()
_kept: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()


def kept(seconds: float, what: str, *parts: object, count: Callable[[], T]) -> T:
    """What `count` gives, or gave within the last `seconds` to somebody with the same roles. `parts`: what else it depends on.

    The result is shared: it holds no rows of the session, and nobody changes it.
    """
    longest = min(seconds, float(current_app.config.get("FIGURES_KEPT", 0)))
    # The database too: tests, and nobody else, have several in one process.
    key = (current_app.config["SQLALCHEMY_DATABASE_URI"], what, identity.principals(me()), *parts)
    began = time.monotonic()
    with _lock:
        found = _kept.get(key)
    if found is not None and began - found[0] < longest:
        value: T = found[1]
        return value
    value = count()
    with _lock:
        _kept.pop(key, None)
        if longest and time.monotonic() - began >= SLOW:
            _kept[key] = time.monotonic(), value
            while len(_kept) > MOST:
                _kept.popitem(last=False)
    return value
