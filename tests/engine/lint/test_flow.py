"""What follows what: drawings that are unusual, and right."""

from __future__ import annotations

from tests.engine.lint.folders import flow, found, process, script

TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def rules(body: str) -> set[str]:
    return {finding.rule for finding in found(process(ENDS + body))}


def test_it_follows_a_link_to_its_other_end() -> None:
    body = script("a") + '<intermediateThrowEvent id="di"><linkEventDefinition name="x"/></intermediateThrowEvent>'
    body += '<intermediateCatchEvent id="den"><linkEventDefinition name="x"/></intermediateCatchEvent>'
    body += flow("s", "di") + flow("den", "a") + flow("a", "e")
    assert rules(body) == set()
    assert {"event-definition", "unreachable"} <= rules(body.replace('name="x"', 'name="y"', 1))


def test_it_reaches_a_compensation_handler_by_its_association() -> None:
    body = script("a") + '<boundaryEvent id="b" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    body += script("bu") + '<association id="n" sourceRef="b" targetRef="bu"/>' + flow("s", "a") + flow("a", "e")
    assert "unreachable" not in rules(body)
    assert "unreachable" in rules(body.replace('sourceRef="b" targetRef="bu"', 'sourceRef="b" targetRef="a"'))


def test_it_lets_steps_of_an_ad_hoc_sub_process_stand_alone() -> None:
    done = "<completionCondition>${True}</completionCondition>"
    body = f'<adHocSubProcess id="n">{script("a")}{script("b")}{done}</adHocSubProcess>' + flow("s", "n") + flow("n", "e")
    assert rules(body) == set()


def test_it_lets_a_reminder_come_each_round() -> None:
    body = '<exclusiveGateway id="lai"/><userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach"/>'
    body += f'<boundaryEvent id="nhac" attachedToRef="t" cancelActivity="false">{TIMER}</boundaryEvent><endEvent id="da_nhac"/>'
    body += '<serviceTask id="thu" name="Nhắc" camunda:type="external" camunda:topic="gui_thu"/><exclusiveGateway id="g" default="g__e"/>'
    body += flow("s", "lai") + flow("lai", "t") + flow("t", "g") + flow("g", "lai", "${so_luong == 0}") + flow("g", "e")
    body += flow("nhac", "thu") + flow("thu", "da_nhac")
    assert rules(body) == set()


def test_it_knows_that_a_default_flow_is_taken_alone() -> None:
    body = '<inclusiveGateway id="t" default="t__b"/><inclusiveGateway id="j"/>' + script("a", "y = 1") + script("b", "y = 2")
    body += flow("s", "t") + flow("t", "a", "${x}") + flow("t", "b") + flow("a", "j") + flow("b", "j") + flow("j", "e")
    assert rules(body) == set()


def test_it_wants_no_default_where_the_way_in_has_the_same_condition() -> None:
    body = '<exclusiveGateway id="g" default="g__e"/><inclusiveGateway id="h"/><manualTask id="a"/><manualTask id="b"/>'
    body += flow("s", "g") + flow("g", "h", "${dat}") + flow("g", "e") + flow("h", "a", "${dat}") + flow("h", "b", "${them}")
    body += flow("a", "e") + flow("b", "e")
    assert "gateway-condition" not in rules(body)
    assert "gateway-condition" in rules(body.replace("${them}", "${dat}").replace("${dat}", "${khac}", 1))
