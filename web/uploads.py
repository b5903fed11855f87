"""Files that people hand in: named decently, and of the kind that their name says."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Callable

from werkzeug.datastructures import FileStorage

from engine.errors import FileRejected

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_UNWANTED = re.compile(r'[<>:"|?*]')
LONGEST_NAME = 150
OFFICE = "application/vnd.openxmlformats-officedocument."
LARGEST_PARTS = 20_000


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(marks)


def _text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and not text.lstrip()[:1].startswith("<")


def _names(content: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [entry.filename for entry in archive.infolist()[:LARGEST_PARTS]]
    except (zipfile.BadZipFile, ValueError, OSError):
        return []


def _office(folder: str) -> Callable[[bytes], bool]:
    """A Word, Excel or PowerPoint file: its parts are there, and none of them holds macros."""

    def matches(content: bytes) -> bool:
        names = _names(content)
        parts = "[Content_Types].xml" in names and any(name.startswith(f"{folder}/") for name in names)
        return parts and not any(name.lower().endswith("vbaproject.bin") for name in names)

    return matches


def _open_document(kind: bytes) -> Callable[[bytes], bool]:
    # ODF stores its type uncompressed as the first entry.
    return lambda content: content[:4] == b"PK\x03\x04" and b"mimetypeapplication/vnd.oasis.opendocument." + kind in content[:200]


_OLE = _starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")

KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", lambda content: b"%PDF-" in content[:1024]),
    "docx": (f"{OFFICE}wordprocessingml.document", _office("word")),
    "xlsx": (f"{OFFICE}spreadsheetml.sheet", _office("xl")),
    "pptx": (f"{OFFICE}presentationml.presentation", _office("ppt")),
    "doc": ("application/msword", _OLE),
    "xls": ("application/vnd.ms-excel", _OLE),
    "odt": ("application/vnd.oasis.opendocument.text", _open_document(b"text")),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _open_document(b"spreadsheet")),
    "rtf": ("application/rtf", _starts(b"{\\rtf")),
    "txt": ("text/plain", _text),
    "csv": ("text/csv", _text),
    "jpg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "png": ("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "tif": ("image/tiff", _starts(b"II*\0", b"MM\0*")),
    "tiff": ("image/tiff", _starts(b"II*\0", b"MM\0*")),
}
ACCEPT = ",".join(f".{extension}" for extension in KINDS)


def clean_name(name: str) -> str:
    """The file's own name: no folders, no control or direction characters, in one Unicode form."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    name = " ".join(_UNWANTED.sub("_", _HIDDEN.sub("", name)).split()).strip(". ")
    stem, dot, extension = name.rpartition(".")
    return f"{stem[: LONGEST_NAME - len(extension)]}{dot}{extension}" if dot else name[:LONGEST_NAME]


def media_type(name: str, content: bytes) -> str:
    """The media type of a file whose content is what its name says. Raises FileRejected for every other file."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in KINDS:
        found = f".{extension}" if extension else "none"
        raise FileRejected(file=name, expected=f"a file of one of the kinds {', '.join(KINDS)}", found=found)
    if not content:
        raise FileRejected(file=name, expected="a file with content", found="an empty file")
    kind, matches = KINDS[extension]
    if not matches(content):
        raise FileRejected(file=name, expected=f"the content of a {extension} file", found=_looks_like(content))
    return kind


def _looks_like(content: bytes) -> str:
    if content.startswith((b"MZ", b"\x7fELF")):
        return "a program"
    if content.lstrip()[:1] == b"<":
        return "HTML or XML"
    found = [extension for extension, (_, matches) in KINDS.items() if extension not in ("txt", "csv") and matches(content)]
    return f"the content of a {found[0]} file" if found else "something else"


def receive(stored: FileStorage) -> tuple[str, bytes, str]:
    """(name, content, media type) of an uploaded file. Raises FileRejected."""
    name = clean_name(stored.filename or "") or "?"
    content = stored.stream.read()
    return name, content, media_type(name, content)
