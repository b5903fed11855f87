"""The legal basis that a diagram carries: the sentences of the folder's `van_ban.json`, beside the elements that carry them.

    {"van_ban": "name of the source", "cau": [{"id": "d7_b1", "dieu": "Điều 7", "muc": "Bước 1", "van_ban": "..."}, ...]}

An element names the sentences it carries in property `trich_dan` (ids, separated by commas) and its basis in `can_cu`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine import deployments
from engine.contents import Contents
from engine.diagram import Element
from engine.models import ProcessDefinition

FILE = "van_ban.json"
QUOTES = "trich_dan"
BASIS = "can_cu"


@dataclass
class Sentence:
    """One sentence of the source, with the elements that carry it."""

    id: str
    place: str
    text: str
    elements: list[Element] = field(default_factory=list)


def title(contents: Contents) -> str:
    """The name of the source."""
    return str(_file(contents).get("van_ban", ""))


def _file(contents: Contents) -> dict[str, object]:
    source = contents.files.get(FILE)
    try:
        found = json.loads(source) if source else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def sentences(contents: Contents) -> list[Sentence]:
    """All sentences in the order of the source; none where the folder has no van_ban.json."""
    listed = _file(contents).get("cau")
    found = {
        str(one.get("id")): Sentence(str(one.get("id")), _place(one), str(one.get("van_ban", "")))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    }
    for diagram in contents.diagrams.values():
        for element in diagram.elements.values():
            for quoted in quotes(element):
                if quoted in found:
                    found[quoted].elements.append(element)
    return list(found.values())


def _place(one: Mapping[str, object]) -> str:
    return ", ".join(str(one[part]) for part in ("dieu", "muc") if one.get(part))


def quotes(element: Element) -> list[str]:
    """Ids of the sentences that `element` carries."""
    return [quoted.strip() for quoted in element.properties.get(QUOTES, "").split(",") if quoted.strip()]


def of_element(session: Session, definition: ProcessDefinition, element: Element) -> list[str]:
    """The sentences that one element carries, as texts."""
    wanted = quotes(element)
    if not wanted:
        return []
    texts = {one.id: one.text for one in sentences(deployments.contents(session, definition.deployment))}
    return [texts[quoted] for quoted in wanted if quoted in texts]


def markdown(contents: Contents) -> str:
    """The same as a page of docs/: every sentence with the elements that carry it, then every flow node with its basis."""
    lines = [f"# {title(contents)}", "", "Trang này được sinh ra từ các sơ đồ: `luanchuyen legal-basis <thư mục>`. Không sửa tay.", ""]
    for sentence in sentences(contents):
        lines += [f"## {sentence.place}", "", f"> {sentence.text}", "", "| bước trên sơ đồ | quy trình | mã |", "|---|---|---|"]
        lines += [f"| {_cell(one.name or one.id)} | {one.process_id} | `{one.id}` |" for one in sentence.elements] + [""]
    for name, diagram in sorted(contents.diagrams.items()):
        lines += [f"## {name}", "", "| phần tử | làn | căn cứ |", "|---|---|---|"]
        for one in diagram.flow_nodes():
            lines.append(f"| {_cell(one.name or one.id)} | {_cell(one.lane)} | {_cell(one.properties.get(BASIS, ''))} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
