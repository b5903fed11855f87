"""What a diagram may draw and we cannot carry exactly: each is refused with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff.findings import Findings
from engine.spiff.specs import Node
from engine.spiff.xml import flag

if TYPE_CHECKING:
    from engine.spiff.wiring import Wiring

WAITED_FOR = frozenset(("message", "timer", "signal", "conditional"))
HANDLED = WAITED_FOR | {"error", "escalation", "compensate"}
"""What can start an event sub-process."""
AT_BOUNDARY = WAITED_FOR | {"error", "escalation", "compensate", "cancel"}
THROWN = frozenset(("message", "signal", "escalation", "compensate", "link"))
ENDING = frozenset(("message", "signal", "escalation", "compensate", "error", "cancel", "terminate"))


def check(wiring: Wiring, findings: Findings) -> None:
    """Look at every node of the process."""
    handlers = {node.details.get("undo_handler") for node in wiring.nodes.values()}
    for node in wiring.nodes.values():
        if node.is_compensation and node.id not in handlers and not flag(node.element.node, "triggeredByEvent", False):
            findings.error(
                "compensation_handler",
                node.element,
                "Hoạt động bồi hoàn {e} không nối (bằng association) với sự kiện biên bồi hoàn nào, nên không bao giờ được thực hiện.",
                "Compensation handler {e} is associated with no compensation boundary event, so it would never be carried out.",
            )
        for examine in _EXAMINATIONS.get(node.kind, ()):
            examine(wiring, findings, node)
        if node.parallel_multiple:
            _parallel(wiring, findings, node)


def _kinds(node: Node) -> set[str]:
    return {event.kind for event in node.events}


def _refuse_kinds(findings: Findings, node: Node, allowed: frozenset[str], vi: str, en: str) -> None:
    for kind in sorted(_kinds(node) - allowed):
        findings.error(
            "event_place",
            node.element,
            f"Sự kiện {{e}} mang loại {kind}, không dùng được {vi}. Hãy chọn loại sự kiện khác.",
            f"Event {{e}} has the type {kind}, which cannot be used {en}. Choose another type.",
        )


def _start(wiring: Wiring, findings: Findings, node: Node) -> None:
    around = wiring.nodes.get(node.container)
    if around is None:
        allowed = frozenset(("message", "timer", "signal"))
        _refuse_kinds(findings, node, allowed, "để bắt đầu một hồ sơ", "to start a case")
    elif flag(around.element.node, "triggeredByEvent", False):
        _refuse_kinds(findings, node, HANDLED, "để bắt đầu quy trình con sự kiện", "to start an event sub-process")
        if not node.events:
            findings.todo(
                "event_empty",
                node.element,
                "Sự kiện bắt đầu {e} của quy trình con sự kiện chưa nói nó chờ gì.",
                "Start event {e} of an event sub-process does not say what it waits for.",
            )
    else:
        _refuse_kinds(findings, node, frozenset(), "để bắt đầu quy trình con thường", "to start an embedded sub-process")


def _boundary(wiring: Wiring, findings: Findings, node: Node) -> None:
    _refuse_kinds(findings, node, AT_BOUNDARY, "ở biên", "at a boundary")
    host = wiring.nodes.get(node.attached_to or "")
    if "cancel" in _kinds(node) and host is not None and host.kind != "transaction":
        findings.error(
            "cancel_outside_transaction",
            node.element,
            "Sự kiện hủy {e} phải gắn vào một giao dịch (transaction).",
            "Cancel event {e} must be attached to a transaction.",
        )
    if not node.events:
        findings.todo(
            "event_empty", node.element, "Sự kiện biên {e} chưa nói nó chờ gì.", "Boundary event {e} does not say what it waits for."
        )


def _catch(wiring: Wiring, findings: Findings, node: Node) -> None:
    _refuse_kinds(findings, node, WAITED_FOR | {"link"}, "để chờ giữa quy trình", "to wait in the flow")
    if not node.events:
        findings.todo("event_empty", node.element, "Sự kiện {e} chưa nói nó chờ gì.", "Event {e} does not say what it waits for.")


def _throw(wiring: Wiring, findings: Findings, node: Node) -> None:
    ending = node.kind == "endEvent"
    _refuse_kinds(
        findings,
        node,
        ENDING if ending else THROWN,
        "để kết thúc" if ending else "để gửi giữa quy trình",
        "to end a path" if ending else "to be thrown in the flow",
    )
    for event in node.events:
        if event.kind == "link" and event.name not in wiring.containers[node.container].links:
            findings.error(
                "link_without_end",
                node.element,
                f"Liên kết {{e}} không có điểm đến tên “{event.name or ''}” trong cùng phạm vi. Hãy thêm sự kiện bắt liên kết cùng tên.",
                f"Link {{e}} has no catching end called “{event.name or ''}” in its scope. Add a catching link event of that name.",
            )
        if event.kind == "compensate" and event.activity is not None and event.activity not in wiring.nodes:
            findings.error(
                "dangling_reference",
                node.element,
                f"Sự kiện bồi hoàn {{e}} trỏ tới hoạt động {event.activity} không có trong quy trình. Hãy sửa activityRef.",
                f"Compensation event {{e}} refers to activity {event.activity}, which is not in the process. Mend its activityRef.",
            )
        if event.kind in ("error", "escalation") and event.name is None:
            findings.todo("event_empty", node.element, "Sự kiện {e} chưa có mã để gửi đi.", "Event {e} has no code to throw yet.")
        if event.kind == "cancel":
            _cancel_end(wiring, findings, node)


def _cancel_end(wiring: Wiring, findings: Findings, node: Node) -> None:
    around = wiring.nodes.get(node.container)
    boundary = [wiring.nodes[id_] for id_ in around.boundary] if around is not None else []
    if around is None or around.kind != "transaction" or not any("cancel" in _kinds(event) for event in boundary):
        findings.error(
            "cancel_outside_transaction",
            node.element,
            "Sự kiện kết thúc hủy {e} phải nằm trực tiếp trong một giao dịch (transaction) có sự kiện biên hủy.",
            "Cancel end event {e} must stand directly in a transaction that has a cancel boundary event.",
        )


def _parallel(wiring: Wiring, findings: Findings, node: Node) -> None:
    if node.kind not in ("intermediateCatchEvent", "boundaryEvent", "startEvent"):
        return
    starts_case = node.kind == "startEvent" and node.container not in wiring.nodes
    if starts_case or not _kinds(node) <= WAITED_FOR:
        findings.error(
            "parallel_multiple",
            node.element,
            "Sự kiện {e} chờ nhiều điều cùng lúc (parallelMultiple) ở chỗ không làm được. Hãy tách thành các sự kiện nối tiếp.",
            "Event {e} waits for several things together (parallelMultiple) where this cannot be done. Draw one event after the other.",
        )


def _event_gateway(wiring: Wiring, findings: Findings, node: Node) -> None:
    parallel = node.element.node.get("eventGatewayType") == "Parallel"
    if parallel and not flag(node.element.node, "instantiate", False):
        findings.error(
            "event_gateway_parallel",
            node.element,
            "Cổng sự kiện {e} chờ tất cả sự kiện (Parallel) mà không bắt đầu hồ sơ. Hãy dùng cổng song song với các sự kiện chờ.",
            "Event-based gateway {e} waits for all its events (Parallel) but starts no case. Use a parallel gateway and catching events.",
        )
    for flow in node.outgoing:
        target = wiring.nodes[flow.target]
        fits = target.kind in ("intermediateCatchEvent", "receiveTask") and not target.boundary
        # What such an event waits for is looked at where it stands.
        if not fits:
            findings.error(
                "event_gateway_target",
                target.element,
                f"Sau cổng sự kiện {node.id} chỉ được là sự kiện chờ hoặc tác vụ nhận không có sự kiện biên, nhưng {{e}} không phải.",
                f"Behind event-based gateway {node.id} may stand catching events and receive tasks without boundary events, but not {{e}}.",
            )


def _complex(wiring: Wiring, findings: Findings, node: Node) -> None:
    if len(node.incoming) > 1 and node.details.get("activation") is None:
        findings.todo(
            "complex_gateway",
            node.element,
            "Cổng phức hợp {e} có nhiều luồng vào nhưng chưa có điều kiện kích hoạt (activationCondition).",
            "Complex gateway {e} has several incoming flows but no activationCondition yet.",
        )


def _ad_hoc(wiring: Wiring, findings: Findings, node: Node) -> None:
    if node.ad_hoc is not None and node.ad_hoc.condition is None:
        findings.error(
            "ad_hoc",
            node.element,
            "Quy trình con tùy biến (ad-hoc) {e} chưa nói khi nào thì xong. Hãy ghi completionCondition.",
            "Ad-hoc sub-process {e} does not say when it is done. Give it a completionCondition.",
        )


def _multiple(wiring: Wiring, findings: Findings, node: Node) -> None:
    many = node.multiple
    if many is None:
        return
    silent = many.behavior in ("None", "One") and many.event is None
    if silent or many.behavior not in ("All", "None", "One", "Complex"):
        findings.error(
            "multi_instance_behavior",
            node.element,
            f"Hoạt động nhiều thể hiện {{e}} có behavior {many.behavior} mà không nói gửi sự kiện nào. Hãy chọn sự kiện hoặc bỏ behavior.",
            f"Multi-instance activity {{e}} has behavior {many.behavior} but names no event to throw. Name one, or remove the behavior.",
        )
    if node.loop is not None:
        findings.error(
            "repetition_twice",
            node.element,
            "Hoạt động {e} vừa lặp vừa nhiều thể hiện. Hãy giữ một trong hai.",
            "Activity {e} is both a loop and a multi-instance. Keep one of the two.",
        )


def _handler(wiring: Wiring, findings: Findings, node: Node) -> None:
    if flag(node.element.node, "triggeredByEvent", False):
        starts = wiring.containers[node.id]
        if node.incoming or node.outgoing or node.boundary or node.multiple is not None or node.loop is not None:
            findings.error(
                "event_sub_process",
                node.element,
                "Quy trình con sự kiện {e} không được có luồng vào, luồng ra, sự kiện biên hay phép lặp.",
                "Event sub-process {e} must have no incoming or outgoing flows, no boundary events and no repetition.",
            )
        if not starts.starts:
            findings.todo(
                "event_sub_process",
                node.element,
                "Quy trình con sự kiện {e} chưa có sự kiện bắt đầu nói nó chờ gì.",
                "Event sub-process {e} has no start event that says what it waits for.",
            )


_EXAMINATIONS = {
    "startEvent": (_start,),
    "boundaryEvent": (_boundary,),
    "intermediateCatchEvent": (_catch,),
    "intermediateThrowEvent": (_throw,),
    "endEvent": (_throw,),
    "eventBasedGateway": (_event_gateway,),
    "complexGateway": (_complex,),
    "subProcess": (_handler, _multiple),
    **dict.fromkeys(
        (
            "task",
            "userTask",
            "manualTask",
            "serviceTask",
            "scriptTask",
            "sendTask",
            "receiveTask",
            "businessRuleTask",
            "callActivity",
            "transaction",
        ),
        (_multiple,),
    ),
    "adHocSubProcess": (_ad_hoc, _multiple),
}
