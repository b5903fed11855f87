"""Pieces of pages that look alike for many requests, drawn once for what they show: a row of a list, the bar, what stands below a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, partial

from flask import Flask, current_app, request
from jinja2 import Environment
from markupsafe import Markup

from web.language import locale

MOST = 8_192
"""Pieces that a process keeps, of about a thousand bytes each; those not shown for longest go first."""


def piece(name: str, **shown: object) -> Markup:
    """For templates: template `name`, drawn with `shown`, whose values are hashable.

    It must depend on nothing else but the language: whoever shows the same gets the same piece, later too. So it knows neither who asks
    nor the token of his session, and what depends on the time (`còn 3 ngày`) is among `shown` as words.
    """
    drawn: Callable[..., Markup] = current_app.extensions["pieces"]
    return drawn(name, request.script_root, locale(), tuple(shown.items()))


def pieces(name: str, part: str, several: Iterable[object], **shown: object) -> Markup:
    """For templates: one piece() after another, each with one of `several` as `part`."""
    drawn: Callable[..., Markup] = current_app.extensions["pieces"]
    root, language, shared = request.script_root, locale(), tuple(shown.items())
    return Markup("").join(drawn(name, root, language, ((part, one), *shared)) for one in several)


def _draw(environment: Environment, name: str, _root: str, _language: str, shown: tuple[tuple[str, object], ...]) -> Markup:
    return Markup(environment.get_template(name).render(dict(shown)))  # noqa: S704 the template has escaped it


def init(app: Flask) -> None:
    draw = partial(_draw, app.jinja_env)
    # Who works on templates wants to see what he has changed.
    app.extensions["pieces"] = draw if app.jinja_env.auto_reload else lru_cache(MOST)(draw)
    app.jinja_env.globals.update(piece=piece, pieces=pieces)
