"""What no file of a draft may hold, whatever its rules say later: it is for other programs that it would be dangerous."""

from __future__ import annotations

import io
import zipfile

from engine.errors import FileRejected
from web import uploads
from web.studio import text

UNPACKED = 100 * 2**20
"""Bytes that a Word document may have inside."""


def refuse(name: str, data: bytes) -> None:
    """Raises FileRejected for a file that declares entities, or for a Word document that is none, brings macros, or unpacks without end."""
    if name.endswith(text.XML):
        _declarations(name, data)
    elif name.endswith(".docx"):
        uploads.media_type(name, data)
        _document(name, data)


def _declarations(name: str, data: bytes) -> None:
    content = text.decoded(data, name)
    place = 0
    # Before the first element: white space, the XML declaration, comments and instructions; a type declaration there brings entities.
    while True:
        place += len(content[place : place + 4096]) - len(content[place : place + 4096].lstrip("\ufeff \t\r\n"))
        if content.startswith("<!--", place):
            end, mark = content.find("-->", place + 4), 3
        elif content.startswith("<?", place):
            end, mark = content.find("?>", place + 2), 2
        elif content[place : place + 1].isspace():
            continue
        else:
            break
        if end < 0:
            return
        place = end + mark
    if content.startswith("<!", place):
        raise FileRejected(file=name, expected="XML without a document type", found="a declaration with <!DOCTYPE")


def _document(name: str, data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > UNPACKED:
        raise FileRejected(file=name, expected=f"a document of at most {UNPACKED // 2**20} MB inside", found=f"{size // 2**20} MB")
