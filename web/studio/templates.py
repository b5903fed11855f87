"""The Word templates of a draft: what they are filled with, and another in their place."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from lxml import etree

from engine import workspaces
from engine.errors import FileRejected
from web import uploads
from web.database import db
from web.language import gettext as _
from web.sessions import me
from web.studio import bp, drafts, text

LARGEST_PART = 10 * 2**20
MOST_SLOTS = 500
_PARTS = re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes)\.xml")
_SLOT = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"(?<![\w.|])(?!\d)\w+")
_WORDS = frozenset(
    {
        "p",
        "tr",
        "tc",
        "r",
        "for",
        "in",
        "if",
        "elif",
        "else",
        "endif",
        "endfor",
        "set",
        "not",
        "and",
        "or",
        "is",
        "loop",
        "true",
        "false",
        "none",
    }
)
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True)
class Slot:
    """A place to fill: as it is written, the variables it names, and how often it stands in the file."""

    written: str
    names: tuple[str, ...]
    count: int


def page(folder: str, name: str, data: bytes) -> str:
    """The page of a Word file of the draft."""
    try:
        found, problem = slots(data, name), ""
    except FileRejected:
        found, problem = [], _("Tệp này không đọc được như một văn bản Word. Hãy tải về, mở bằng Word rồi lưu lại.")
    return render_template(
        "studio/document_file.html", folder=folder, name=name, length=len(data), base=text.sha256(data), slots=found, problem=problem
    )


def slots(data: bytes, name: str = "") -> list[Slot]:
    """The places to fill in a Word file, in order. Word cuts a text into pieces as it likes, so paragraphs are read whole. FileRejected."""
    found = Counter(blank for part in _parts(data, name) for paragraph in _paragraphs(part, name) for blank in _SLOT.findall(paragraph))
    return [Slot(written, _names(written), count) for written, count in list(found.items())[:MOST_SLOTS]]


def _parts(data: bytes, name: str) -> list[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [_read(archive, entry, name) for entry in archive.namelist()[: uploads.LARGEST_PARTS] if _PARTS.fullmatch(entry)]
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, RuntimeError) as error:
        raise FileRejected(file=name, expected="a file that can be read", found=str(error)[:200]) from None


def _read(archive: zipfile.ZipFile, entry: str, name: str) -> bytes:
    with archive.open(entry) as stream:
        # What an archive says of its sizes may be a lie.
        content = stream.read(LARGEST_PART + 1)
    if len(content) > LARGEST_PART:
        raise FileRejected(file=name, expected=f"a file of at most {LARGEST_PART} bytes", found="more")
    return content


def _paragraphs(part: bytes, name: str) -> list[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(part, parser)
    except etree.XMLSyntaxError as error:
        raise FileRejected(file=name, expected="well-formed XML", found=str(error)[:200]) from None
    return ["".join(piece.text or "" for piece in paragraph.iter(f"{_WORD}t")) for paragraph in root.iter(f"{_WORD}p")]


def _names(written: str) -> tuple[str, ...]:
    """The variables that a place names; filters, parts of records and words of the template language are none."""
    inner = re.sub(r"\|\s*\w+", "", _LITERAL.sub("", written[2:-2]))
    return tuple(dict.fromkeys(name for name in _NAME.findall(inner) if name.lower() not in _WORDS))


@bp.post("/<folder>/thay-van-ban/<path:name>")
def replace_document(folder: str, name: str) -> ResponseReturnValue:
    """Another Word file under the same name. Raises FileRejected for what is none."""
    stored = request.files.get("tep")
    data = stored.stream.read() if stored else b""
    if not stored or not stored.filename:
        raise FileRejected(file=name, expected="a file with content", found="none")
    draft = drafts.workspace(folder)
    workspaces.read(db.session(), draft, name)  # NotFound where there is none to replace.
    uploads.media_type(uploads.clean_name(stored.filename), data)
    if uploads.clean_name(stored.filename).rpartition(".")[2].lower() != name.rpartition(".")[2].lower():
        raise FileRejected(file=stored.filename, expected=f"the content of a {name.rpartition('.')[2]} file", found="something else")
    said = workspaces.write(db.session(), draft, name, data, request.form.get("base"), me())
    if isinstance(said, workspaces.Saved):
        flash(_("Đã thay %(name)s.", name=name), "done")
    else:
        by = said.by.name if said.by else _("một chương trình")
        flash(_("%(name)s đã thay tệp này trước. Bản của đồng chí được giữ riêng trong lịch sử bản nháp, không mất.", name=by), "late")
    return redirect(url_for("studio.editor", folder=folder, name=name))
