"""A service or send task names its handler: an external task with a topic that has a handler. Java has no meaning here."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.flow import local
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo

_JAVA = ("class", "delegateExpression", "expression")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, task in folder.elements("serviceTask", "sendTask", "businessRuleTask"):
        java = [name for name in _JAVA if task.camunda(name)]
        if java or task.extensions("connector"):
            yield error(
                (diagram.file, task),
                vi=f"{label(task)} phải giao việc cho một trình xử lý (External, camunda:topic), nhưng lại dùng"
                f" camunda:{', '.join(java) or 'connector'},"
                " thứ chỉ chạy được trên máy chủ Java. Hãy chọn Implementation = External và ghi topic.",
                en=f"Expected {label(task)} to hand its work to a handler (External, camunda:topic), but it uses"
                f" camunda:{', '.join(java) or 'connector'},"
                " which needs a Java server. Choose Implementation = External and name a topic.",
            )
            continue
        yield from _topic(folder, diagram, task)


def _topic(folder: Folder, diagram: Diagram, task: Element) -> Iterator[Finding]:
    kind, topic = task.camunda("type"), (task.camunda("topic") or "").strip()
    place = (diagram.file, task)
    if kind and kind != "external":
        yield error(
            place,
            vi=f"camunda:type của {label(task)} phải là external, nhưng là “{kind}”. Hãy chọn Implementation = External.",
            en=f"Expected camunda:type of {label(task)} to be external, but it is “{kind}”. Choose Implementation = External.",
        )
    elif not topic and _needs_topic(diagram, task):
        yield todo(
            place,
            vi=f"{label(task)} cần biết ai làm việc của nó, nhưng chưa có topic. Hãy chọn Implementation = External và ghi topic của"
            " trình xử lý.",
            en=f"Expected {label(task)} to name its handler, but it has no topic. Choose Implementation = External and name the handler's"
            " topic.",
        )
    elif topic and folder.topics is not None and "${" not in topic and topic not in folder.topics:
        known = ", ".join(sorted(folder.topics)) or "-"
        yield error(
            place,
            vi=f"Topic của {label(task)} phải có trình xử lý, nhưng chưa có trình xử lý nào tên “{topic}”. Hiện có: {known}."
            " Hãy chọn một trong số đó, hoặc nhờ lập trình viên thêm.",
            en=f"Expected the topic of {label(task)} to have a handler, but there is none for “{topic}”. There are: {known}."
            " Choose one of them or ask a programmer to add it.",
        )


def _needs_topic(diagram: Diagram, task: Element) -> bool:
    if task.type == "serviceTask":
        return True
    if task.type == "sendTask":
        return not local(task.node.get("messageRef")) and not task.node.get("operationRef")
    return task.camunda("type") == "external"
