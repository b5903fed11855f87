"""A form that a user task or start event names must be in the folder, and every form must be one that can be shown and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import Finding
from engine.forms import Form
from engine.lint.folder import Folder
from engine.lint.rule import error, label


def check(folder: Folder) -> Iterator[Finding]:
    for name, reason in folder.rejected.items():
        if name.endswith(".form"):
            found = reason.parameters.get("found", reason)
            yield error(
                name,
                vi=f"Biểu mẫu phải là tệp form-js đọc được, nhưng: {found}. Hãy mở biểu mẫu bằng trình vẽ rồi lưu lại.",
                en=f"Expected a form-js schema, but: {found}. Open the form in the form editor and save it again.",
            )
    for name, form in folder.forms.items():
        for finding in form.check():
            yield replace(finding, file=finding.file or name, detail={**finding.detail, "rule": finding.rule})
    for diagram, element in folder.elements("userTask", "startEvent"):
        for data in element.extensions("formData"):
            for finding in Form.from_form_data(data, diagram.file).check():
                yield replace(finding, file=diagram.file, element=element.id, line=finding.line or element.line)
        for attribute in ("formRef", "formKey"):
            reference = (element.camunda(attribute) or "").strip()
            if not reference or "${" in reference or folder.form(reference) or folder.names_file(reference):
                continue
            known = ", ".join(sorted(form.id for form in folder.forms.values())) or "-"
            yield error(
                (diagram.file, element),
                vi=f"{label(element)}: camunda:{attribute} phải là mã một biểu mẫu trong thư mục, nhưng “{reference}” không có. Hiện có:"
                f" {known}."
                " Hãy chọn lại, hoặc thêm biểu mẫu.",
                en=f"{label(element)}: expected camunda:{attribute} to be the id of a form in the folder, but there is no “{reference}”."
                f" There are: {known}. Choose again or add the form.",
            )
