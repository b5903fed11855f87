"""Static texts of a form: a tiny subset of Markdown as a tree of words. Never HTML, so nothing of a form can become markup."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

_INLINE = re.compile(r"\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*|__(?P<strong2>[^_]+)__|\[(?P<link>[^\]]*)\]\([^)]*\)")
_TAG = re.compile(r"<[^>]{0,2000}>")
_BREAK = re.compile(r"<\s*(br|/p|/div|/li|/h[1-6])\b[^>]*>", re.IGNORECASE)
_HIDDEN = re.compile(r"<\s*(script|style)\b.*?(<\s*/\s*\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)

Span = tuple[str, str]
"""(`text`, `strong` or `em`; the words)."""


@dataclass(frozen=True)
class Block:
    """`kind`: heading, paragraph, bullets, numbers, rule. `items` holds one list of spans per line."""

    kind: str
    items: tuple[tuple[Span, ...], ...]


def blocks(text: str, from_html: bool = False) -> list[Block]:
    """Headings, paragraphs, lists, bold and italic. Links stay as their words; tags go."""
    if from_html:
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n\n", _HIDDEN.sub("", text))))
        return [Block("paragraph", ((("text", " ".join(part.split())),),)) for part in text.split("\n\n") if part.strip()]
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        for line in part.split("\n"):
            _add(found, line.strip(), continues=line is not part.split("\n")[0])
        found.append(Block("", ()))
    return [block for block in found if block.kind]


def _add(found: list[Block], line: str, continues: bool) -> None:
    kind, words = _kind(line)
    if not words and kind != "rule":
        return
    last = found[-1] if found else None
    if last is not None and last.kind == kind and kind in ("bullets", "numbers"):
        found[-1] = Block(kind, (*last.items, _spans(words)))
    elif last is not None and last.kind == kind == "paragraph":
        found[-1] = Block(kind, (*last.items[:-1], (*last.items[-1], ("text", " "), *_spans(words))))
    else:
        found.append(Block(kind, (_spans(words),)))


def _kind(line: str) -> tuple[str, str]:
    if re.fullmatch(r"-{3,}|\*{3,}", line):
        return "rule", ""
    if match := re.match(r"#{1,6}\s+(.*)", line):
        return "heading", match[1]
    if match := re.match(r"[-*+]\s+(.*)", line):
        return "bullets", match[1]
    if match := re.match(r"\d{1,3}[.)]\s+(.*)", line):
        return "numbers", match[1]
    return "paragraph", line


def _spans(words: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    end = 0
    for match in _INLINE.finditer(words):
        spans.append(("text", words[end : match.start()]))
        kind = "em" if match["em"] else "text" if match["link"] is not None else "strong"
        spans.append((kind, match["em"] or match["strong"] or match["strong2"] or match["link"] or ""))
        end = match.end()
    spans.append(("text", words[end:]))
    return tuple(span for span in spans if span[1])
