"""A step is done once each time the case comes by: parallel branches are joined before they go on together."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.net import Net
from engine.lint.rule import label, warning
from engine.lint.tokens import explore


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            net = Net(flows, scope)
            if not net.carried or not net.initial:
                continue
            meetings = [_meeting(net, arc) for arc in explore(net).crowded.values()]
            for id_ in dict.fromkeys(m for m in meetings if m):
                node = net.nodes[id_]
                yield warning(
                    (diagram.file, node),
                    vi=f"Các nhánh song song đi qua {label(node)} mà không được gộp trước, nên các bước sau đó có thể phải làm nhiều lần."
                    " Nếu không muốn vậy, hãy gộp chúng bằng cổng song song.",
                    en=f"Parallel branches go through {label(node)} without having been joined, so that the steps behind it may be done"
                    " several times."
                    " If that is not meant, join them with a parallel gateway.",
                )


def _meeting(net: Net, arc: str) -> str | None:
    """Back from a crowded arc to the node where its tokens came together.

    None when nothing merges on the way: they were sent one after the other, as a reminder each round, or together by completionQuantity.
    """
    node = net.arcs[arc].target
    if len(net.into[node]) > 1:
        return node if any(option.gives for option in net.options[node]) else None
    seen: set[str] = set()
    while arc not in seen:
        seen.add(arc)
        sources = [(id_, option) for id_, options in net.options.items() for option in options if arc in option.gives]
        if not sources or any(len(option.gives) > 1 for _, option in sources):
            return None
        source = sources[0][0]
        if len(net.into[source]) != 1:
            return source
        arc = net.into[source][0]
    return None
