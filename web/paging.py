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


@dataclass(frozen=True)
class Place:
    """Where in a list the page stands that is asked for."""

    number: int
    count: int
    total: int
    offset: int

    def page(self, rows: list[Any]) -> Page:
        return Page(rows, self.number, self.count, self.total)


def asked() -> int:
    """The number of the page that the request asks for, which may lie beyond the last."""
    number = request.args.get("page", "1")[:9]
    return max(int(number), 1) if number.isdecimal() else 1


def placed(total: int, per_page: int = PER_PAGE) -> Place:
    """The page that the request asks for; the last one where it asks beyond. `total`: how many rows there are."""
    count = max(1, -(-total // per_page))
    number = min(asked(), count)
    return Place(number, count, total, (number - 1) * per_page)


def paginate(query: Select[Any], per_page: int = PER_PAGE, total: int | None = None) -> Page:
    """The rows of `query` on the page that the request asks for. `total`: how many there are, where that is known."""
    if total is None:
        total = db.session.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0
    place = placed(total, per_page)
    return place.page(list(db.session.scalars(query.limit(per_page).offset(place.offset)).unique()))
