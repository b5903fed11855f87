"""Single elements: timers, tasks, groups, gateways, references, extensions."""

from __future__ import annotations

import pytest

from engine.errors import Severity
from engine.lint import lint, verdict
from tests.engine.lint.folders import companions, flow, found, line, process, script, severities

DURATIONS = ["P3D", "PT4H30M", "P1Y2M10DT2H30M", "PT0.5S", "PT0,5S", "P2W", "-P1D", "PT1S"]


def _timer(kind: str, value: str) -> list[Severity]:
    node = (
        f'<intermediateCatchEvent id="cho"><timerEventDefinition><{kind}>{value}</{kind}></timerEventDefinition></intermediateCatchEvent>'
    )
    return severities([f for f in found(process(line(node))) if f.severity is not Severity.WARNING])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("timeDuration", value) for value in DURATIONS),
        ("timeDate", "2026-03-01T08:00:00+07:00"),
        ("timeDate", "2026-03-01T08:00:00Z"),
        ("timeDate", "2026-03-01"),
        ("timeCycle", "R3/P1D"),
        ("timeCycle", "R/PT1H"),
        ("timeCycle", "R/2026-01-01T08:00:00+07:00/P1D"),
        ("timeDuration", "${thoi_han}"),
        ("timeDuration", "\n  PT1S\n"),
    ],
)
def test_it_takes_constant_timers_that_are_iso_8601(kind: str, value: str) -> None:
    assert _timer(kind, value) == []


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("timeDuration", "3 ngày"),
        *(("timeDuration", value) for value in ("P1H", "P", "PT", "3D", "P1DT", "PD", '"PT1S"', "P99999Y", "P999999999999D")),
        ("timeCycle", "R0/P1D"),
        ("timeDate", "01/03/2026"),
        ("timeDate", "2026-02-30"),
        ("timeDate", "P3D"),
        ("timeCycle", "R3"),
        ("timeCycle", "P1D"),
        ("timeCycle", "0 0 8 * * ?"),
    ],
)
def test_it_refuses_constant_timers_that_are_not(kind: str, value: str) -> None:
    assert _timer(kind, value)[:1] == [Severity.ERROR]


def test_it_gives_the_reason_for_refusing_cron() -> None:
    node = "<timerEventDefinition><timeCycle>0 8 * * MON</timeCycle></timerEventDefinition>"
    assert "múi giờ" in found(process(line(f'<intermediateCatchEvent id="c">{node}</intermediateCatchEvent>')), "timer")[0].vi


def test_it_takes_a_timer_without_value_for_unfinished() -> None:
    assert _timer("timeDuration", "") == [Severity.TODO]


def _calendar(lich: str) -> str:
    property_ = f'<camunda:property name="lich" value="{lich}"/>'
    return f"<extensionElements><camunda:properties>{property_}</camunda:properties></extensionElements>"


def _working(lich: str, event: str, value: str) -> list[str]:
    properties = _calendar(lich)
    timer = f"<timerEventDefinition><timeDuration>{value}</timeDuration></timerEventDefinition>"
    who = 'name="Lập" camunda:formRef="ke_hoach" camunda:candidateGroups="a"'
    task = f'<userTask id="t" {who} camunda:dueDate="{value}">{properties}</userTask>'
    nodes = {"timer": f'<intermediateCatchEvent id="cho">{properties}{timer}</intermediateCatchEvent>', "task": task}
    return [f.en for f in found(process(line(nodes[event]))) if f.rule in ("timer", "attribute-value")]


@pytest.mark.parametrize("event", ["timer", "task"])
def test_it_takes_working_days_and_hours_and_refuses_what_has_none(event: str) -> None:
    for lich, value in (("ngay_lam_viec", "P10D"), ("ngay_lam_viec@so_a", "PT4H"), ("${kieu}", "P1M"), ("ngay_lam_viec", "${han}")):
        assert _working(lich, event, value) == []
    for value in ("P1M", "P1Y", "P2W", "-P1D"):
        assert "expected working days or hours" in _working("ngay_lam_viec", event, value)[0]
    assert "to be ngay_lam_viec" in _working("ngay_nghi", event, "P10D")[0]


def test_it_refuses_working_days_on_a_start_event() -> None:
    properties = _calendar("ngay_lam_viec")
    start = f'<startEvent id="s">{properties}<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition></startEvent>'
    text = process(f'{start}<endEvent id="e"/>{flow("s", "e")}')
    assert any("Expected start timer" in f.en for f in found(text, "timer"))


@pytest.mark.parametrize("groups", ["tham_muu", "a,b", "noi_di@${to_chuc}", "@ban_x", "${nhom}", "${f('a, b')}", "a-b.c@d, ${x}@y"])
def test_it_takes_groups_by_role_and_organisation(groups: str) -> None:
    task = f'<userTask id="t" name="Lập" camunda:formRef="ke_hoach" camunda:candidateGroups="{groups}"/>'
    assert found(process(line(task)), "candidate-groups") == []


@pytest.mark.parametrize("groups", ["tham mưu viên", "a;b", "a,,b", "a@", "a@b@c", "@", ","])
def test_it_refuses_groups_written_otherwise(groups: str) -> None:
    task = f'<userTask id="t" name="Lập" camunda:formRef="ke_hoach" camunda:candidateGroups="{groups}"/>'
    assert set(severities(found(process(line(task)), "candidate-groups"))) == {Severity.ERROR}


def test_it_wants_a_handler_for_a_topic_only_when_handlers_are_known() -> None:
    diagram = process(line('<serviceTask id="t" name="Gửi" camunda:type="external" camunda:topic="la"/>')).encode()
    assert [f.rule for f in lint({"a.bpmn": diagram}, topics=[])] == ["topic"]
    assert lint({"a.bpmn": diagram}) == []


@pytest.mark.parametrize(
    "how", ['camunda:class="a.B"', 'camunda:delegateExpression="${b}"', 'camunda:expression="${b.c()}"', 'camunda:type="mail"']
)
def test_it_refuses_java_behind_a_service_task(how: str) -> None:
    assert severities(found(process(line(f'<serviceTask id="t" name="Gửi" {how}/>')), "topic")) == [Severity.ERROR]


def test_it_takes_a_send_task_that_names_a_message() -> None:
    task = '<sendTask id="t" name="Gửi" messageRef="tin"/>'
    assert found(process(line(task), before='<message id="tin" name="tin"/>'), "topic") == []
    assert severities(found(process(line('<sendTask id="t" name="Gửi"/>')), "topic")) == [Severity.TODO]


def test_it_names_the_format_of_a_script_that_it_refuses() -> None:
    task = script("t").replace("starlark", "groovy")
    assert "groovy" in found(process(line(task)), "script")[0].vi


def test_it_tells_line_and_column_of_a_wrong_script() -> None:
    finding = found(process(line(script("t", "\n\nx = 1\ny = = 2"))), "script")[0]
    assert finding.line == 4
    assert "dòng 4" in finding.vi


def test_it_takes_prefixed_references() -> None:
    node = '<intermediateThrowEvent id="bao"><signalEventDefinition signalRef="v:tin"/></intermediateThrowEvent>'
    diagram = process(line(node), before='<signal id="tin" name="tin"/>').replace('targetRef="bao"', 'targetRef="v:bao"')
    assert verdict(found(diagram)) == "deployable", found(diagram)


@pytest.mark.parametrize(
    "body",
    [
        line('<manualTask id="t" default="khong_co"/>'),
        line('<intermediateThrowEvent id="t"><signalEventDefinition signalRef="khong_co"/></intermediateThrowEvent>'),
        line('<manualTask id="t"/>')
        + '<boundaryEvent id="b" attachedToRef="khong_co"><signalEventDefinition signalRef="tin"/></boundaryEvent>',
        line('<manualTask id="t"/>') + '<boundaryEvent id="b"><signalEventDefinition signalRef="tin"/></boundaryEvent>',
        line('<manualTask id="t"/>') + '<laneSet><lane id="l"><flowNodeRef>khong_co</flowNodeRef></lane></laneSet>',
        line('<intermediateCatchEvent id="t"><eventDefinitionRef>khong_co</eventDefinitionRef></intermediateCatchEvent>'),
        line('<manualTask id="t"/>') + '<dataObjectReference id="d" dataObjectRef="khong_co"/>',
    ],
)
def test_it_finds_references_to_nothing(body: str) -> None:
    assert Severity.ERROR in severities(found(process(body, before='<signal id="tin" name="tin"/>'), "dangling-reference"))


def test_it_wants_no_default_where_two_conditions_contradict_each_other() -> None:
    def warned(one: str, other: str) -> bool:
        body = '<startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="e"/><endEvent id="f"/>' + flow("s", "g")
        return bool(found(process(body + flow("g", "e", one) + flow("g", "f", other)), "gateway-condition"))

    assert not warned("${x == 1}", "${x != 1}")
    assert not warned("${dong_y}", "${not dong_y}")
    assert not warned("${dong_y}", "${!dong_y}")
    assert not warned("${x &gt;= 3}", "${x &lt; 3}")
    assert warned("${x == 1}", "${x == 2}")
    assert warned("${x == 1 and y == 2}", "${x != 1 and y == 2}")


@pytest.mark.parametrize("extension", ["camunda:executionListener", "camunda:taskListener"])
def test_it_refuses_listeners(extension: str) -> None:
    inside = f'<extensionElements><{extension} event="start"/></extensionElements>'
    task = f'<userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach">{inside}</userTask>'
    assert severities(found(process(line(task)), "camunda-extension")) == [Severity.ERROR]


def test_it_lets_harmless_attributes_be() -> None:
    attributes = 'isExecutable="true" camunda:historyTimeToLive="P180D" camunda:versionTag="1"'
    task = (
        '<userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach" camunda:asyncBefore="true" camunda:exclusive="false"/>'
    )
    assert found(process(line(task), attributes)) == []


def test_it_refuses_a_view_that_does_not_exist() -> None:
    task = (
        '<userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach"><extensionElements><camunda:properties>'
        '<camunda:property name="pham_vi_xem" value="nhiem-vu"/></camunda:properties></extensionElements></userTask>'
    )
    assert severities(found(process(line(task)), "user-task")) == [Severity.ERROR]


def test_it_takes_a_loop_with_a_waiting_step_for_one_that_stops() -> None:
    def loop(node: str) -> list[Severity]:
        body = f'<startEvent id="s"/><exclusiveGateway id="g"/>{node}' + flow("s", "g") + flow("g", "m") + flow("m", "g")
        return severities(found(process(body), "endless-loop"))

    assert loop(script("m")) == [Severity.ERROR]
    assert loop('<userTask id="m" name="Sửa" camunda:assignee="a"/>') == []
    assert loop(f'<subProcess id="m">{line(script("x")).replace(chr(34) + "s" + chr(34), chr(34) + "s2" + chr(34))}</subProcess>') == [
        Severity.ERROR
    ]


def test_it_reports_a_form_and_a_decision_that_cannot_be_read() -> None:
    files = {**companions(), "forms/ke_hoach.form": b"{", "tieu_chuan.dmn": b"<a/>"}
    files["a.bpmn"] = process(line('<userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach"/>')).encode()
    assert {(f.rule, f.file) for f in lint(files)} == {("form-reference", "forms/ke_hoach.form"), ("decision-reference", "tieu_chuan.dmn")}


def test_it_calls_a_process_of_another_file_of_the_folder() -> None:
    caller = process(line('<callActivity id="t" name="Gọi" calledElement="con"/>')).encode()
    called = process(line(script("x"))).replace('process id="p"', 'process id="con"').encode()
    assert [f.severity for f in lint({"a.bpmn": caller})] == [Severity.WARNING]
    assert lint({"a.bpmn": caller, "b.bpmn": called}) == []


def test_it_wants_a_constant_time_for_starting_a_case() -> None:
    start = '<startEvent id="s"><timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition></startEvent><endEvent id="e"/>'
    body = start + flow("s", "e")
    assert found(process(body.format("P1D")), "timer") == []
    assert severities(found(process(body.format("${thoi_han}")), "timer")) == [Severity.ERROR]


@pytest.mark.parametrize(
    ("attribute", "value", "right"),
    [
        ("dueDate", "P3D", True),
        ("dueDate", "2026-03-31", True),
        ("dueDate", "${han}", True),
        ("dueDate", "31/03/2026", False),
        ("followUpDate", "hôm sau", False),
        ("priority", "70", True),
        ("priority", "cao", False),
    ],
)
def test_it_checks_constant_attributes(attribute: str, value: str, right: bool) -> None:
    task = f'<userTask id="t" name="Lập" camunda:assignee="a" camunda:formRef="ke_hoach" camunda:{attribute}="{value}"/>'
    assert (found(process(line(task)), "attribute-value") == []) is right


@pytest.mark.parametrize(
    ("cycle", "right"), [("R3/PT10M", True), ("R5/PT1H30M", True), ("PT10M,PT20M", False), ("R3/PT", False), ("R3/P1D", False)]
)
def test_it_checks_retry_cycles(cycle: str, right: bool) -> None:
    inside = f"<extensionElements><camunda:failedJobRetryTimeCycle>{cycle}</camunda:failedJobRetryTimeCycle></extensionElements>"
    task = f'<serviceTask id="t" name="Gửi" camunda:type="external" camunda:topic="gui_thu">{inside}</serviceTask>'
    assert (found(process(line(task)), "attribute-value") == []) is right
