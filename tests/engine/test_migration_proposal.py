"""Which element of the new version stands for which of the old one."""

from __future__ import annotations

from collections.abc import Mapping

from engine import migration
from engine.diagram import Diagram
from tests.engine.cast import flow
from tests.engine.stage import PLAIN, drawn, fork, inside, task


def proposed(old: bytes, new: bytes) -> Mapping[str, str]:
    return {a: b for a, b in migration.propose(Diagram.read(old), Diagram.read(new)).items() if a != b}


def test_it_proposes_what_was_renamed() -> None:
    assert proposed(PLAIN, PLAIN.replace(b'"b"', b'"b2"')) == {"b": "b2"}
    assert proposed(inside(">"), inside(">", a="a2", b="b2").replace(b'"quanh"', b'"q2"')) == {"quanh": "q2", "a": "a2", "b": "b2"}
    assert proposed(fork(), fork(a="a2", join="gop2")) == {"a": "a2", "gop": "gop2"}


def test_it_proposes_the_one_of_the_same_name_wherever_it_stands_now() -> None:
    old = drawn('<startEvent id="dau"/>' + task("a", "Soạn") + task("b", "Duyệt") + flow("dau", "a", "b"))
    new = drawn('<startEvent id="dau"/>' + task("x", "Duyệt") + task("y", "Soạn") + flow("dau", "x", "y"))
    assert proposed(old, new) == {"a": "y", "b": "x"}


def test_it_proposes_nothing_where_two_would_fit() -> None:
    old = drawn('<startEvent id="dau"/>' + task("a") + flow("dau", "a"))
    new = drawn('<startEvent id="dau"/>' + task("x") + task("y") + flow("dau", "x") + flow("dau", "y"))
    assert proposed(old, new) == {}


def test_it_does_not_take_another_kind_of_element_for_the_same() -> None:
    assert "a" not in migration_of(
        PLAIN, PLAIN.replace(b'<userTask id="a"', b'<manualTask id="a"').replace(b"</userTask>", b"</manualTask>", 1)
    )


def migration_of(old: bytes, new: bytes) -> Mapping[str, str]:
    return migration.propose(Diagram.read(old), Diagram.read(new))
