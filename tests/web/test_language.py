"""Both languages say everything."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from engine import errors, sentences

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2)}
PARAMETERS = ("what", "action", "reason", "expected", "found")
HOLES = re.compile(r"%\((\w+)\)s")


def said() -> set[str]:
    """Every sentence of the pages."""
    methods = [("templates/**.html", "jinja2"), ("frontend/**", "ignore"), ("**.py", "python")]
    found = extract_from_dir(str(WEB), methods, keywords=KEYWORDS)
    return {message if isinstance(message, str) else message[0] for _file, _line, message, _comments, _context in found}


def test_every_sentence_of_the_pages_is_in_english_and_none_is_left_over() -> None:
    with (WEB / "translations/en/LC_MESSAGES/messages.po").open("rb") as stream:
        catalogue = read_po(stream)
    translated = {}
    for message in catalogue:
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[0]
            translated[one] = [message.string] if isinstance(message.string, str) else list(message.string)
            assert not message.fuzzy, one
    assert said() == set(translated)
    for source, texts in translated.items():
        for text in texts:
            assert text, source
            assert set(HOLES.findall(text)) == set(HOLES.findall(source)), source


def docstrings() -> set[str]:
    found = [kind for _name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.EngineError)]
    return {" ".join((kind.__doc__ or "").split()) for kind in found}


def test_every_refusal_of_the_engine_is_in_vietnamese_and_none_is_left_over() -> None:
    vietnamese = sentences.catalogue("vi")
    assert docstrings() == {source for context, source in vietnamese if not context}
    for (_context, source), text in vietnamese.items():
        assert text
        assert set(re.findall(r"\{(\w*)\}", text)) == set(re.findall(r"\{(\w*)\}", source)), source


def engine_words() -> set[str]:
    """Every text that is put into the braces of a refusal, read off the code; with `{}` for what is put into it in turn."""
    kinds = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.EngineError)}
    found = set()
    for file in [*(ROOT / "engine").rglob("*.py"), *WEB.glob("*.py"), *(WEB / "studio").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                values = [keyword.value for keyword in node.keywords if keyword.arg in PARAMETERS]
                found |= {text for value in values for text in texts(value)}
    return {text for text in found if re.search(r"[a-z]{2}", text.replace("{}", ""))}


def texts(value: ast.expr) -> set[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return texts(value.body) | texts(value.orelse)
    if isinstance(value, ast.JoinedStr):
        return {"".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values)}
    return set()


def test_what_stands_in_the_braces_of_a_refusal_is_in_vietnamese_too() -> None:
    words = {source for context, source in sentences.catalogue("vi") if context == "word"}
    assert engine_words() - words == set()
