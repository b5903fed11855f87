"""A case on paper: a PDF that tells in Vietnamese what it was, how it went, what its data are and who did what."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer

from web.reading import Shown

FONTS = Path(__file__).parent / "fonts"
PLAIN, BOLD = "BeVietnamPro", "BeVietnamPro-SemiBold"
LONGEST = 600
"""Letters of one cell of a table: a row must fit on a page. The whole text is in case.json."""

_BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=9.5, leading=13.5)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=11)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName=BOLD, fontSize=16, leading=21, spaceAfter=6)
_HEAD = ParagraphStyle("head", parent=_BODY, fontName=BOLD, fontSize=12, leading=16, spaceBefore=12, spaceAfter=4, keepWithNext=1)
_GRID = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.4, colors.lightgrey),
    ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ("RIGHTPADDING", (0, 0), (-1, -1), 3),
]


class Paper:
    """Put together from above; content() is the file."""

    def __init__(self, title: str, subject: str, footer: str, made_at: datetime) -> None:
        for name, file in ((PLAIN, "BeVietnamPro-Regular.ttf"), (BOLD, "BeVietnamPro-SemiBold.ttf")):
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, FONTS / file))
        self._title, self._subject, self._footer = title, subject, footer
        self._story: list[Any] = [Paragraph(_safe(title), _TITLE)]

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Label and value, a line each."""
        self._story += [_pair(label, value) for label, value in pairs if value]

    def head(self, text: str) -> None:
        self._story.append(Paragraph(_safe(text), _HEAD))

    def line(self, text: str) -> None:
        self._story.append(Paragraph(_safe(text), _BODY))

    def values(self, shown: Sequence[Shown]) -> None:
        """Data of the case, records indented below their label."""
        self._story += list(_values(shown, 0))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float]) -> None:
        """`widths` in millimetres."""
        cells = [[Paragraph(f'<font name="{BOLD}">{_safe(head)}</font>', _SMALL) for head in heads]]
        cells += [[Paragraph(_safe(_cut(cell)), _SMALL) for cell in row] for row in rows]
        self._story += [LongTable(cells, colWidths=[width * mm for width in widths], repeatRows=1, style=_GRID), Spacer(1, 4)]

    def content(self) -> bytes:
        out = BytesIO()
        made = SimpleDocTemplate(
            out,
            pagesize=A4,
            leftMargin=18 * mm,
            rightMargin=18 * mm,
            topMargin=16 * mm,
            bottomMargin=18 * mm,
            title=_clean(self._title),
            subject=_clean(self._subject),
            lang="vi",
        )
        made.build(self._story, onFirstPage=self._foot, onLaterPages=self._foot)
        return out.getvalue()

    def _foot(self, canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(PLAIN, 7.5)
        canvas.drawString(18 * mm, 10 * mm, _clean(self._footer)[:150])
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"Trang {document.page}")
        canvas.restoreState()


def _values(shown: Sequence[Shown], depth: int) -> Iterator[Any]:
    style = ParagraphStyle(f"value{depth}", parent=_BODY, leftIndent=min(depth, 8) * 5 * mm)
    for one in shown:
        if not one.says_something:
            continue
        files = "; ".join(file.name for file in one.files)
        yield _pair(one.label, one.text or files, style)
        yield from _values(one.parts, depth + 1)
        for number, item in enumerate(one.items, 1):
            if item.parts or item.items:
                yield Paragraph(f"{number}.", ParagraphStyle(f"item{depth}", parent=style, leftIndent=style.leftIndent + 3 * mm))
                yield from _values(item.parts or item.items, depth + 1)
            else:
                yield Paragraph(f"{number}. {_safe(item.text)}", ParagraphStyle(f"item{depth}", parent=style))


def _pair(label: str, value: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(f'<font name="{BOLD}">{_safe(label)}:</font> {_safe(value)}', style)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _clean(text: str) -> str:
    """Composed letters, since the font has no others; without what no page can show."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in composed)


def _safe(text: str) -> str:
    return escape(_clean(text)).replace("\n", "<br/>")
