"""Files of a draft as the text that an editor shows, and back."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata

from engine.errors import FileRejected

XML = (".bpmn", ".bpmn20.xml", ".dmn")
_DECLARED = re.compile(r"""^(\s*<\?xml\b[^>]*?\bencoding\s*=\s*["'])([A-Za-z][A-Za-z0-9._-]*)""")
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def decoded(data: bytes, name: str) -> str:
    """The text of a file, in the encoding that it says. Raises FileRejected."""
    encoding = next((known for mark, known in _MARKS if data.startswith(mark)), None)
    if encoding is None:
        said = _DECLARED.match(data[:200].decode("latin-1")) if name.endswith(XML) else None
        encoding = said[2] if said else "utf-8"
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        raise FileRejected(file=name, expected=f"text in {encoding}", found="bytes that are none") from None


def encoded(content: str, name: str) -> bytes:
    """What is stored of the text of an editor: UTF-8, letters in one form (NFC), and an XML file says so."""
    content = unicodedata.normalize("NFC", content)
    if name.endswith(XML):
        content = _DECLARED.sub(lambda said: f"{said[1]}UTF-8", content, count=1)
    try:
        return content.encode()
    except UnicodeEncodeError as error:
        raise FileRejected(file=name, expected="text of whole letters", found=f"half a letter at place {error.start + 1}") from None
