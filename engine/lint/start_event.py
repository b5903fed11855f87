"""A process or sub-process has one plain start event: several would all begin at once, which few who draw them mean."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import label, warning


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            plain = [m for m in flows.members[scope.id] if m.type == "startEvent" and not flows.definitions(m)]
            if len(plain) > 1:
                shown = ", ".join(label(start) for start in plain)
                yield warning(
                    (diagram.file, plain[1]),
                    vi=f"{label(scope)} nên có một sự kiện bắt đầu thường, nhưng có {len(plain)} ({shown}): tất cả sẽ cùng bắt đầu."
                    " Hãy giữ lại một, hoặc dùng một sự kiện bắt đầu và cổng song song cho rõ.",
                    en=f"Expected {label(scope)} to have one plain start event, but found {len(plain)} ({shown}): all begin at once."
                    " Keep one, or draw one start and a parallel gateway to make it plain.",
                )
