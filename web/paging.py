"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from sqlalchemy import Select, func, select

from web.database import db

PER_PAGE = 50


@dataclass(frozen=True)
class Page:
    """`rows` of page `number` out of `count`; `total` rows altogether."""

    rows: list[Any]
    number: int
    count: int
    total: int

    def address(self, number: int) -> str:
        """This list, at another page."""
        return url_for(request.endpoint or "", **{**(request.view_args or {}), **request.args.to_dict(), "page": number})


def paginate(query: Select[Any], per_page: int = PER_PAGE, total: int | None = None) -> Page:
    """The page that the request asks for; the last one where it asks beyond. `total`: how many there are, where that is known."""
    if total is None:
        total = db.session.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0
    count = max(1, -(-total // per_page))
    asked = request.args.get("page", "1")
    number = min(max(int(asked) if asked.isdecimal() else 1, 1), count)
    rows = list(db.session.scalars(query.limit(per_page).offset((number - 1) * per_page)).unique())
    return Page(rows, number, count, total)
