"""Vietnamese, which the pages are written in, and English, from translations/en. `python -m web.language` compiles the catalogue."""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, request
from flask_babel import Babel

LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}
COOKIE = "language"
FOLDER = Path(__file__).parent / "translations"

babel = Babel()


@cache
def _catalogue(language: str) -> NullTranslations:
    """Read once: Flask-Babel looks for it anew with every sentence."""
    return Translations.load(FOLDER, [language])


def _one(text: str) -> str:
    return _catalogue(locale()).gettext(text)


def _many(one: str, many: str, num: int) -> str:
    return _catalogue(locale()).ngettext(one, many, num)


def gettext(text: str, **variables: object) -> str:
    """`text` in the language of this request."""
    said = _one(text)
    return said % variables if variables else said


def ngettext(one: str, many: str, num: int, **variables: object) -> str:
    """As gettext(), by number, which is `num` in the text."""
    return _many(one, many, num) % {"num": num, **variables}


def locale() -> str:
    """The language of this request: as chosen, else Vietnamese."""
    chosen = request.cookies.get(COOKIE, "vi")
    return chosen if chosen in LANGUAGES else "vi"


def compile_catalogues() -> None:
    """Write the .mo beside each .po."""
    for source in sorted(FOLDER.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as stream:
            catalogue = read_po(stream)
        with source.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, catalogue)


def init(app: Flask) -> None:
    app.config.update(BABEL_DEFAULT_LOCALE="vi", BABEL_DEFAULT_TIMEZONE="Asia/Ho_Chi_Minh", BABEL_TRANSLATION_DIRECTORIES=str(FOLDER))
    babel.init_app(app, locale_selector=locale)
    app.jinja_env.install_gettext_callables(_one, _many, newstyle=True)  # type: ignore[attr-defined]  # of its extension
    app.jinja_env.globals.update(locale=locale, LANGUAGES=LANGUAGES)


if __name__ == "__main__":
    compile_catalogues()
