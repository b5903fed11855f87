"""Move tokens by hand: end some places, start at others, skip what waits. What the diagram would not carry is refused before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from SpiffWorkflow import TaskState

from engine.spiff import multiple
from engine.spiff.case import Case
from engine.spiff.obstacle import Obstacle
from engine.spiff.program import Program
from engine.spiff.scope import Scope
from engine.spiff.specs import Node
from engine.spiff.token import Token

_JOINS = frozenset(("parallelGateway", "inclusiveGateway", "complexGateway"))
_GATEWAYS = frozenset((*_JOINS, "exclusiveGateway", "eventBasedGateway"))
_CATCHING = frozenset(("intermediateCatchEvent",))


@dataclass(frozen=True)
class Place:
    """Where a case stands: a token, all instances of one activity, or the branches that have arrived at a join.

    `id` is stable over dump and load. `within`: the sub-processes around it, the outermost first. `count`: instances or branches.
    """

    id: str
    element_id: str
    within: tuple[str, ...] = ()
    count: int = 1
    failed: bool = False
    join: bool = False


@dataclass(frozen=True)
class Change:
    """`ends` and `skips`: ids of places; `starts`: ids of elements. What ends leaves no trace but in history; what is skipped goes on."""

    ends: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    skips: tuple[str, ...] = ()


def places(case: Case) -> list[Place]:
    """Where the case stands, oldest first."""
    found: dict[str, list[Token]] = {}
    for token in case.tasks.values():
        if token.id != case.root.host and not token.subscription and not _is_frame(case, token):
            found.setdefault(_anchor(case, token).id, []).append(token)
    rows = [_place(case, case.token(id_), tokens) for id_, tokens in found.items()]
    joins = [
        Place(f"{scope.id}/{node_id}", node_id, _within(case, scope), sum(held.counts.values()), join=True)
        for scope in case.scopes.values()
        for node_id, held in scope.held.items()
    ]
    return rows + joins


def _anchor(case: Case, token: Token) -> Token:
    """The token that stands for this one: of members without a body their activity, of a called global task the call."""
    while True:
        if token.scope.isolated or (token.role == "member" and token.node.body is None):
            token = case.host(token.scope)
        else:
            return token


def _is_frame(case: Case, token: Token) -> bool:
    """Whether it only carries others: a sub-process with something in it, an activity with members."""
    return any(not child.subscription for child in token.children)


def _place(case: Case, anchor: Token, tokens: list[Token]) -> Place:
    failed = any(token.id in case.failures for token in tokens)
    return Place(anchor.id, anchor.node.id, _within(case, anchor.scope), len(tokens), failed)


def _within(case: Case, scope: Scope) -> tuple[str, ...]:
    return tuple(one.element for one in reversed(list(scope.ancestors())) if one.kind == "body")


def targets(program: Program) -> list[str]:
    """Elements at which a token can be put by hand, in the order of the file."""
    return [id_ for id_ in program.nodes if _unfit(program, id_) is None]


# --- what stands in the way --------------------------------------------------------------------------------------------------------------


def obstacles(case: Case, change: Change) -> list[Obstacle]:
    """Why the case cannot be changed like that; empty: it can."""
    here = {place.id: place for place in places(case)}
    found = [_gone(id_) for id_ in (*change.ends, *change.skips) if id_ not in here]
    if any("undo" in token.memory or token.role == "undo" for token in case.tasks.values()):
        found.append(Obstacle("", "Hồ sơ đang bồi hoàn các bước đã làm. Hãy đợi xong rồi làm lại.", "The case is undoing steps. Wait."))
    if not change.starts and not change.skips:
        found.append(Obstacle("", "Chưa chọn bước để bắt đầu hoặc bỏ qua.", "Expected a step to start at or to skip, but found none."))
    found += [one for id_ in change.starts if (one := _unfit(case.program, id_)) is not None]
    found += [one for id_ in change.skips if id_ in here and (one := _not_skipped(case, here[id_])) is not None]
    return found or list(_nowhere(case, change))


def _gone(place_id: str) -> Obstacle:
    return Obstacle(place_id, "Hồ sơ không còn đứng ở chỗ đã chọn. Hãy xem lại.", "The case no longer stands where you saw it. Look again.")


def _unfit(program: Program, element_id: str) -> Obstacle | None:
    """Why no token can be put at the element."""
    node = program.nodes.get(element_id)
    if node is None:
        return Obstacle(element_id, f"Sơ đồ không có bước {element_id}.", f"The diagram has no element {element_id}.")
    name = node.element.name or node.id
    if node.kind in ("startEvent", "boundaryEvent") or node.is_compensation or _listens(program, node):
        return Obstacle(
            element_id, f"Không thể bắt đầu ở “{name}”: đó không phải một bước.", f"Nothing can be started at “{name}”: it is no step."
        )
    if node.kind in _JOINS and len(node.incoming) > 1:
        return Obstacle(
            element_id,
            f"Không thể bắt đầu ở “{name}”: cổng này đợi nhiều nhánh. Hãy chọn bước sau cổng.",
            f"Nothing can be started at “{name}”: it waits for several branches. Choose a step behind it.",
        )
    return None


def _not_entered(program: Program, inner: list[str]) -> Obstacle | None:
    """Why the sub-processes on the way to an element cannot be opened in its middle."""
    for id_ in inner[:-1]:
        around, name = program.nodes[id_], program.nodes[inner[-1]].element.name or inner[-1]
        if around.multiple is not None or around.loop is not None or around.ad_hoc is not None or _listens(program, around):
            return Obstacle(
                inner[-1],
                f"“{name}” nằm trong “{around.element.name or id_}”, nhóm bước này lặp hoặc tự chọn bước. Hãy chọn cả nhóm.",
                f"“{name}” is inside “{around.element.name or id_}”, which repeats or is ad hoc. Choose it as a whole.",
            )
    return None


def _listens(program: Program, node: Node) -> bool:
    handlers = [id_ for id_, one in program.nodes.items() if one.body is not None for id_ in one.body.handlers]
    return node.id in (*program.container(program.key).handlers, *handlers)


def _path(program: Program, container: str, element_id: str) -> list[str]:
    """From `container` inwards to the element, without the container; empty when it is not in there."""
    found = [element_id]
    while program.nodes[found[0]].container != container:
        around = program.nodes[found[0]].container
        if around not in program.nodes:
            return []
        found.insert(0, around)
    return found


def _not_skipped(case: Case, place: Place) -> Obstacle | None:
    node = case.node(place.element_id)
    if not place.join and (node.activity or node.kind in _CATCHING):
        return None
    name = node.element.name or node.id
    return Obstacle(
        node.id,
        f"Không bỏ qua được “{name}”: không biết đi tiếp hướng nào. Hãy chuyển đến bước cần làm.",
        f"“{name}” cannot be skipped: nobody knows which way to go. Move to the step instead.",
    )


def _nowhere(case: Case, change: Change) -> Iterator[Obstacle]:
    ended = [_scope_of(case, id_) for id_ in change.ends]
    for id_ in change.starts:
        base = _base(case, id_, ended)
        if base is not None:
            if base.kind == "body" and case.node(base.element).ad_hoc is not None:
                name = case.node(base.element).element.name or base.element
                yield Obstacle(
                    id_,
                    f"Nhóm bước “{name}” tự chọn bước: không bắt đầu riêng một bước trong đó được.",
                    f"“{name}” is ad hoc: no step in it can be started by itself.",
                )
            elif (one := _not_entered(case.program, _path(case.program, base.element, id_))) is not None:
                yield one
        else:
            name = case.node(id_).element.name or id_
            yield Obstacle(
                id_,
                f"“{name}” nằm trong một nhóm bước đang mở nhiều lượt. Hãy chọn kết thúc một bước của đúng lượt đó.",
                f"“{name}” is inside a sub-process that is open several times. End a step of the one that you mean.",
            )
    bases = [base for id_ in change.starts if (base := _base(case, id_, ended)) is not None]
    if any(scope is not None and not any(one in bases for one in scope.ancestors()) for scope in ended):
        yield Obstacle(
            "",
            "Cần một bước để bắt đầu thay cho bước kết thúc.",
            "Expected a step to start at in place of the one that ends, but found none.",
        )


# --- doing it ----------------------------------------------------------------------------------------------------------------------------


def _scope_of(case: Case, place_id: str) -> Scope | None:
    """The process or sub-process that a place is in."""
    scope_id, join, _node = place_id.partition("/")
    return case.scopes.get(scope_id) if join else case.token(place_id).scope.body() if place_id in case.tasks else None


def _base(case: Case, element_id: str, ended: Iterable[Scope | None]) -> Scope | None:
    """The open scope in which the element starts: the nearest around what ends, else the only innermost one that is open."""
    around = {one.id: one for scope in ended if scope for one in scope.ancestors()}
    fits: dict[int, list[Scope]] = {}
    for scope in (around or case.scopes).values():
        if scope.kind in ("process", "body") and not scope.done and (path := _path(case.program, scope.element, element_id)):
            fits.setdefault(len(path), []).append(scope)
    nearest = fits[min(fits)] if fits else []
    return nearest[0] if len(nearest) == 1 else None


def apply(case: Case, change: Change) -> None:
    """Change the case; its obstacles() are empty. The caller lets it go on."""
    ended = [_scope_of(case, id_) for id_ in change.ends]
    starting = [(id_, base) for id_ in change.starts if (base := _base(case, id_, ended)) is not None]
    bases = [base for _id, base in starting]
    for place_id, scope in zip(change.ends, ended, strict=True):
        _end(case, place_id, scope, bases)
    for place_id in change.skips:
        _skip(case, case.token(place_id))
    for element_id, base in starting:
        first, *inner = _path(case.program, base.element, element_id)
        case.put(case.node(first), base, memory={"inner": inner} if inner else None)


def _end(case: Case, place_id: str, scope: Scope | None, bases: list[Scope]) -> None:
    """End a place and, where the case leaves them, the sub-processes around it."""
    if scope is None or scope.id not in case.scopes:
        return  # It went together with another one.
    _scope_id, join, node_id = place_id.partition("/")
    if join and scope in bases:
        scope.held.pop(node_id, None)
        case.joins.pop((scope.id, node_id), None)
        return
    token = case.host(scope) if join else case.token(place_id)
    while token.scope not in bases:
        token = case.host(token.scope)
    case.cancel_token(token)


def _skip(case: Case, token: Token) -> None:
    """Let a place go on as if it were done, without what it would have brought."""
    for child in list(token.children):
        if not child.subscription:
            case.cancel_token(child)
    if token.waits:
        token.memory["wait"] = next(iter(token.waits))
    for wait_id in list(token.waits):
        case.close(token, wait_id)
    case.listening.pop(token.id, None)
    if case.failures.pop(token.id, None) is not None:
        case.effects.withdrawn.append(token.id)
    token._set_state(TaskState.READY)
    if not token.node.activity:
        case.schedule(token, "leave")
        return
    if token.own is not None and token.own.kind == "multi" and token.own.state.get("outputs") is not None:
        multiple.write_outputs(case, token, token.own)
    token.memory["skipped"] = True
    case.schedule(token, "finish")


def reopen(case: Case, elements: Iterable[str]) -> None:
    """A case that has ended goes on at `elements`, with the variables that it ended with. What listens in it listens again."""
    case.status, case.completed, case.success = "active", False, False
    case.start_body(case.root, case.program.container(case.program.key), [])
    apply(case, Change(starts=tuple(elements)))
