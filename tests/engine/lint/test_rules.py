"""Every rule has a page, a good and a bad diagram, and says what it finds in whole sentences."""

from __future__ import annotations

import ast
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import engine.lint
from engine.errors import Finding, Severity
from engine.lint import RULES, verdict
from engine.lint.folder import Folder
from engine.lint.rule import name_of
from tests.engine.lint.folders import HERE, found, line, process

ROOT = HERE.parents[2]
NAMES = sorted(name_of(rule) for rule in RULES)


def _modules_with_a_check() -> list[str]:
    names = []
    for path in Path(engine.lint.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        if any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in tree.body):
            names.append(path.stem.replace("_", "-"))
    return sorted(names)


def test_it_keeps_rules_pages_and_diagrams_equal_lists() -> None:
    assert _modules_with_a_check() == NAMES
    assert sorted(page.stem for page in (ROOT / "docs/lint").glob("*.md") if page.stem != "README") == NAMES
    assert sorted(path.stem for path in (HERE / "good").glob("*.bpmn")) == NAMES
    assert sorted(path.stem for path in (HERE / "bad").glob("*.bpmn")) == NAMES


def test_it_lists_every_rule_on_the_first_page() -> None:
    readme = (ROOT / "docs/lint/README.md").read_text()
    assert [name for name in NAMES if f"({name}.md)" not in readme] == []


@pytest.mark.parametrize("name", NAMES)
def test_it_tells_what_why_and_how_on_the_page_of_a_rule(name: str) -> None:
    page = (ROOT / f"docs/lint/{name}.md").read_text()
    for heading in (f"# {name}", "## Kiểm tra gì", "## Vì sao", "## Sửa thế nào", "## In English"):
        assert heading in page, heading


@pytest.mark.parametrize("name", NAMES)
def test_it_has_nothing_to_say_about_the_good_diagram(name: str) -> None:
    assert found((HERE / f"good/{name}.bpmn").read_bytes(), name) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_finds_something_in_the_bad_diagram(name: str) -> None:
    findings = found((HERE / f"bad/{name}.bpmn").read_bytes(), name)
    assert findings
    for finding in findings:
        assert finding.file == "so_do.bpmn"
        assert finding.vi.endswith((".", "?")) and finding.en.endswith((".", "?"))
        assert finding.vi != finding.en


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_the_good_diagrams_for_programs(name: str) -> None:
    findings = found((HERE / f"good/{name}.bpmn").read_bytes())
    assert verdict(findings) == "deployable", findings


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"xml", "duplicate-ids"}))
def test_it_names_element_and_line_in_the_bad_diagram(name: str) -> None:
    for finding in found((HERE / f"bad/{name}.bpmn").read_bytes(), name):
        assert finding.element
        assert finding.line


def test_it_weighs_findings() -> None:
    def of(*severities: Severity) -> list[Finding]:
        return [Finding("r", severity, "a.", "b.") for severity in severities]

    assert verdict([]) == "deployable"
    assert verdict(of(Severity.WARNING)) == "deployable"
    assert verdict(of(Severity.WARNING, Severity.TODO)) == "draft"
    assert verdict(of(Severity.TODO, Severity.ERROR)) == "refused"


def test_it_says_that_a_rule_failed_and_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: object) -> object:
        raise RuntimeError("bất ngờ")

    monkeypatch.setattr(engine.lint.topic, "check", fail)
    findings = found((HERE / "good/xml.bpmn").read_bytes(), "topic")
    assert [finding.severity for finding in findings] == [Severity.ERROR]
    assert "bất ngờ" in findings[0].vi


def test_it_runs_the_rule_of_the_recipe(tmp_path: Path) -> None:
    page = (ROOT / "docs/how-to/add-a-lint-rule.md").read_text()
    (tmp_path / "long_name.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    spec = spec_from_file_location("long_name", tmp_path / "long_name.py")
    assert spec and spec.loader
    rule = module_from_spec(spec)
    spec.loader.exec_module(rule)
    name = "Lập kế hoạch " * 20
    diagram = process(line(f'<userTask id="lap" name="{name}"/>')).encode()
    assert [finding.element for finding in rule.check(Folder({"a.bpmn": diagram}))] == ["lap"]
    assert list(rule.check(Folder({"a.bpmn": diagram.replace(name.encode(), b"x")}))) == []
