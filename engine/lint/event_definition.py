"""An event says what it waits for or sends: the message, signal, link or condition it means, by name."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element, Node
from engine.errors import Finding
from engine.lint.flow import EVENTS, Flows, child, kind_of, local, text_of
from engine.lint.folder import Folder
from engine.lint.rule import Place, error, label, todo

_VI = {"message": "thông điệp", "signal": "tín hiệu", "error": "lỗi", "escalation": "báo lên cấp trên"}


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for event in flows.nodes.values():
            if event.type in EVENTS:
                for definition in flows.definitions(event):
                    yield from _definition(diagram, flows, event, definition)
            elif event.type == "receiveTask" and not local(event.node.get("messageRef")) and not event.node.get("operationRef"):
                yield _unnamed((diagram.file, event), event, "message")
            if event.type in ("boundaryEvent", "intermediateCatchEvent") and not (
                flows.definitions(event) or event.children("eventDefinitionRef")
            ):
                yield todo(
                    (diagram.file, event),
                    vi=f"Sự kiện {label(event)} cần cho biết nó chờ gì (đồng hồ, thông điệp, tín hiệu…), nhưng chưa có. Hãy chọn loại"
                    " sự kiện.",
                    en=f"Expected event {label(event)} to say what it waits for (timer, message, signal...), but it does not. Choose"
                    " its type.",
                )
        used = _used(diagram)
        for element in diagram.elements.values():
            if element.type in ("message", "signal") and not element.name and element.id in used:
                yield todo(
                    (diagram.file, element),
                    vi=f"{_VI[element.type].capitalize()} {element.id} cần có tên, vì người gửi và người nhận tìm nhau theo tên. Hãy đặt"
                    " tên.",
                    en=f"Expected {element.type} {element.id} to have a name, since sender and receiver find each other by it. Name it.",
                )


def _used(diagram: Diagram) -> set[str]:
    """Ids of the messages and signals that something of the diagram refers to."""
    return {local(n.get(a)) for n in diagram.root.iter("{*}*") for a in ("messageRef", "signalRef") if n.get(a)} - {""}


def _definition(diagram: Diagram, flows: Flows, event: Element, definition: Node) -> Iterator[Finding]:
    kind = kind_of(definition).removesuffix("EventDefinition")
    place = (diagram.file, event)
    if kind in ("message", "signal") and not local(definition.get(f"{kind}Ref")) and child(definition, "operationRef") is None:
        yield _unnamed(place, event, kind)
    elif kind == "error" and event.type == "endEvent":
        referred = diagram.elements.get(local(definition.get("errorRef")))
        if not definition.get("errorRef") or (referred is not None and not referred.node.get("errorCode")):
            yield todo(
                place,
                vi=f"Sự kiện kết thúc báo lỗi {label(event)} cần mã lỗi (errorCode), nhưng chưa có. Hãy chọn lỗi và ghi mã.",
                en=f"Expected error end event {label(event)} to name an error with an errorCode, but it does not. Choose the error and"
                " its code.",
            )
    elif kind == "conditional" and not text_of(child(definition, "condition")):
        yield todo(
            place,
            vi=f"Sự kiện điều kiện {label(event)} cần điều kiện, nhưng chưa có. Hãy ghi điều kiện, ví dụ ${{so_luong > 0}}.",
            en=f"Expected conditional event {label(event)} to have a condition, but it has none. Write one, such as ${{so_luong > 0}}.",
        )
    elif kind == "link":
        yield from _link(place, flows, event, definition)


def _link(place: Place, flows: Flows, event: Element, definition: Node) -> Iterator[Finding]:
    name = definition.get("name", "")
    if not name:
        yield todo(
            place,
            vi=f"Sự kiện nối {label(event)} cần tên nối, nhưng chưa có. Hãy đặt cùng một tên cho hai đầu.",
            en=f"Expected link event {label(event)} to name its link, but it does not. Give both ends the same name.",
        )
    elif event.type == "intermediateThrowEvent":
        ends = len(flows.links(event))
        if ends != 1:
            yield error(
                place,
                vi=f"Sự kiện nối {label(event)} phải có đúng một đầu nhận tên “{name}” trong cùng phạm vi, nhưng có {ends}. Hãy vẽ đúng"
                " một đầu nhận.",
                en=f"Expected exactly one catching end of link “{name}” for {label(event)} in the same scope, but found {ends}. Draw"
                " exactly one.",
            )


def _unnamed(place: Place, event: Element, kind: str) -> Finding:
    return todo(
        place,
        vi=f"{label(event)} cần cho biết {_VI[kind]} nào, nhưng chưa chọn. Hãy chọn hoặc tạo {_VI[kind]} trong bảng thuộc tính.",
        en=f"Expected {label(event)} to name its {kind}, but it names none. Choose or create the {kind} in the properties panel.",
    )
