"""Every join gets all the tokens that it waits for: no choice, no ending and no boundary event leaves a case before it for ever."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.flow import Flows
from engine.lint.folder import Folder
from engine.lint.net import Net, Option
from engine.lint.rule import error, label, warning
from engine.lint.tokens import BOUND, Exploration, State, explore

_RESCUES = ("timer", "message", "signal", "conditional", "escalation", "error")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            net = Net(flows, scope)
            if net.carried and net.initial:
                yield from _scope(diagram, flows, scope, net)


def _scope(diagram: Diagram, flows: Flows, scope: Element, net: Net) -> Iterator[Finding]:
    explored = explore(net)
    if explored.bound_reached:
        yield warning(
            (diagram.file, scope),
            vi=f"{label(scope)} có quá nhiều tổ hợp nhánh: chỉ xét được {BOUND} trạng thái đầu, phần còn lại chưa được kiểm tra khóa"
            " chết. Hãy tách bớt thành quy trình con.",
            en=f"{label(scope)} has too many combinations of branches: the first {BOUND} states were explored, the rest was not checked"
            " for deadlocks."
            " Divide it into sub-processes.",
        )
    doomed = explored.doomed()
    say = warning if _rescued(flows, scope) else error
    told: set[str] = set()
    for start in explored.initial:
        if start in doomed:
            for join in _joins(net, _stuck_after(explored, start)) - told:
                told.add(join)
                yield say((diagram.file, net.nodes[join]), vi=_never_vi(net, join), en=_never_en(net, join))
    for node, option, to, always in _fatal(explored, doomed):
        for join in _joins(net, _stuck_after(explored, to)) - told:
            told.add(join)
            sure = always and option.kind != "subset"
            vi, en = _after(net, node, option, join)
            yield (say if sure else warning)((diagram.file, net.nodes[join]), vi=vi, en=en)


def _rescued(flows: Flows, scope: Element) -> bool:
    """Whether something can still end the scope from outside when it is stuck."""
    handlers = [m for m in flows.members[scope.id] if flows.event_sub_process(m)]
    starts = [s for h in handlers for s in flows.members[h.id] if s.type == "startEvent" and s.node.get("isInterrupting", "true") == "true"]
    boundaries = [b for b in flows.boundary[scope.id] if b.node.get("cancelActivity", "true") in ("true", "1")]
    return any(kind in _RESCUES for event in [*starts, *boundaries] for kind in flows.kinds(event))


def _fatal(explored: Exploration, doomed: set[State]) -> Iterator[tuple[str, Option, State, bool]]:
    """Firings after which the case cannot end any more; and whether that is so wherever they happen."""
    into_doom: dict[tuple[str, str], tuple[Option, State]] = {}
    harmless: set[tuple[str, str]] = set()
    for state, edges in explored.edges.items():
        if state in doomed:
            continue
        for edge in edges:
            key = (edge.node, edge.option.name)
            if edge.to in doomed:
                into_doom.setdefault(key, (edge.option, edge.to))
            else:
                harmless.add(key)
    for key, (option, to) in into_doom.items():
        yield key[0], option, to, key not in harmless


def _stuck_after(explored: Exploration, state: State) -> set[State]:
    seen: set[State] = set()
    stack = [state]
    while stack:
        here = stack.pop()
        if here not in seen:
            seen.add(here)
            stack += [edge.to for edge in explored.edges.get(here, ())]
    return seen & explored.stuck


def _joins(net: Net, stuck: set[State]) -> set[str]:
    return {net.arcs[arc].target for state in stuck for arc, _ in state if net.joins(net.arcs[arc].target)}


def _never_vi(net: Net, join: str) -> str:
    return (
        f"Cổng gộp {label(net.nodes[join])} phải nhận đủ các nhánh mà nó chờ, nhưng không bao giờ nhận đủ: hồ sơ sẽ đứng ở đó mãi."
        " Hãy gộp bằng cổng cùng loại với cổng đã tách, hoặc nối đủ các nhánh."
    )


def _never_en(net: Net, join: str) -> str:
    return (
        f"Expected join {label(net.nodes[join])} to get all the branches it waits for, but it never does: a case would stand there for"
        " ever."
        " Join with the same kind of gateway that divided, or connect all branches."
    )


def _after(net: Net, node: str, option: Option, join: str) -> tuple[str, str]:
    name = label(net.nodes[node])
    if option.kind == "boundary":
        event = net.flows.nodes[option.name]
        vi, en = f"khi sự kiện biên {label(event)} xảy ra", f"when boundary event {label(event)} happens"
    else:
        arcs = [net.flows.diagram.elements.get(arc) for arc in option.gives]
        shown = ", ".join(label(arc) for arc in arcs if arc is not None)
        vi, en = f"khi {name} chỉ chọn nhánh {shown}", f"when {name} takes only the branch {shown}"
    return (
        f"Cổng gộp {label(net.nodes[join])} phải nhận đủ các nhánh mà nó chờ, nhưng {vi} thì không nhận đủ: hồ sơ sẽ đứng ở đó mãi."
        " Hãy nối nhánh đó tới cổng gộp, hoặc kết thúc cả hồ sơ ở nhánh đó.",
        f"Expected join {label(net.nodes[join])} to get all the branches it waits for, but {en} it does not: the case would stand there"
        " for ever."
        " Lead that branch to the join, or end the whole case there.",
    )
