"""Every file must be readable: well-formed XML without DOCTYPE, in BPMN's namespace, not too deep or large, in the encoding it states."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import BPMN
from engine.errors import EngineError, Finding
from engine.lint.folder import DIAGRAM_ENDINGS, LARGEST, Folder
from engine.lint.rule import error, warning

_DMN = "https://www.omg.org/spec/DMN/"
_OLD_DMN = "http://www.omg.org/spec/DMN/"


def check(folder: Folder) -> Iterator[Finding]:
    for name, reason in folder.rejected.items():
        if name.endswith(DIAGRAM_ENDINGS):
            yield _rejected(name, folder.files[name], reason)
    if not any(name.endswith(DIAGRAM_ENDINGS) for name in folder.files):
        first = next(iter(sorted(folder.files)), "")
        yield error(
            first,
            vi="Cần ít nhất một tệp sơ đồ .bpmn, nhưng không có tệp nào. Hãy thêm sơ đồ vào thư mục.",
            en="Expected at least one .bpmn diagram, but found none. Add the diagram to the folder.",
        )
    for diagram in folder.diagrams.values():
        if not diagram.processes and not folder.called:
            yield error(
                diagram.file,
                vi="Sơ đồ cần có ít nhất một quy trình (<process>), nhưng không có. Hãy vẽ quy trình rồi lưu lại.",
                en="Expected at least one <process>, but found none. Draw the process and save again.",
            )
        encoding = (diagram.root.getroottree().docinfo.encoding or "UTF-8").upper()
        if encoding not in ("UTF-8", "ASCII", "US-ASCII"):
            yield warning(
                diagram.file,
                vi=f"Tệp nên dùng bảng mã UTF-8, nhưng đang dùng {encoding}. Tệp vẫn đọc được; hãy lưu lại dạng UTF-8 để phần mềm khác"
                " cũng đọc được.",
                en=f"Expected UTF-8, but the file is {encoding}. It can be read; save it as UTF-8 so that other tools can read it as well.",
            )


def _rejected(name: str, data: bytes, reason: EngineError) -> Finding:
    found = str(reason.parameters.get("found", reason))
    line = _line(found)
    for says, vi, en in _REASONS:
        if says(data, found):
            return error(name, vi=vi.format(found=found), en=en.format(found=found), line=line)
    return error(
        name,
        vi=f"Tệp phải là XML đúng cú pháp, nhưng bộ đọc báo: {found}. Hãy mở lại tệp bằng trình vẽ và lưu lại.",
        en=f"Expected well-formed XML, but the reader says: {found}. Open the file in the modeler and save it again.",
        line=line,
    )


def _line(found: str) -> int | None:
    _, _, rest = found.rpartition(", line ")
    number = rest.rpartition("line ")[2].split(",")[0].strip(" )")
    if "line " not in found:
        return None
    digits = found.partition("line ")[2].split(",")[0].strip()
    return int(digits) if digits.isdigit() else int(number) if number.isdigit() else None


def _html(data: bytes, found: str) -> bool:
    head = data[:400].lower()
    return b"<html" in head or b"<!doctype html" in head or found.lower().startswith("{http://www.w3.org/1999/xhtml")


_REASONS = (
    (
        lambda data, found: len(data) > LARGEST,
        "Tệp không được vượt quá 10 MB, nhưng lớn hơn thế. Hãy bỏ phần thừa (ảnh nhúng, sơ đồ không dùng) rồi thử lại.",
        "Expected a file of at most 10 MB, but it is larger. Remove what is not needed (embedded pictures, unused diagrams) and try again.",
    ),
    (
        lambda data, found: not data.strip(b"\x00 \r\n\t"),
        "Tệp sơ đồ trống. Hãy vẽ sơ đồ rồi lưu lại.",
        "The file is empty. Draw the diagram and save it again.",
    ),
    (
        _html,
        "Cần sơ đồ BPMN, nhưng đây là trang HTML. Có thể khi tải về đã lưu nhầm trang web; hãy tải đúng tệp .bpmn.",
        "Expected a BPMN diagram, but this is an HTML page. A web page was probably saved instead of the file; download the .bpmn file"
        " itself.",
    ),
    (
        lambda data, found: "DOCTYPE" in found or "ntity" in found,
        "Tệp không được có DOCTYPE hay thực thể (entity) XML, nhưng có: {found}. Hãy xóa dòng <!DOCTYPE ...> rồi lưu lại.",
        "Expected XML without DOCTYPE and entities, but found: {found}. Delete the <!DOCTYPE ...> and save again.",
    ),
    (
        lambda data, found: "Excessive depth" in found,
        "Các phần tử XML không được lồng nhau quá 256 tầng, nhưng tệp lồng sâu hơn. Hãy vẽ lại bằng trình vẽ BPMN.",
        "Expected at most 256 nested XML elements, but the file is deeper. Draw it again in a BPMN modeler.",
    ),
    (
        lambda data, found: "limit" in found,
        "Một thuộc tính hay đoạn văn bản trong tệp không được dài quá 10 MB, nhưng dài hơn thế. Hãy bỏ phần đó.",
        "Expected attributes and texts of at most 10 MB, but found a longer one. Remove it.",
    ),
    (
        lambda data, found: "encoding" in found or "UTF-8" in found or "conversion failed" in found,
        "Nội dung tệp phải đúng với bảng mã ghi ở dòng đầu, nhưng không đúng: {found}. Hãy lưu lại tệp dạng UTF-8.",
        "Expected the bytes to be in the stated encoding, but they are not: {found}. Save the file as UTF-8.",
    ),
    (
        lambda data, found: found.startswith((f"{{{_DMN}", f"{{{_OLD_DMN}")),
        "Cần sơ đồ BPMN, nhưng đây là bảng quyết định DMN. Hãy đổi phần đuôi tên tệp thành .dmn.",
        "Expected a BPMN diagram, but this is a DMN decision. Rename the file to end in .dmn.",
    ),
    (
        lambda data, found: found.startswith("{") or found.isidentifier() or found.endswith("definitions"),
        "Phần tử gốc phải là <definitions> trong không gian tên " + BPMN + ", nhưng là {found}. Hãy xuất lại tệp theo BPMN 2.0.",
        "Expected the root <definitions> in the namespace " + BPMN + ", but found {found}. Export the file again as BPMN 2.0.",
    ),
)
