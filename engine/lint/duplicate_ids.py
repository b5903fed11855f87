"""An id names one element: unique in its file, and a process id unique in its folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.diagram import BPMN, Node
from engine.errors import Finding
from engine.lint.flow import kind_of, line_of
from engine.lint.folder import Folder
from engine.lint.rule import error


def check(folder: Folder) -> Iterator[Finding]:
    processes: dict[str, list[str]] = defaultdict(list)
    for diagram in folder.diagrams.values():
        nodes: dict[str, list[Node]] = defaultdict(list)
        for node in diagram.root.iter(f"{{{BPMN}}}*"):
            if node.get("id"):
                nodes[node.get("id", "")].append(node)
        for id_, same in nodes.items():
            if (count := len(same)) > 1:
                lines = ", ".join(str(line_of(n)) for n in same[:20])
                kinds = ", ".join(dict.fromkeys(kind_of(n) for n in same))
                yield error(
                    (diagram.file, diagram.elements.get(id_)),
                    line=line_of(same[1]),
                    vi=f"Mỗi mã chỉ được đặt cho một phần tử, nhưng mã {id_} được dùng {count} lần (dòng {lines}; {kinds}). Hãy đổi mã"
                    " của các phần tử sau.",
                    en=f"Expected an id to name one element, but {id_} is used {count} times (lines {lines}; {kinds}). Change the ids of"
                    " the later ones.",
                )
        for process in diagram.processes:
            processes[process.id].append(diagram.file)
    for id_, files in processes.items():
        if len(set(files)) > 1:
            diagram = folder.diagrams[files[1]]
            yield error(
                (diagram.file, diagram.elements[id_]),
                vi=f"Mã quy trình {id_} phải là duy nhất trong thư mục, nhưng có trong các tệp {', '.join(files)}. Hãy đổi mã một quy"
                " trình.",
                en=f"Expected process id {id_} to be unique in its folder, but it is in the files {', '.join(files)}. Change the id of"
                " one process.",
            )
