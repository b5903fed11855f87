"""Drawings that are not programs yet are drafts with a to-do list, not refusals."""

from __future__ import annotations

from engine.errors import Severity
from engine.lint import verdict
from tests.engine.lint.folders import flow, found, line, process, script, severities

LOST = script("le") + flow("le", "le2") + script("le2") + flow("le2", "le")


def test_it_puts_errors_of_a_drawing_on_its_to_do_list() -> None:
    drawing = process(line(script("ghi")) + LOST, 'isExecutable="false"')
    findings = found(drawing)
    assert verdict(findings) == "draft"
    assert {"executable", "unreachable"} <= {finding.rule for finding in findings}


def test_it_refuses_the_same_errors_in_a_program() -> None:
    assert verdict(found(process(line(script("ghi")) + LOST))) == "refused"


def test_it_takes_an_unfinished_process_that_does_not_say_for_a_drawing() -> None:
    unfinished = line('<task id="lam"/>') + LOST
    assert verdict(found(process(unfinished, ""))) == "draft"
    assert verdict(found(process(unfinished))) == "refused"


def test_it_takes_a_condition_in_prose_for_unfinished() -> None:
    body = (
        '<startEvent id="s"/><exclusiveGateway id="g" default="g__f"/><endEvent id="e"/><endEvent id="f"/><task id="lam"/>'
        + flow("s", "lam") + flow("lam", "g") + flow("g", "e", "Cán bộ đồng ý?") + flow("g", "f")
    )  # fmt: skip
    findings = found(process(body), "expression")
    assert severities(findings) == [Severity.TODO]
    findings = found(process(body.replace("<task", "<manualTask")), "expression")
    assert severities(findings) == [Severity.ERROR]


def test_it_refuses_a_drawing_whose_file_cannot_be_trusted() -> None:
    twice = process(line(script("ghi")) + script("ghi"), 'isExecutable="false"')
    assert verdict(found(twice)) == "refused"


def test_it_takes_a_drawn_process_beside_a_program_as_a_picture() -> None:
    both = process(line(script("ghi"))).replace(
        "</definitions>", '<process id="doi_tac" isExecutable="false"><startEvent id="x"/></process></definitions>'
    )
    assert verdict(found(both)) == "deployable"
