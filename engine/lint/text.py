"""Names must be plain text: composed accents (NFC), no invisible direction marks, no control characters, no HTML."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, warning

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile("[\u0080-\u009f\u00ad\u200b\u2060\ufeff\ufff9-\ufffb]")
_MARKUP = re.compile(r"</?[a-zA-Z!][^<>]*>|&(?:[a-zA-Z]+|#\d+);")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements():
        place = (diagram.file, element)
        written = element.node.get("name") or ""
        shown = _MARKUP.sub("", _BIDI.sub("", _INVISIBLE.sub("", element.name)))
        if _BIDI.search(element.name) or _BIDI.search(element.id):
            yield error(
                place,
                vi=f"Tên và mã chỉ được gồm chữ thường thấy, nhưng “{shown}” có dấu đảo chiều chữ không nhìn thấy được. Hãy gõ lại tên.",
                en=f"Expected plain text, but the name “{shown}” holds invisible marks that turn the direction of writing. Type the name"
                " again.",
            )
        elif _INVISIBLE.search(element.name):
            yield warning(
                place,
                vi=f"Tên “{shown}” có ký tự không nhìn thấy được. Hãy gõ lại tên.",
                en=f"Expected plain text, but the name “{shown}” holds invisible characters. Type the name again.",
            )
        if _MARKUP.search(element.name):
            yield warning(
                place,
                vi=f"Tên phải là chữ thường, nhưng “{shown}” có thẻ hoặc ký hiệu HTML; chúng sẽ hiện nguyên văn. Hãy xóa chúng.",
                en=f"Expected plain text, but the name “{shown}” holds HTML, which is shown as it stands. Remove it.",
            )
        if not unicodedata.is_normalized("NFC", written) or not unicodedata.is_normalized("NFC", element.id):
            yield warning(
                place,
                vi=f"Tên nên dùng chữ dựng sẵn (NFC), nhưng “{shown}” dùng dấu tổ hợp (NFD), nên tìm kiếm"
                " có thể không thấy."
                " Hãy gõ lại tên bằng bộ gõ Unicode dựng sẵn.",
                en=f"Expected composed letters (NFC), but the name “{shown}” is decomposed (NFD), so that"
                " searching may miss it."
                " Type it again with a keyboard that writes composed letters.",
            )
