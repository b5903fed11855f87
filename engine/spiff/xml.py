"""Small questions to an XML element. Prefixed references (`ns:id`) mean the id."""

from __future__ import annotations

import textwrap

from engine.diagram import BPMN, CAMUNDA, Node


def local(reference: str | None) -> str | None:
    """The id that a QName names."""
    return None if reference is None or not reference.strip() else reference.strip().rpartition(":")[2]


def child(node: Node, name: str) -> Node | None:
    return node.find(f"{{{BPMN}}}{name}")


def text_of(node: Node | None) -> str | None:
    """All text of an element, comments left out, without the indentation of pretty-printed XML."""
    if node is None:
        return None
    parts = [node.text or ""]
    for item in node:
        parts.append(item.tail or "")
    found = textwrap.dedent("".join(parts)).strip()
    return found or None


def flag(node: Node, name: str, default: bool) -> bool:
    found = node.get(name)
    return default if found is None else found.strip() in ("true", "1")


def camunda(node: Node, name: str) -> str | None:
    return node.get(f"{{{CAMUNDA}}}{name}")
