"""Names of the built files, and icons, for templates."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from flask import Flask, request, url_for
from markupsafe import Markup

DIST = Path(__file__).parent / "static" / "dist"


@cache
def manifest() -> dict[str, str]:
    """`app.js` -> `app-7FWSAH3D.js`, as the build wrote it."""
    names: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    return names


def asset(name: str) -> str:
    """The address of a built file."""
    return _address(request.script_root if request else "", name)


@cache
def _address(_root: str, name: str) -> str:
    return url_for("static", filename=f"dist/{manifest()[name]}")


def icon(name: str, label: str = "") -> Markup:
    """An icon of the sprite. Without `label` it is decoration, and words stand beside it."""
    return _drawn(name, asset("icons.svg")) if not label else _icon(name, asset("icons.svg"), label)


@cache
def _drawn(name: str, sprite: str) -> Markup:
    return _icon(name, sprite, "")


def _icon(name: str, sprite: str, label: str) -> Markup:
    told = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(told, sprite, name)


def init(app: Flask) -> None:
    app.jinja_env.globals.update(asset=asset, icon=icon)
