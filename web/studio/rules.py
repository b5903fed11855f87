"""The help page of a rule: docs/lint/<rule>.md, the same that stands beside the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from engine.errors import NotFound
from web.language import locale
from web.studio import bp

FOLDER = Path(__file__).parents[2] / "docs" / "lint"
ENGLISH = "In English"


@bp.get("/quy-tac/<name>")
def rule(name: str) -> ResponseReturnValue:
    title, sections = page(name)
    english = [section for section in sections if section[0] == ENGLISH]
    shown = english if locale() == "en" and english else [section for section in sections if section[0] != ENGLISH]
    return render_template("studio/rule.html", title=title, sections=shown)


@bp.app_template_global("rule_exists")
@cache
def exists(name: str) -> bool:
    """Whether there is a page about rule `name`."""
    return bool(re.fullmatch(r"[a-z]+(-[a-z]+)*", name)) and (FOLDER / f"{name}.md").is_file()


@cache
def page(name: str) -> tuple[str, list[tuple[str, Markup]]]:
    """(title, [(heading, text)]) of the page about rule `name`. Raises NotFound."""
    if not exists(name):
        raise NotFound(what="page", id=name)
    head, *parts = re.split(r"^## +", (FOLDER / f"{name}.md").read_text("utf-8"), flags=re.MULTILINE)
    title, _, intro = head.removeprefix("# ").partition("\n")
    sections = [("", _text(intro))] if intro.strip() else []
    for part in parts:
        heading, _, body = part.partition("\n")
        sections.append((heading.strip(), _text(body)))
    return title.strip(), sections


def _text(body: str) -> Markup:
    """Paragraphs and code words, which is all that these pages are made of. What is linked stays beside the code."""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", body) if part.strip()]
    shown = [_inline(part) for part in paragraphs if not part.startswith(("Ví dụ: [", "Example"))]
    return Markup("").join(Markup("<p>{}</p>").format(part) for part in shown)


def _inline(text: str) -> Markup:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
