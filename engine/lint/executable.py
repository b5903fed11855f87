"""A process that is meant to run says so: isExecutable is true. Otherwise it is a drawing, kept as a draft."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for process in diagram.processes:
            value = process.node.get("isExecutable", "true").strip()
            if value not in ("true", "1", "false", "0"):
                yield error(
                    (diagram.file, process),
                    vi=f"isExecutable của quy trình {label(process)} phải là true hoặc false, nhưng là “{value}”. Hãy đánh dấu lại ô"
                    " Executable.",
                    en=f"Expected isExecutable of process {label(process)} to be true or false, but it is “{value}”. Tick the box"
                    " Executable again.",
                )
        if diagram.processes and not diagram.executable:
            for process in diagram.processes:
                yield todo(
                    (diagram.file, process),
                    vi=f"Quy trình {label(process)} đang là bản vẽ, chưa được đánh dấu để chạy (isExecutable). Khi đã vẽ xong, hãy đánh"
                    " dấu ô Executable.",
                    en=f"Expected an executable process, but {label(process)} is marked as a drawing (isExecutable). Tick Executable when"
                    " it is done.",
                )
