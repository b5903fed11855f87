"""The rules of docs/architecture.md that can be read off the code itself."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST = 350
SMALL_LIBRARIES = {
    "sqlalchemy",
    "lxml",
    "orjson",
    "zstandard",
    "starlark",
    "jsonschema",
    "structlog",
    "babel",
    "dateutil",
    "holidays",
    "xlsxwriter",
}
"""What the engine may use beside the standard library."""
FOR_HANDLERS = {"handler", "Job", "BpmnError"}
FOR_SPIFF = {"engine.errors", "engine.diagram", "engine.expressions", "engine.spiff"}
EVALUATORS = {"eval", "exec", "__import__"}


@dataclass(frozen=True)
class Import:
    """`name` of `module` (empty: the module itself) is imported in line `line` of `file`."""

    file: Path
    line: int
    module: str
    name: str = ""

    @property
    def full(self) -> str:
        """The module that is meant: `from engine import models` means engine.models."""
        return f"{self.module}.{self.name}" if self.name and is_module(f"{self.module}.{self.name}") else self.module

    @property
    def top(self) -> str:
        return self.module.split(".")[0]

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}{'.' + self.name if self.name else ''}"


def is_module(dotted: str) -> bool:
    path = ROOT / dotted.replace(".", "/")
    return path.with_suffix(".py").exists() or path.is_dir()


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


def imports(*folders: str) -> Iterator[Import]:
    """All imports, those inside functions and under TYPE_CHECKING included."""
    for file in python_files(*folders):
        package = file.relative_to(ROOT).with_suffix("").parts[:-1]
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (Import(file, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else ()
                module = ".".join([*above, *([node.module] if node.module else [])])
                yield from (Import(file, node.lineno, module, alias.name) for alias in node.names)


def standard(found: Import) -> bool:
    return found.top in sys.stdlib_module_names


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def in_spiff(found: Import) -> bool:
    return found.file.is_relative_to(ROOT / "engine/spiff")


def test_the_engine_imports_neither_flask_nor_web_nor_handlers() -> None:
    wrong = [
        str(found)
        for found in imports("engine")
        if not in_spiff(found) and not standard(found) and found.top != "engine" and found.top not in SMALL_LIBRARIES
    ]
    assert wrong == []


def test_only_spiff_imports_spiffworkflow_and_it_knows_nothing_else_of_the_engine() -> None:
    wrong = [
        str(found)
        for found in imports("engine/spiff")
        if not standard(found) and found.top not in {"SpiffWorkflow", "lxml", "orjson"} and not within(found.full, *FOR_SPIFF)
    ]
    assert wrong == []
    others = [
        str(found) for found in imports("engine", "handlers", "web", "migrations") if found.top == "SpiffWorkflow" and not in_spiff(found)
    ]
    assert others == []


def test_handlers_import_only_what_the_engine_offers_them() -> None:
    wrong = [
        str(found)
        for found in imports("handlers")
        if within(found.full, "web", "migrations", "SpiffWorkflow", "flask", "sqlalchemy")
        or (found.top == "engine" and (found.module != "engine" or found.name not in FOR_HANDLERS))
    ]
    assert wrong == []


def test_the_web_goes_through_the_engine_s_nouns() -> None:
    assert [str(found) for found in imports("web") if within(found.full, "engine.spiff", "SpiffWorkflow", "tests")] == []


def test_migrations_know_only_the_tables() -> None:
    wrong = [
        str(found)
        for found in imports("migrations")
        if not standard(found) and not within(found.full, "alembic", "sqlalchemy", "engine.db", "engine.models", "migrations")
    ]
    assert wrong == []


def test_nothing_but_tests_imports_tests() -> None:
    assert [str(found) for found in imports("engine", "handlers", "web", "migrations") if found.top == "tests"] == []


def evaluator(node: ast.AST) -> str:
    """The name by which `node` would make code from text, or nothing.

    `re.compile` and modules of that name are something else; `starlark.eval` is the evaluator of diagrams, which reaches no Python.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "compile":
        return "compile"
    if isinstance(node, ast.Name):
        return node.id if node.id in EVALUATORS else ""
    if isinstance(node, ast.Attribute) and node.attr in EVALUATORS:
        return "" if isinstance(node.value, ast.Name) and node.value.id == "starlark" else node.attr
    return ""


def test_no_code_is_made_from_text() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno} {evaluator(node)}"  # type: ignore[attr-defined]
        for file in python_files("engine", "handlers", "web", "migrations", "bench", "tests")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if evaluator(node)
    ]
    assert wrong == []


@pytest.mark.parametrize("text", ["eval('1')", "f = exec", "builtins.eval(x)", "__import__('os')", "compile(x, '', 'exec')"])
def test_it_would_notice_code_that_is_made_from_text(text: str) -> None:
    assert any(evaluator(node) for node in ast.walk(ast.parse(text)))


def test_no_code_is_made_from_text_in_the_browser() -> None:
    maker = re.compile(r"\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(")
    files = [*(ROOT / "web/frontend/src").rglob("*.js"), *(ROOT / "web/templates").rglob("*.html")]
    assert [str(file.relative_to(ROOT)) for file in files if maker.search(file.read_text())] == []


def test_no_file_needs_scrolling_for_long() -> None:
    files = [*python_files("engine", "handlers", "web", "migrations", "tests")]
    files += [file for folder, kind in (("src", "*.js"), ("src", "*.css")) for file in (ROOT / "web/frontend" / folder).rglob(kind)]
    files += (ROOT / "web/templates").rglob("*.html")
    # What Alembic wrote is read once and never changed.
    lengths = {file: len(file.read_text().splitlines()) for file in files if file.parent != ROOT / "migrations/versions"}
    assert {str(file.relative_to(ROOT)): length for file, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("name", ["services", "utils", "common", "helpers", "misc"])
def test_no_place_for_things_without_a_name(name: str) -> None:
    found = [path for folder in ("engine", "handlers", "web", "tests", "bench") for path in (ROOT / folder).rglob(f"{name}*")]
    wrong = [str(path.relative_to(ROOT)) for path in found if path.stem == name and "node_modules" not in path.parts]
    assert wrong == []


def test_the_engine_names_no_process() -> None:
    """Another procedure is another folder in bpmn/: the engine does not know one from the other."""
    processes = {path.stem for path in (ROOT / "bpmn").rglob("*.bpmn")}
    named = [
        f"{file.relative_to(ROOT)} names {process}"
        for file in python_files("engine")
        for process in processes
        if re.search(rf"\b{process}\b", file.read_text())
    ]
    assert named == []
