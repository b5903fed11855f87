"""Variables: names nothing can set, and names that two branches set."""

from __future__ import annotations

import pytest

from tests.engine.lint.folders import flow, found, line, process, script

FORM = 'camunda:formRef="ke_hoach"'
ASKED = f'<startEvent id="s" {FORM}/>'


def _reading(condition: str, start: str = ASKED, more: str = "") -> str:
    body = f'{start}{more}<exclusiveGateway id="g" default="g__f"/><endEvent id="e"/><endEvent id="f"/>'
    first = "m" if more else "g"
    chain = flow("s", first) + (flow("m", "g") if more else "")
    return process(body + chain + flow("g", "e", condition) + flow("g", "f"))


def _unknown(diagram: str) -> list[str]:
    return [finding.vi for finding in found(diagram, "unknown-name")]


def test_it_names_a_variable_that_nothing_sets() -> None:
    assert "khong_ai_ghi" in _unknown(_reading("${khong_ai_ghi == 1}"))[0]


def test_it_proposes_the_name_that_was_probably_meant() -> None:
    assert "Có phải ý là so_luong?" in _unknown(_reading("${so_luog > 1}".replace(">", "&gt;")))[0]


@pytest.mark.parametrize(
    "more",
    [
        script("m", "ket_qua = 1"),
        '<serviceTask id="m" name="Gửi" camunda:type="external" camunda:topic="gui_thu"/>',
        '<businessRuleTask id="m" name="Xét" camunda:decisionRef="tieu_chuan" camunda:resultVariable="ket_qua"/>',
        '<callActivity id="m" calledElement="khac"><extensionElements><camunda:out source="a" target="ket_qua"/></extensionElements>'
        "</callActivity>",
        '<manualTask id="m"><extensionElements><camunda:inputOutput><camunda:outputParameter name="ket_qua">1</camunda:outputParameter>'
        "</camunda:inputOutput></extensionElements></manualTask>",
        '<receiveTask id="m" messageRef="tin"/>',
    ],
)
def test_it_knows_what_can_set_a_variable(more: str) -> None:
    diagram = _reading("${ket_qua == 1}", more=more).replace("<process", '<message id="tin" name="tin"/><process')
    assert _unknown(diagram) == []


def test_it_is_silent_where_a_case_may_be_started_with_anything() -> None:
    assert _unknown(_reading("${khong_ai_ghi == 1}", start='<startEvent id="s"/>')) == []


def test_it_tells_numbered_names_apart() -> None:
    more = script("m", "dong_gop_1 = 1")
    assert _unknown(_reading("${dong_gop_2 == 1}", start='<startEvent id="s"/>', more=more)) == []


def test_it_knows_the_counters_of_a_multi_instance() -> None:
    loop = (
        '<multiInstanceLoopCharacteristics camunda:collection="${ds}" camunda:elementVariable="mot">'
        "<completionCondition>${nrOfCompletedInstances == nrOfInstances or loopCounter == 3 or mot == 1}</completionCondition>"
        "</multiInstanceLoopCharacteristics>"
    )
    more = f'{script("m0", "ds = [1]")}<userTask id="m" name="Góp ý" camunda:assignee="${{mot}}" {FORM}>{loop}</userTask>'
    diagram = _reading("${so_luong == 1}", more=more).replace('targetRef="m"', 'targetRef="m0"') + ""
    assert _unknown(diagram.replace("</process>", flow("m0", "m") + "</process>")) == []


def _parallel(a: str, b: str, gateway: str = "parallelGateway") -> list[str]:
    body = f'<startEvent id="s"/><{gateway} id="t"/><{gateway} id="j"/><endEvent id="e"/>{a}{b}'
    condition = "" if gateway == "parallelGateway" else "${x}"
    body += flow("s", "t") + flow("t", "a", condition) + flow("t", "b", condition) + flow("a", "j") + flow("b", "j") + flow("j", "e")
    return [finding.vi for finding in found(process(body), "parallel-writes")]


def test_it_warns_of_a_scalar_that_two_branches_set() -> None:
    said = _parallel(script("a", "y_kien = 1"), script("b", "y_kien = 2"))
    assert len(said) == 1
    assert "y_kien" in said[0]
    assert len(_parallel(script("a", "y_kien = 1"), script("b", "y_kien = 2"), "inclusiveGateway")) == 1


@pytest.mark.parametrize("source", ["ds.append(1)", "ds += [1]", "dem = dem + 1"])
def test_it_lets_branches_append_and_count(source: str) -> None:
    assert _parallel(script("a", source), script("b", source)) == []


def test_it_lets_branches_of_a_choice_set_the_same_name() -> None:
    assert _parallel(script("a", "y = 1"), script("b", "y = 2"), "exclusiveGateway") == []


def test_it_counts_what_forms_ask_for() -> None:
    task = f'<userTask id="a" name="Góp ý" camunda:candidateGroups="tham_muu" {FORM}/>'
    assert "so_luong" in _parallel(task, script("b", "so_luong = 2"))[0]


def test_it_lets_what_stays_inside_an_activity_be() -> None:
    inside = '<camunda:inputOutput><camunda:inputParameter name="y">1</camunda:inputParameter></camunda:inputOutput>'
    inside = f"<extensionElements>{inside}</extensionElements>"
    a = script("a", "y = 1").replace("<script>", f"{inside}<script>")
    assert _parallel(a, script("b", "y = 2")) == []


def test_it_wants_the_answers_of_many_to_be_collected() -> None:
    task = (
        f'<userTask id="t" name="Góp ý" camunda:candidateGroups="tham_muu" {FORM}>'
        '<multiInstanceLoopCharacteristics camunda:collection="${ds}">%s</multiInstanceLoopCharacteristics></userTask>'
    )
    assert "loopDataOutputRef" in found(process(line(task % "")), "parallel-writes")[0].vi
    assert found(process(line(task % "<loopDataOutputRef>y_kien</loopDataOutputRef>")), "parallel-writes") == []
