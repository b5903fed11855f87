"""A decision that a business rule task names must be in the folder, and every cell of its table must be one the engine can honour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo

_RESULTS = ("singleEntry", "singleResult", "collectEntries", "resultList")


def check(folder: Folder) -> Iterator[Finding]:
    for name, reason in folder.rejected.items():
        if name.endswith(".dmn"):
            found = reason.parameters.get("found", reason)
            yield error(
                name,
                vi=f"Tệp quyết định phải là DMN 1.1–1.5 đọc được, nhưng: {found}. Hãy mở bằng trình vẽ DMN rồi lưu lại.",
                en=f"Expected a DMN 1.1-1.5 file, but: {found}. Open it in the DMN editor and save it again.",
            )
    for name, decisions in folder.decisions.items():
        for finding in decisions.check():
            yield replace(finding, file=finding.file or name, detail={**finding.detail, "rule": finding.rule})
    known = {id_ for decisions in folder.decisions.values() for id_ in decisions.ids}
    broken = any(name.endswith(".dmn") for name in folder.rejected)
    for diagram, task in folder.elements("businessRuleTask"):
        place = (diagram.file, task)
        reference = (task.camunda("decisionRef") or "").strip()
        if not reference and not task.camunda("type"):
            yield todo(
                place,
                vi=f"{label(task)} cần một bảng quyết định, nhưng chưa chọn (camunda:decisionRef). Hãy chọn Implementation = DMN và ghi"
                " mã bảng.",
                en=f"Expected {label(task)} to name a decision, but it has no camunda:decisionRef. Choose Implementation = DMN and its id.",
            )
        elif reference and "${" not in reference and reference not in known and not broken:
            yield error(
                place,
                vi=f"{label(task)}: bảng quyết định “{reference}” phải có trong thư mục, nhưng không có. Hiện có:"
                f" {', '.join(sorted(known)) or '-'}."
                " Hãy chọn lại, hoặc thêm tệp .dmn.",
                en=f"{label(task)}: expected decision “{reference}” in the folder, but it is not there."
                f" There are: {', '.join(sorted(known)) or '-'}. Choose again or add the .dmn file.",
            )
        kind = task.camunda("mapDecisionResult")
        if kind and kind not in _RESULTS:
            yield error(
                place,
                vi=f"{label(task)}: camunda:mapDecisionResult phải là một trong {', '.join(_RESULTS)}, nhưng là “{kind}”. Hãy chọn lại.",
                en=f"{label(task)}: expected camunda:mapDecisionResult to be one of {', '.join(_RESULTS)}, but it is “{kind}”. Choose"
                " again.",
            )
