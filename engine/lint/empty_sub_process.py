"""A process and a sub-process have something in them: a collapsed or empty drawing is not a program yet."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import label, todo


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            if not flows.members[scope.id]:
                kind_vi, kind_en = ("Quy trình", "process") if scope.type == "process" else ("Quy trình con", "sub-process")
                yield todo(
                    (diagram.file, scope),
                    vi=f"{kind_vi} {label(scope)} cần có các bước bên trong, nhưng đang trống. Hãy vẽ các bước, hoặc thay bằng một bước"
                    " gọi quy trình khác.",
                    en=f"Expected {kind_en} {label(scope)} to have steps, but it is empty. Draw them or call another process instead.",
                )
