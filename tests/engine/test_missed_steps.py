"""Which new steps a case has gone past where it stands."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from engine.diagram import Diagram
from engine.missed_steps import MissedSteps
from tests.engine.cast import flow
from tests.engine.stage import PLAIN, Stage, drawn, task, timer

GATES = '<startEvent id="dau"/><{kind} id="tach"/><{kind} id="gop"/><endEvent id="het"/>'


def missed(new: bytes, at: str, **mapping: str) -> list[str]:
    found = MissedSteps(Diagram.read(PLAIN), Diagram.read(new), "p", mapping).at([at])
    return [step.id for step in found]


def line(*steps: str) -> bytes:
    return drawn('<startEvent id="dau"/>' + "".join(map(task, steps)) + '<endEvent id="het"/>' + flow("dau", *steps, "het"))


def branches(kind: str) -> bytes:
    """a, then either or both of b and moi, then c."""
    body = GATES.format(kind=kind) + "".join(map(task, ("a", "b", "moi", "c")))
    return drawn(body + flow("dau", "a", "tach", "b", "gop", "c", "het") + flow("tach", "moi", "gop"))


@pytest.mark.parametrize(("at", "steps"), [("a", []), ("moi", []), ("b", ["moi"]), ("c", ["moi"]), ("het", ["moi"])])
def test_a_step_in_a_row_is_missed_by_what_stands_behind_it(at: str, steps: list[str]) -> None:
    assert missed(line("a", "moi", "b", "c"), at) == steps


def test_what_stands_for_an_old_step_is_not_new() -> None:
    assert missed(line("a2", "b", "c"), "c", a="a2") == []
    assert missed(line("a2", "b", "c"), "c") == ["a2"]


def test_a_branch_that_need_not_be_taken_is_not_missed_but_one_that_must_be_is() -> None:
    assert missed(branches("exclusiveGateway"), "c") == []
    assert missed(branches("inclusiveGateway"), "c") == []
    assert missed(branches("parallelGateway"), "c") == ["moi"]
    assert missed(branches("parallelGateway"), "b") == []


def test_a_loop_back_does_not_make_up_for_it() -> None:
    gate = '<startEvent id="dau"/><exclusiveGateway id="re"/><endEvent id="het"/>'
    looped = drawn(gate + "".join(map(task, ("a", "moi", "b"))) + flow("dau", "a", "moi", "b", "re", "het") + flow("re", "a"))
    assert missed(looped, "b") == ["moi"]


def test_a_new_sub_process_is_missed_as_one_and_gone_through_inside() -> None:
    inner = f'<subProcess id="nhom"><startEvent id="d"/>{task("x")}{task("y")}<endEvent id="e"/>{flow("d", "x", "y", "e")}</subProcess>'
    new = drawn(f'<startEvent id="dau"/>{task("a")}{inner}{task("b")}' + flow("dau", "a", "nhom", "b"))
    assert missed(new, "b") == ["nhom"]
    assert missed(new, "a") == []


def test_a_path_behind_a_boundary_event_misses_what_it_leads_round() -> None:
    late = timer("qua", "a", "P1D", interrupting=True)
    new = drawn(
        f'<startEvent id="dau"/>{task("a")}{late}{task("moi")}{task("b")}{task("c")}' + flow("dau", "a", "moi", "b") + flow("qua", "c")
    )
    assert (missed(new, "c"), missed(new, "b")) == ([], ["moi"])


def test_a_link_leads_on() -> None:
    def link(kind: str, name: str, id_: str) -> str:
        return f'<{kind} id="{id_}"><linkEventDefinition name="{name}"/></{kind}>'

    ends = link("intermediateThrowEvent", "A", "nem") + link("intermediateCatchEvent", "A", "bat")
    new = drawn(f'<startEvent id="dau"/>{task("a")}{task("moi")}{ends}{task("b")}' + flow("dau", "a", "moi", "nem") + flow("bat", "b"))
    assert missed(new, "b") == ["moi"]


def test_a_case_that_did_the_step_in_another_version_is_not_held_up(session: Session) -> None:
    stage = Stage(session)
    first = stage.version(line("a", "b", "c"))
    did, did_not = stage.start(first), stage.start(stage.version(line("b", "c")))
    stage.do(did, "a")
    second, back = did_not.definition, stage.version(line("a", "b", "c") + b" ")
    stage.move(did, second)
    assert stage.move(did, back).definition_id == back.id
    (obstacle,) = stage.refused(did_not, back)
    assert (obstacle.kind, obstacle.element_id) == ("missed", "a")
