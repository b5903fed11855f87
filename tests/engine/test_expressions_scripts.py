"""Script tasks: Starlark, whatever the diagram's indentation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import ZONE, check_script, run_script, script_names


@pytest.mark.parametrize(
    ("source", "case", "changed"),
    [
        ("a = x + 1", {"x": 1, "y": 2}, {"a": 2}),
        ("\r\n      a = x + 1\r\n      b = a\r\n    ", {"x": 1}, {"a": 2, "b": 2}),
        ("x = x", {"x": 1}, {}),
        ("x += 1", {"x": 1}, {"x": 2}),
        ("ds.append(4)", {"ds": [1]}, {"ds": [1, 4]}),
        ("ds += [2]\nk = ds", {"ds": [1]}, {"ds": [1, 2], "k": [1, 2]}),
        ("d.b.c = 7\nd['k'] = 1", {"d": {"b": {}}}, {"d": {"b": {"c": 7}, "k": 1}}),
        ("tong = 0\nfor i in ds:\n    if i > 1:\n        tong += i", {"ds": [1, 2, 3]}, {"tong": 5, "i": 3}),
        ("def gap(n):\n    return n * 2\nket_qua = gap(x)", {"x": 4}, {"ket_qua": 8}),
        ("if x > 5:\n    a = 1\nelse:\n    b = 2", {"x": 1}, {"b": 2}),
        ("tên = 'Bình'\nđ = tên + '!'", {}, {"tên": "Bình", "đ": "Bình!"}),
        ("han = today() + duration('P3D')", {"_now": datetime(2026, 11, 23, 1, tzinfo=ZONE)}, {"han": date(2026, 11, 26)}),
        ("# chỉ ghi chú\n", {}, {}),
        ("a, b = 1, 2", {}, {"a": 1, "b": 2}),
        ("x = [i for i in range(3)]", {}, {"x": [0, 1, 2]}),
    ],
)
def test_it_gives_what_the_script_set_or_changed(source: str, case: dict[str, Any], changed: dict[str, Any]) -> None:
    before = {name: list(value) if isinstance(value, list) else value for name, value in case.items()}
    assert run_script(source, case) == changed
    assert {name: value for name, value in case.items() if isinstance(value, list)} == {
        name: value for name, value in before.items() if isinstance(value, list)
    }


def test_it_names_the_line_that_failed() -> None:
    with pytest.raises(ExpressionError, match="division by zero") as caught:
        run_script("\n\n  x = 1\n  # hai\n  if x:\n      z = (\n        1 / 0)\n", {})
    assert caught.value.line == 6
    with pytest.raises(ExpressionError, match="no variable thieu; there are: co") as caught:
        run_script("a = co\nb = thieu", {"co": 1})
    assert caught.value.line == 2


def test_it_lists_names_read_and_set() -> None:
    reads, writes = script_names("a = x + 1\nds.append(y)\nk = [i for i in a]\ndef f(p):\n    q = p\n    return q\nm = f(z)\nn = today()")
    assert reads == {"x", "ds", "y", "a", "z"}
    assert writes == {"a", "k", "m", "n"}


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import os", 1),
        ("a = 1\nwhile True:\n    pass", 2),
        ("a = (", 1),
        ("a = 1\n    b = 2\n  c = 3", 2),
        ("class A:\n    pass", 1),
        ("x = 1\ntry:\n    y = 1\nexcept:\n    z = 1", 2),
        ("with a:\n    b = 1", 1),
        ("global x", 1),
        ("del x", 1),
        ("true = 1", 1),
        ("a = b ** 2", 1),
        ("_now = 1", 1),
        ("@f\ndef g():\n    pass", 1),
        ("from os import path", 1),
        ("async def f():\n    pass", 1),
        ("a = yield", 1),
        ("raise x", 1),
    ],
)
def test_it_refuses_what_scripts_do_not_have(source: str, line: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_script(source)
    assert caught.value.line == line


@pytest.mark.parametrize(
    "source",
    [
        "s = 'x'\nfor i in range(60):\n    s = s + s",
        "s = 'x'\nfor i in range(60):\n    s += s",
        "s = 'x'\nfor i in range(60):\n    s = '{}{}'.format(s, s)",
        "s = 'x'\nfor i in range(60):\n    s = s.join([s, s])",
        "s = []\nfor i in range(10000000000):\n    s.append(i)",
        "for i in range(1000000000):\n    pass",
        "s = []\ns.append(s)",
        "s = [1]\nfor i in range(60):\n    s = [s, s]",
        "s = [1]\nfor i in range(60):\n    s = [s, s]\nt = str(s)",
        "s = [1]\nfor i in range(60):\n    s.extend(s)",
        "s = [1]\nfor i in range(60):\n    s += s",
        "n = 3\nfor i in range(60):\n    n = n * n",
        "def f(a):\n    return f(a)\nb = f(1)",
        "d = {}\nfor i in range(100000000):\n    d[str(i)] = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
        "x = [['a' * 999999 for i in range(900)] for j in range(1000000)]",
    ],
)
def test_it_contains_a_script_that_loops_or_grows(source: str) -> None:
    with pytest.raises(ExpressionError):
        run_script(source, {})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("for i in range(1000000000):\n    pass", r"within 0\.25 seconds"),
        ("s = [1]\nfor i in range(60):\n    s = [s, s]", r"within 0\.25 seconds"),
        ("s = 'x'\nfor i in range(60):\n    s = '{}{}'.format(s, s)", "memory"),
        ("s = 'x'\nfor i in range(60):\n    s += s", "grows over the limit"),
        ("n = 3\nfor i in range(60):\n    n = n * n", "the number is too long"),
    ],
)
def test_it_says_which_limit_it_met(source: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        run_script(source, {})


def test_it_goes_on_with_the_next_script_after_one_that_was_stopped() -> None:
    with pytest.raises(ExpressionError):
        run_script("s = [1]\nfor i in range(60):\n    s = [s, s]\nt = str(s)", {})
    assert run_script("a = 1", {}) == {"a": 1}


def test_it_reads_a_script_that_begins_right_behind_its_tag() -> None:
    source = "a = 1\n            if a:\n                b = 2\n            c = a + b\n          "
    assert run_script(source, {}) == {"a": 1, "b": 2, "c": 3}
