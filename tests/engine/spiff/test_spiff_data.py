"""Variables belong to scopes: what is seen, what is written where, what is stored."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.errors import ExpressionError, Invalid
from engine.spiff import Execution, Program
from tests.engine.spiff.builder import NOW, Run, diagram, end, flow, node, program, script, start, sub, user


def test_it_counts_what_two_branches_append_to_one_list() -> None:
    process = (
        start() + node("parallelGateway", "x") + user("a") + user("b") + script("c") + script("d") + node("parallelGateway", "y") + end()
    )
    run = Run(program(process, flow("s", "x", "a", "c", "y", "e"), flow("x", "b", "d", "y")))
    run.complete("b")
    run.complete("a")
    assert run.marks == ["d", "c"]


def test_it_keeps_inputs_inside_the_activity_and_outputs_outside() -> None:
    parameters = (
        '<camunda:inputParameter name="x">${y + 1}</camunda:inputParameter><camunda:outputParameter name="z">${x}</camunda:outputParameter>'
    )
    parameters += '<camunda:inputParameter name="ds"><camunda:list><camunda:value>${y}</camunda:value><camunda:value>hai</camunda:value>'
    parameters += '</camunda:list></camunda:inputParameter><camunda:inputParameter name="bang"><camunda:map>'
    parameters += '<camunda:entry key="k">${y}</camunda:entry></camunda:map></camunda:inputParameter>'
    inner = f"<extensionElements><camunda:inputOutput>{parameters}</camunda:inputOutput></extensionElements>"
    run = Run(program(start(), user("a", inner), flow("s", "a")), {"y": 1})
    seen = run.kept.visible(run.wait("a").id)
    assert (seen["x"], seen["ds"], seen["bang"], seen["y"]) == (2, [1, "hai"], {"k": 1}, 1)
    run.complete("a", {"x": 7, "moi": True})
    assert (run.variables["z"], run.variables["moi"]) == (7, True)
    assert "x" not in run.variables


def test_it_writes_to_the_nearest_scope_that_has_the_name() -> None:
    inner = '<property id="rieng"/>' + start("si") + script("a", "rieng = 5\nchung = 6\nmoi = 7") + user("w") + flow("si", "a", "w")
    run = Run(program(start(), sub("u", inner), flow("s", "u")), {"chung": 0})
    assert run.kept.visible(run.wait("w").id)["rieng"] == 5
    assert {k: v for k, v in run.variables.items() if k != "dau"} == {"chung": 6, "moi": 7}


def test_it_keeps_a_data_object_of_a_sub_process_in_it() -> None:
    inner = '<dataObject id="DataObject_1" name="ban_thao"/><dataObjectReference id="r" dataObjectRef="DataObject_1"/>'
    inner += start("si") + script("a", 'ban_thao = "x"') + user("w") + flow("si", "a", "w")
    run = Run(program(start(), sub("u", inner), flow("s", "u")))
    assert (run.kept.visible(run.wait("w").id)["ban_thao"], "ban_thao" in run.variables) == ("x", False)


def test_it_carries_data_along_associations_of_an_io_specification() -> None:
    specification = '<ioSpecification><dataInput id="DataInput_1" name="vao"/><dataOutput id="DataOutput_1" name="ra"/></ioSpecification>'
    specification += '<dataInputAssociation id="ia"><sourceRef>ref</sourceRef><targetRef>DataInput_1</targetRef></dataInputAssociation>'
    specification += '<dataOutputAssociation id="oa"><sourceRef>DataOutput_1</sourceRef><targetRef>ref2</targetRef></dataOutputAssociation>'
    objects = '<dataObject id="DataObject_1" name="ke_hoach"/><dataObjectReference id="ref" dataObjectRef="DataObject_1"/>'
    objects += '<dataObject id="DataObject_2" name="bao_cao"/><dataObjectReference id="ref2" dataObjectRef="DataObject_2"/>'
    run = Run(program(objects, start(), user("a", specification), flow("s", "a")), {"ke_hoach": 3})
    assert run.kept.visible(run.wait("a").id)["vao"] == 3
    run.complete("a", {"ra": 4})
    assert (run.variables["bao_cao"], "ra" in run.variables, "vao" in run.variables) == (4, False, False)


def test_it_only_draws_associations_without_names_and_data_stores() -> None:
    drawn = '<property id="p1" name="__targetRef_placeholder"/>'
    drawn += '<dataInputAssociation id="ia"><sourceRef>ref</sourceRef><targetRef>p1</targetRef>'
    drawn += '</dataInputAssociation><dataOutputAssociation id="oa"><targetRef>st</targetRef></dataOutputAssociation>'
    objects = '<dataObject id="DataObject_1"/><dataObjectReference id="ref" dataObjectRef="DataObject_1"/><dataStoreReference id="st"/>'
    run = Run(program(objects, start(), user("a", drawn), flow("s", "a")))
    run.complete("a")
    assert (run.state, run.variables) == ("completed", {"dau": []})


def test_it_sets_the_defaults_of_variables_that_are_not_given() -> None:
    properties = "".join(
        f'<camunda:property name="mac_dinh.{name}" value="{value}"/>'
        for name, value in (("han", "P30D"), ("ngay", "${1 + 2}"), ("co", "x"))
    )
    process = f"<extensionElements><camunda:properties>{properties}</camunda:properties></extensionElements>"
    run = Run(program(process, start(), user("a"), flow("s", "a")), {"co": "y"})
    assert (run.variables["han"], run.variables["ngay"], run.variables["co"]) == ("P30D", 3, "y")


def test_it_refuses_to_start_with_a_default_that_cannot_be_evaluated() -> None:
    properties = '<camunda:property name="mac_dinh.x" value="${khong_co + 1}"/>'
    compiled = program(f"<extensionElements><camunda:properties>{properties}</camunda:properties></extensionElements>", start())
    with pytest.raises(ExpressionError):
        Execution.start(compiled, now=NOW, variables={})


def test_it_refuses_to_start_where_there_is_no_such_start_event() -> None:
    compiled = program(start(), user("a"), flow("s", "a"))
    with pytest.raises(Invalid):
        Execution.start(compiled, now=NOW, variables={}, start_event="a")


def test_it_stores_dates_and_decimals_as_values() -> None:
    values = {
        "ngay": date(2026, 3, 1),
        "luc": datetime(2026, 3, 1, 8, tzinfo=UTC),
        "tien": Decimal("1.50"),
        "o": {"ds": [date(2026, 1, 1)]},
    }
    run = Run(program(start(), user("a"), flow("s", "a")), values)
    assert {name: run.stored.variables[name] for name in values} == values


def test_it_tells_expressions_the_time_of_the_case() -> None:
    run = Run(program(start(), user("a"), script("b", "luc = now()"), flow("s", "a", "b")))
    run.advance(days=3)
    run.complete("a")
    assert run.variables["luc"] == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert "_now" not in run.kept.dump()["scopes"][0].get("variables", {})


def test_it_is_not_changed_by_what_a_caller_does_with_his_values() -> None:
    given = {"ds": [1]}
    run = Run(program(start(), user("a"), user("b"), flow("s", "a", "b")))
    run.complete("a", given)
    given["ds"].append(2)
    assert run.kept.variables["ds"] == [1]


def test_it_stores_nothing_of_the_program() -> None:
    process = diagram(start() + user("a", name="Tên rất dài của bước này") + flow("s", "a"))
    execution = Execution.start(Program.compile(process, "p"), now=NOW, variables={})
    stored = json.dumps(execution.dump(), ensure_ascii=False)
    again = Program.compile(process, "p")
    loaded = Execution.load(again, json.loads(stored), now=NOW)
    assert loaded.waits == execution.waits
    assert len(stored) < 700


def test_it_refuses_a_state_of_another_format() -> None:
    with pytest.raises(ValueError, match="format"):
        Execution.load(program(start()), {"format": 0}, now=NOW)


def test_it_takes_the_list_of_a_multi_instance_from_an_associated_data_object() -> None:
    inner = '<ioSpecification><dataInput id="DataInput_1" name="vao"/><dataOutput id="DataOutput_1" name="ra"/></ioSpecification>'
    inner += '<dataInputAssociation id="ia"><sourceRef>ref</sourceRef><targetRef>DataInput_1</targetRef></dataInputAssociation>'
    inner += '<dataOutputAssociation id="oa"><sourceRef>DataOutput_1</sourceRef><targetRef>ref2</targetRef></dataOutputAssociation>'
    inner += "<multiInstanceLoopCharacteristics><loopDataInputRef>DataInput_1</loopDataInputRef>"
    inner += '<loopDataOutputRef>DataOutput_1</loopDataOutputRef><inputDataItem id="x1" name="muc"/><outputDataItem id="x2" name="kq"/>'
    inner += "</multiInstanceLoopCharacteristics>"
    objects = '<dataObject id="DataObject_1" name="ds"/><dataObjectReference id="ref" dataObjectRef="DataObject_1"/>'
    objects += '<dataObject id="DataObject_2" name="tong_hop"/><dataObjectReference id="ref2" dataObjectRef="DataObject_2"/>'
    run = Run(program(objects, start(), user("a", inner), flow("s", "a")), {"ds": [1, 2]})
    run.complete("a", {"kq": 10})
    assert "tong_hop" not in run.variables
    run.complete("a", {"kq": 20})
    assert (run.variables["tong_hop"], run.state) == ([10, 20], "completed")


@pytest.mark.parametrize(("attributes", "name"), [('id="ke_hoach" name="Bản"', "ke_hoach"), ('id="DataObject_0x" name="ban"', "ban")])
def test_it_names_a_variable_by_the_id_that_somebody_chose(attributes: str, name: str) -> None:
    inner = f"<dataObject {attributes}/>" + start("si") + user("w") + flow("si", "w")
    run = Run(program(start(), sub("u", inner), flow("s", "u")))
    assert name in run.kept.visible(run.wait("w").id)
