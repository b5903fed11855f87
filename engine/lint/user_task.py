"""A user task says to whom it goes, what it is called and what it asks: otherwise nobody finds it, or nobody knows what to do."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo, warning

_PEOPLE = ("assignee", "candidateUsers", "candidateGroups")
_FORMS = ("formRef", "formKey")
_VIEWS = ("ho_so", "nhiem_vu")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, task in folder.elements("userTask"):
        place = (diagram.file, task)
        people = any((task.camunda(name) or "").strip() for name in _PEOPLE)
        form = any((task.camunda(name) or "").strip() for name in _FORMS) or bool(task.extensions("formData"))
        if not task.name:
            yield todo(
                place,
                vi=f"Việc {task.id} cần tên để cán bộ thấy trong hộp việc, nhưng chưa có. Hãy đặt tên, ví dụ “Lập kế hoạch”.",
                en=f"Expected user task {task.id} to have a name that staff see in the inbox, but it has none. Name it.",
            )
        if not people and not form:
            yield todo(
                place,
                vi=f"Việc {label(task)} cần người nhận và biểu mẫu, nhưng chưa có cả hai. Hãy ghi nhóm nhận việc"
                " (camunda:candidateGroups) và chọn biểu mẫu.",
                en=f"Expected user task {label(task)} to say who gets it and which form it shows, but found neither."
                " Write camunda:candidateGroups and choose a form.",
            )
        elif not people:
            yield warning(
                place,
                vi=f"Việc {label(task)} chưa ghi ai nhận (assignee, candidateUsers, candidateGroups): chỉ người giám sát giao được. Hãy"
                " ghi nhóm nhận việc.",
                en=f"User task {label(task)} names nobody who may get it (assignee, candidateUsers, candidateGroups): only a supervisor"
                " can assign it. Write who gets it.",
            )
        elif not form:
            yield warning(
                place,
                vi=f"Việc {label(task)} không có biểu mẫu: cán bộ chỉ xác nhận được là đã xong. Nếu cần ghi kết quả, hãy chọn biểu mẫu.",
                en=f"User task {label(task)} has no form: staff can only confirm that it is done. Choose a form if a result is to be"
                " written down.",
            )
        view = task.properties.get("pham_vi_xem")
        if view is not None and view not in _VIEWS:
            yield error(
                place,
                vi=f"{label(task)}: pham_vi_xem phải là ho_so hoặc nhiem_vu, nhưng là “{view}”. Hãy sửa lại.",
                en=f"{label(task)}: expected pham_vi_xem to be ho_so or nhiem_vu, but it is “{view}”. Correct it.",
            )
