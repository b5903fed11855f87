"""Files must be what their name says."""

from __future__ import annotations

import io
import zipfile

import pytest

from engine.errors import FileRejected
from web.uploads import clean_name, media_type


def office(folder: str, *more: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more):
            archive.writestr(name, "x")
    return held.getvalue()


GOOD = {
    "a.pdf": b"%PDF-1.4", "a.docx": office("word"), "a.xlsx": office("xl"), "A.PNG": b"\x89PNG\r\n\x1a\n", "a.jpg": b"\xff\xd8\xff\xe0",
    "a.txt": "Có dấu".encode(), "a.csv": b"a,b", "a.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
}  # fmt: skip
BAD = {
    "a.exe": b"MZ", "a": b"%PDF-1.4",
    "a.html": b"<html>", "a.svg": b"<svg/>", "a.docm": office("word"), "a.pdf.exe": b"%PDF-",
    "b.pdf": b"MZ\x90", "c.pdf": b"", "d.docx": office("xl"), "e.docx": office("word", "word/vbaProject.bin"),
    "f.docx": b"PK\x03\x04broken",
    "g.txt": b"\xff\xfe\x00", "h.txt": b" <script>alert(1)</script>", "i.png": b"GIF89a",
    "j.jpg": b"<svg onload=alert(1)>", "k.csv": b"a\0b",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_it_takes_files_of_the_kinds_that_offices_use(name: str) -> None:
    assert "/" in media_type(name, GOOD[name])


@pytest.mark.parametrize("name", BAD)
def test_it_refuses_every_other_kind_and_every_disguise(name: str) -> None:
    with pytest.raises(FileRejected):
        media_type(name, BAD[name])


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\an\\Giấy khám.pdf", "Giấy khám.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("x\r\nSet-Cookie: a.pdf", "xSet-Cookie_ a.pdf"),
        ("Giâ\u0301y.pdf", "Giấy.pdf"),
        ("  . a  b.pdf . ", "a b.pdf"),
        ("d" * 400 + ".pdf", "d" * 147 + ".pdf"),
    ],
)
def test_it_keeps_a_decent_name(given: str, kept: str) -> None:
    assert clean_name(given) == kept
