"""A task says who or what does it: a task without a type would be passed through without anybody having done it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import label, todo


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, task in folder.elements("task"):
        yield todo(
            (diagram.file, task),
            vi=f"Bước {label(task)} cần cho biết ai làm, nhưng chưa có loại. Hãy đổi thành việc của người (User task), của máy (Service"
            " task)"
            " hoặc việc làm ngoài hệ thống (Manual task).",
            en=f"Expected step {label(task)} to say who does it, but it has no type. Make it a user task, a service task,"
            " or a manual task when it is done outside the system.",
        )
