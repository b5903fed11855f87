"""What differs between two states of a folder: in what is said, apart from how it is written and where it is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from engine import comparison
from engine.comparison import Change, Difference, Kind
from engine.comparison.model import out_of_order
from tests.engine.cast import bpmn, flow
from tests.engine.dmn import LATEST

FOLDER = Path(__file__).parents[2] / "bpmn"
DRAWN = (
    '<startEvent id="dau"/><userTask id="soan" name="Soạn" camunda:candidateGroups="viet"><documentation>Viết.</documentation></userTask>'
    '<boundaryEvent id="han" attachedToRef="soan"><timerEventDefinition id="t1"><timeDuration>P3D</timeDuration></timerEventDefinition>'
    '</boundaryEvent><exclusiveGateway id="chon" name="Đạt?" default="c_b"/><endEvent id="a" name="Đạt"/><endEvent id="b" name="Trả lại"/>'
    + flow("dau", "soan", "chon")
    + '<sequenceFlow id="c_a" sourceRef="chon" targetRef="a"/><sequenceFlow id="c_b" sourceRef="chon" targetRef="b"/>'
)
FIRST = '<sequenceFlow id="dau_soan" sourceRef="dau" targetRef="soan"/>'
LAID_OUT = (
    '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">'
    '<bpmndi:BPMNPlane><bpmndi:BPMNShape id="s1" bpmnElement="soan"><dc:Bounds x="100" y="80" width="100" height="80"/>'
    "</bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"
)


def drawn(*swaps: tuple[str, str]) -> bytes:
    text = bpmn(DRAWN).decode().replace("</definitions>", LAID_OUT)
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def between(*swaps: tuple[str, str]) -> tuple[Difference, ...]:
    found = comparison.details("p.bpmn", drawn(), drawn(*swaps))
    assert found.unread is None
    return found.elements


def only(*swaps: tuple[str, str]) -> Difference:
    (found,) = between(*swaps)
    return found


# --- diagrams ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.bpmn")), ids=lambda file: str(file.name))
def test_it_finds_no_difference_between_a_diagram_and_itself(file: Path) -> None:
    assert comparison.details(file.name, file.read_bytes(), file.read_bytes()) == comparison.Details("diagram")


@pytest.mark.parametrize(
    "swaps",
    [
        [("><userTask", ">\r\n   <userTask")],
        [("Viết.", "\n  Viết.\n")],
        [('id="t1"', 'id="TimerEventDefinition_0x1z9"')],
        [('attachedToRef="soan"', 'cancelActivity="true" attachedToRef="soan"')],
        [('name="Soạn" camunda:candidateGroups="viet"', 'camunda:candidateGroups="viet" name="Soạn"')],
        [("xmlns:camunda=", "xmlns:c7="), ("camunda:", "c7:")],
        [(FIRST, ""), ("</process>", FIRST + "</process>")],
        [("Soạn", "Soa\u0323n")],
        [('<startEvent id="dau"/>', '<startEvent id="dau"><!-- mới --><outgoing>dau_soan</outgoing></startEvent>')],
    ],
)
def test_it_is_no_difference_how_a_diagram_is_written(swaps: list[tuple[str, str]]) -> None:
    assert between(*swaps) == ()


@pytest.mark.parametrize(
    ("swap", "element", "change"),
    [
        (('name="Soạn"', 'name="Viết"'), "soan", Change("name", "Soạn", "Viết")),
        (('camunda:candidateGroups="viet"', ""), "soan", Change("camunda:candidateGroups", "viet", None)),
        (("Viết.", "Viết kỹ."), "soan", Change("documentation", "Viết.", "Viết kỹ.")),
        (("P3D", "P10D"), "han", Change("timerEventDefinition/timeDuration", "P3D", "P10D")),
        (('attachedToRef="soan"', 'attachedToRef="soan" cancelActivity="false"'), "han", Change("cancelActivity", None, "false")),
        (('targetRef="b"', 'targetRef="a"'), "c_b", Change("targetRef", "Trả lại", "Đạt")),
        (('default="c_b"', 'default="c_a"'), "chon", Change("default", "c_b", "c_a")),
        (("userTask", "manualTask"), "soan", Change("type", "userTask", "manualTask")),
        (('isExecutable="true"', 'isExecutable="false"'), "p", Change("isExecutable", "true", "false")),
    ],
)
def test_it_says_what_of_an_element_changed(swap: tuple[str, str], element: str, change: Change) -> None:
    found = only(swap)
    assert (found.id, found.kind, found.changes) == (element, Kind.CHANGED, (change,))


def test_it_tells_what_was_added_and_removed() -> None:
    more = '<endEvent id="c" name="Dừng"/><sequenceFlow id="han_c" sourceRef="han" targetRef="c"/></process>'
    added = between(("</process>", more))
    assert [(one.id, one.kind, one.type, one.ends) for one in added] == [
        ("c", Kind.ADDED, "endEvent", None),
        ("han_c", Kind.ADDED, "sequenceFlow", ("han", "Dừng")),
    ]
    removed = comparison.details("p.bpmn", drawn(("</process>", more)), drawn()).elements
    assert {(one.id, one.kind) for one in removed} == {("c", Kind.REMOVED), ("han_c", Kind.REMOVED)}


def test_it_tells_a_moved_shape_from_a_changed_one() -> None:
    assert only(('y="80"', 'y="200"')).kind is Kind.MOVED
    both = only(('y="80"', 'y="200"'), ('name="Soạn"', 'name="Viết"'))
    assert (both.kind, both.moved) == (Kind.CHANGED, True)
    assert between(('y="80"', 'y="80.2"')) == ()


def test_it_sees_extensions_of_whatever_tool() -> None:
    theirs = '<extensionElements><x:mau xmlns:x="urn:khac" mau="đỏ"><x:con>1</x:con></x:mau></extensionElements><documentation>'
    found = only(("<documentation>", theirs))
    assert {(one.what, one.new) for one in found.changes} == {
        ("{urn:khac}mau@mau", "đỏ"),
        ("{urn:khac}mau/{urn:khac}con", "1"),
    }


def test_it_tells_properties_apart_by_name_and_not_by_order() -> None:
    def with_(*names: str) -> tuple[str, str]:
        held = "".join(f'<camunda:property name="{name}" value="{name}"/>' for name in names)
        return "<documentation>", f"<extensionElements><camunda:properties>{held}</camunda:properties></extensionElements><documentation>"

    assert comparison.details("p.bpmn", drawn(with_("a", "b")), drawn(with_("b", "a"))).elements == ()
    (found,) = comparison.details("p.bpmn", drawn(with_("a")), drawn(with_("b", "a"))).elements
    assert found.changes == (Change("camunda:properties/camunda:property[b]@value", None, "b"),)


def test_it_tells_in_which_lane_an_element_stands_and_not_what_the_lane_is_called() -> None:
    def lanes(first: str, second: str, holds: str) -> tuple[str, str]:
        def lane(id_: str, name: str, nodes: str) -> str:
            return f'<lane id="{id_}" name="{name}">{nodes}</lane>'

        nodes = "<flowNodeRef>soan</flowNodeRef>"
        held = lane("l1", first, nodes if holds == "l1" else "") + lane("l2", second, nodes if holds == "l2" else "")
        return '<startEvent id="dau"/>', f'<laneSet id="ls">{held}</laneSet><startEvent id="dau"/>'

    def found(old: tuple[str, str], new: tuple[str, str]) -> list[tuple[str, tuple[Change, ...]]]:
        return [(one.id, one.changes) for one in comparison.details("p.bpmn", drawn(old), drawn(new)).elements]

    before = lanes("Sở A", "Sở B", "l1")
    assert found(before, lanes("Sở A", "Sở B", "l2")) == [("soan", (Change("lane", "Sở A", "Sở B"),))]
    assert found(before, lanes("Sở C", "Sở B", "l1")) == [("l1", (Change("name", "Sở A", "Sở C"),))]


def test_it_sees_that_a_gateway_asks_in_another_order() -> None:
    first, second = ('<sequenceFlow id="c_a" sourceRef="chon" targetRef="a"/>', '<sequenceFlow id="c_b" sourceRef="chon" targetRef="b"/>')
    found = only((first + second, second + first))
    assert (found.id, found.changes) == ("chon", (Change("order", "Đạt; Trả lại", "Trả lại; Đạt"),))


# --- decisions ---------------------------------------------------------------------------------------------------------------------------


NUMBER = '<input id="i1" label="Số ngày"><inputExpression id="e1"><text>so_ngay</text></inputExpression></input>'


def table(*rows: tuple[str, str, str], columns: str = NUMBER, policy: str = "FIRST") -> bytes:
    rules = "".join(
        f'<rule id="{id_}"><inputEntry><text>{escape(test)}</text></inputEntry><outputEntry><text>{result}</text></outputEntry></rule>'
        for id_, test, result in rows
    )
    inner = f'{columns}<output id="o1" name="duyet" label="Ai duyệt"/>{rules}'
    decision = f'<decision id="q" name="Ai duyệt"><decisionTable id="t" hitPolicy="{policy}">{inner}</decisionTable></decision>'
    return f'<definitions xmlns="{LATEST}" id="d" name="d" namespace="n">{decision}</definitions>'.encode()


ROWS = (("r1", "< 3", '"truong_phong"'), ("r2", "< 10", '"giam_doc"'), ("r3", "-", '"tu_choi"'))


def of_tables(old: bytes | None, new: bytes | None) -> comparison.TableDifference:
    found = comparison.details("q.dmn", old, new)
    assert found.unread is None
    (one,) = found.tables
    return one


def test_it_compares_a_table_cell_by_cell() -> None:
    found = of_tables(table(*ROWS), table(ROWS[0], ("r2", "< 12", '"giam_doc"'), ROWS[2], ("r4", "99", '"x"')))
    assert [(row.kind, row.old, row.new, row.cells[:2]) for row in found.rows] == [
        (Kind.CHANGED, 2, 2, (("< 10", "< 12"), ('"giam_doc"', '"giam_doc"'))),
        (Kind.ADDED, None, 4, ((None, "99"), (None, '"x"'))),
    ]
    assert (found.kind, found.unchanged) == (Kind.CHANGED, 2)


def test_it_sees_that_a_row_moved() -> None:
    found = of_tables(table(*ROWS), table(ROWS[2], ROWS[0], ROWS[1]))
    assert [(row.kind, row.old, row.new) for row in found.rows] == [(Kind.MOVED, 3, 1)]


def test_it_knows_rows_by_content_where_they_have_no_ids() -> None:
    old = table(*ROWS).replace(b' id="r1"', b"").replace(b' id="r2"', b"").replace(b' id="r3"', b"")
    new = table(*ROWS[1:]).replace(b' id="r2"', b"").replace(b' id="r3"', b"")
    assert [(row.kind, row.old) for row in of_tables(old, new).rows] == [(Kind.REMOVED, 1)]


def test_it_tells_of_columns_once_and_not_in_every_row() -> None:
    two = NUMBER + '<input id="i2" label="Lý do"><inputExpression id="e2"><text>ly_do</text></inputExpression></input>'
    new = table(*ROWS, columns=two).replace(
        b"</inputEntry><outputEntry>", b"</inputEntry><inputEntry><text></text></inputEntry><outputEntry>"
    )
    found = of_tables(table(*ROWS), new)
    assert [(column.label, column.kind) for column in found.columns if column.kind is not Kind.SAME] == [("Lý do", Kind.ADDED)]
    assert found.rows == ()


def test_it_tells_of_the_hit_policy() -> None:
    assert of_tables(table(*ROWS), table(*ROWS, policy="UNIQUE")).changes == (Change("hitPolicy", "FIRST", "UNIQUE"),)


def test_it_shows_a_whole_table_that_one_side_has() -> None:
    assert (of_tables(None, table(*ROWS)).kind, len(of_tables(None, table(*ROWS)).rows)) == (Kind.ADDED, 3)
    assert {row.kind for row in of_tables(table(*ROWS), None).rows} == {Kind.REMOVED}


# --- forms and entries -------------------------------------------------------------------------------------------------------------------


def form(*components: dict[str, Any]) -> bytes:
    return json.dumps({"type": "default", "id": "f", "schemaVersion": 18, "components": list(components)}).encode()


REASON = {"type": "textfield", "id": "Field_1", "key": "ly_do", "label": "Lý do", "validate": {"required": True}}
DAY = {"type": "datetime", "id": "Field_2", "key": "ngay", "dateLabel": "Ngày"}


def test_it_compares_a_form_field_by_field() -> None:
    group = {"type": "group", "path": "g", "label": "Nhóm", "components": [DAY]}
    found = comparison.details("f.form", form(REASON), form({**REASON, "id": "Field_9", "validate": {"required": False}}, group)).elements
    assert [(one.id, one.kind, one.name) for one in found] == [
        ("ly_do", Kind.CHANGED, "Lý do"),
        ("g", Kind.ADDED, "Nhóm"),
        ("g.ngay", Kind.ADDED, "Ngày"),
    ]
    assert found[0].changes == (Change("validate.required", "true", "false"),)


def test_it_sees_that_a_field_moved() -> None:
    found = comparison.details("f.form", form(REASON, DAY), form(DAY, REASON)).elements
    assert [one.kind for one in found] == [Kind.MOVED]


def test_it_compares_entries_by_what_names_them() -> None:
    old, new = ({"van_ban": [{"id": "a", "ten": "A"}, {"id": "b", "ten": "B"}], "so": 1}, {"van_ban": [{"id": "b", "ten": "C"}], "so": 1})
    found = comparison.details("x.json", json.dumps(old).encode(), json.dumps(new, indent=4).encode()).elements
    assert {(one.id, one.kind) for one in found} == {
        ("van_ban[b].ten", Kind.CHANGED),
        ("van_ban[a].id", Kind.REMOVED),
        ("van_ban[a].ten", Kind.REMOVED),
    }


# --- files -------------------------------------------------------------------------------------------------------------------------------


def test_it_lists_the_files() -> None:
    old = {"a.bpmn": b"1", "b.docx": b"2", "c.form": b"3", "d.json": b"5"}
    new = {"a.bpmn": b"1", "b.docx": b"22", "e.dmn": b"4", "moi/d.json": b"5"}
    found = {file.name: (file.kind, file.family, file.renamed) for file in comparison.files(old, new)}
    assert found == {
        "a.bpmn": (Kind.SAME, "diagram", ""),
        "b.docx": (Kind.CHANGED, "document", ""),
        "c.form": (Kind.REMOVED, "form", ""),
        "d.json": (Kind.REMOVED, "entries", "moi/d.json"),
        "e.dmn": (Kind.ADDED, "decision", ""),
        "moi/d.json": (Kind.ADDED, "entries", "d.json"),
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.bpmn", b"<khong phai xml"),
        ("a.bpmn", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'),
        ("a.bpmn", b"<a>" * 5000),
        ("a.dmn", b"<definitions/>"),
        ("a.form", b"{"),
        ("a.form", b'{"components":' * 5000),
        ("a.json", b"[" * 100_000),
        ("a.json", b"x" * (comparison.LARGEST + 1)),
        ("a.bpmn", b"\xff\xfe\x00"),
    ],
)
def test_it_says_why_a_file_could_not_be_looked_into(name: str, content: bytes) -> None:
    assert comparison.details(name, content, content).unread is not None
    assert comparison.details(name, None, content).unread is not None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.form", b"[]"),
        ("a.form", b'{"components": "x"}'),
        ("a.form", b'{"components": [1, null, {"components": {}}]}'),
        ("a.form", ('{"components":[' * 100 + "]}" * 100).encode()),
        ("a.json", b"null"),
        ("a.json", ("[" * 1000 + "]" * 1000).encode()),
    ],
)
def test_it_reads_odd_files(name: str, content: bytes) -> None:
    assert comparison.details(name, b"{}", content).unread is None


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [("abcd", "abcd", ""), ("abcd", "bcda", "a"), ("abcd", "dabc", "d"), ("abc", "cba", "ab"), ("ab", "xaby", ""), ("", "ab", "")],
)
def test_it_moves_as_few_as_possible(old: str, new: str, moved: str) -> None:
    found = out_of_order(list(old), list(new))
    assert len(found) == len(moved)
    if len(moved) == 1:
        assert found == set(moved)
