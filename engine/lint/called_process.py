"""A call activity names a process: one of this folder, or one that is deployed already; what it calls must be able to end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Element
from engine.errors import Finding
from engine.lint.flow import local
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo, warning


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, call in folder.elements("callActivity"):
        place = (diagram.file, call)
        called = (call.node.get("calledElement") or "").strip()
        if call.camunda("caseRef"):
            yield error(
                place,
                vi=f"{label(call)} phải gọi một quy trình BPMN, nhưng lại gọi một hồ sơ CMMN (camunda:caseRef), loại không chạy được ở"
                " đây."
                " Hãy chọn Call activity type = BPMN.",
                en=f"Expected {label(call)} to call a BPMN process, but it calls a CMMN case (camunda:caseRef), which cannot run here."
                " Choose type BPMN.",
            )
        elif not called:
            yield todo(
                place,
                vi=f"{label(call)} cần gọi một quy trình, nhưng chưa chọn (calledElement). Hãy ghi mã quy trình được gọi.",
                en=f"Expected {label(call)} to call a process, but it names none (calledElement). Write the id of the called process.",
            )
        elif "${" not in called and local(called) not in folder.called and called not in folder.called:
            yield warning(
                place,
                vi=f"{label(call)}: quy trình “{called}” không có trong thư mục này; nó phải được triển khai trước khi hồ sơ đi tới đây."
                " Hãy kiểm tra mã quy trình.",
                en=f"{label(call)}: process “{called}” is not in this folder; it must be deployed before a case gets here. Check the"
                " process id.",
            )
        yield from _binding(place, call)


def _binding(place: tuple[str, Element], call: Element) -> Iterator[Finding]:
    binding = call.camunda("calledElementBinding")
    if binding not in (None, "latest", "deployment", "version"):
        yield error(
            place,
            vi=f"{label(call)}: camunda:calledElementBinding phải là latest, deployment hoặc version, nhưng là “{binding}”. Hãy chọn lại.",
            en=f"{label(call)}: expected camunda:calledElementBinding to be latest, deployment or version, but it is “{binding}”. Choose"
            " again.",
        )
    elif binding == "version" and not call.camunda("calledElementVersion"):
        yield error(
            place,
            vi=f"{label(call)} gọi một phiên bản cố định, nhưng chưa ghi phiên bản nào. Hãy ghi camunda:calledElementVersion.",
            en=f"Expected {label(call)} to say which version it calls, but found none. Write camunda:calledElementVersion.",
        )
