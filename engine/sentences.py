"""What the engine says, in the language of who reads it.

The sentences stand in translations/<locale>.po: without context those of errors.py, under the context `word` what is put into their
braces. A word may have braces of its own (`{} is not among those who are asked`), which match any text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.errors import Both, EngineError

HOME = ZoneInfo("Asia/Ho_Chi_Minh")
FOLDER = Path(__file__).parent / "translations"
_BRACE = re.compile(r"\{(\w+)\}")
_NUMBERS = frozenset({"line", "count", "version"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def say(error: EngineError, locale: str = "vi") -> str:
    """The sentence of `error`. In English, or where a locale has no words for it, the one in errors.py."""
    sentences = catalogue(locale)
    if not sentences:
        return str(error)
    template = sentences.get(("", error.template), error.template)
    return template.format_map(_Words(error.parameters, locale))


def translate(text: str, locale: str = "vi") -> str:
    """A sentence of the engine that was stored in English (an incident's), in the language of who reads it. What is not ours stays."""
    if ("word", text) in catalogue(locale):
        return word(text, locale)
    for pattern, template in _templates(locale):
        match = pattern.fullmatch(text)
        if match:
            values = match.groupdict()
            values = _apart(values, locale) if "source" in values else values
            return template.format_map({name: value if name == "source" else _inner(value, locale) for name, value in values.items()})
    return _inner(text, locale)


def _inner(text: str, locale: str) -> str:
    """What stood in a brace: a word, a sentence of its own (what an expression said), or what people and diagrams wrote."""
    if ("word", text) not in catalogue(locale):
        for pattern, translation in _patterns(locale):
            if match := pattern.fullmatch(text):
                return translation.format(*(_inner(part, locale) for part in match.groups()))
    return word(text, locale)


def _apart(values: dict[str, str], locale: str) -> dict[str, str]:
    """Where an expression ends and what is said about it begins: both may have colons, so it is where a sentence of ours begins."""
    parts = f"{values['source']}: {values['message']}".split(": ")
    for at in range(1, len(parts)):
        source, message = ": ".join(parts[:at]), ": ".join(parts[at:])
        if _inner(message, locale) != message:
            return {**values, "source": source, "message": message}
    return values


class _Words(dict[str, object]):
    def __init__(self, parameters: Mapping[str, object], locale: str) -> None:
        super().__init__({name: word(value, locale) for name, value in parameters.items()})

    def __missing__(self, key: str) -> str:
        return "?"


def word(value: object, locale: str = "vi") -> str:
    """One parameter of a sentence: translated where it is the engine's own word, moments in local time."""
    if isinstance(value, datetime):
        return f"{value.astimezone(HOME):%H:%M %d/%m/%Y}"
    if isinstance(value, EngineError):
        return say(value, locale)
    if isinstance(value, Both):
        return str(getattr(value, locale, value))
    text = str(value)
    if _INSTANT.fullmatch(text):
        return word(datetime.fromisoformat(text.replace("Z", "+00:00")), locale)
    known = catalogue(locale)
    if ("word", text) in known:
        return known["word", text]
    for pattern, translation in _patterns(locale):
        match = pattern.fullmatch(text)
        if match:
            return translation.format(*(known.get(("word", part), part) for part in match.groups()))
    return text


@cache
def _patterns(locale: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    words = [(source, target) for (context, source), target in catalogue(locale).items() if context == "word" and "{}" in source]
    # The one with the most words of its own first: what fits several is what says most.
    words.sort(key=lambda entry: -len(entry[0].replace("{}", "")))
    return tuple((re.compile("(.*)".join(map(re.escape, source.split("{}"))), re.DOTALL), target) for source, target in words)


@cache
def _templates(locale: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences of errors.py as patterns, those with the most words of their own first."""
    sentences = [(source, target) for (context, source), target in catalogue(locale).items() if not context and "{" in source]
    sentences.sort(key=lambda entry: -len(_BRACE.sub("", entry[0])))
    return tuple((_pattern(source), target) for source, target in sentences)


def _pattern(template: str) -> re.Pattern[str]:
    """What format() may have made of `template`. Lines, columns and counts are numbers; everything else is any text."""
    parts = _BRACE.split(template)
    text = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        matches = r"-|\d+" if name in _NUMBERS else ".*?"
        text += f"(?P<{name}>{matches})" + re.escape(literal)
    return re.compile(text, re.DOTALL)


@cache
def catalogue(locale: str) -> Mapping[tuple[str, str], str]:
    """(context, source) -> translation, of one file; empty where there is none."""
    file = FOLDER / f"{locale}.po"
    return read(file.read_text(encoding="utf-8")) if file.is_file() else {}


def read(text: str) -> dict[tuple[str, str], str]:
    """The entries of a .po file: msgctxt, msgid, msgstr, each perhaps over several lines. Untranslated ones are left out."""
    found: dict[tuple[str, str], str] = {}
    for block in re.split(r"\n\s*\n", text):
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            match = re.match(r'(msgctxt|msgid|msgstr)?\s*(".*")\s*$', line)
            if match and not line.startswith("#"):
                name = match[1] or name
                parts[name] = parts.get(name, "") + str(ast.literal_eval(match[2]))
        if parts.get("msgid") and parts.get("msgstr"):
            found[parts.get("msgctxt", ""), parts["msgid"]] = parts["msgstr"]
    return found
