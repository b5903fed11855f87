"""Patterns of text fields: JavaScript regular expressions, of which we run what Python reads the same way and what ends in time.

A pattern is translated piece by piece, so that nothing reaches Python's `re` that was not understood here. Its cost is an upper bound of
the steps that backtracking may take on the longest text allowed; a repetition inside a repetition has no useful bound and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 256
"""Characters of a text that is held against a pattern, where the field says no less."""
MOST_STEPS = 20_000_000
_SPACES = "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACES}
_CONTROLS = "tnrvf"
_SYNTAX = "^$\\.*+?()[]{}|/-"
_QUANTIFIER = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
_CODE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


class PatternRefused(ValueError):
    """`args`: the reason in Vietnamese and in English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


@lru_cache(maxsize=1_000)
def compile_pattern(source: str, longest: int = LONGEST) -> re.Pattern[str]:
    """The pattern as Python runs it on texts of at most `longest` characters. Raises PatternRefused."""
    reader = _Reader(source, longest)
    translated, cost = reader.alternatives()
    if reader.at < len(source):
        raise PatternRefused("ngoặc đóng thừa", "a closing bracket without an opening one")
    if not source.startswith("^"):
        cost *= longest
    if cost > MOST_STEPS:
        raise PatternRefused(
            f"có thể tốn tới {cost} bước; hãy đặt ^ ở đầu, bớt phần lặp hoặc đặt maxLength nhỏ hơn",
            f"it may take {cost} steps; begin it with ^, repeat less, or set a smaller maxLength",
        )
    try:
        return re.compile(translated)
    except (re.error, OverflowError) as error:
        raise PatternRefused(f"viết sai ({error})", f"it is malformed ({error})") from None


@dataclass
class _Reader:
    source: str
    longest: int
    at: int = 0
    depth: int = 0

    def alternatives(self) -> tuple[str, int]:
        translated, cost = self.sequence()
        while self.take("|"):
            other, more = self.sequence()
            translated, cost = f"{translated}|{other}", cost + more
        return translated, cost

    def sequence(self) -> tuple[str, int]:
        parts, cost = [], 1
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            part, own, may_repeat = self.atom()
            part, own = self.quantified(part, own, may_repeat)
            parts.append(part)
            cost *= own
        return "".join(parts), cost

    def atom(self) -> tuple[str, int, bool]:
        char = self.source[self.at]
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class(), 1, True
        if char == "\\":
            return self.escape()
        if char in "*+?{}]":
            raise PatternRefused(f"ký tự {char} đứng một mình", f"a lone {char}")
        self.at += 1
        if char in "^$":
            return ("^" if char == "^" else r"\Z"), 1, False
        if char == ".":
            return r"[^\n\r\u2028\u2029]", 1, True
        return self.literal(char), 1, True

    def group(self) -> tuple[str, int, bool]:
        self.at += 1
        opening = "(?:"
        if self.take("?"):
            if not (kind := next((k for k in (":", "=", "!") if self.take(k)), None)):
                raise PatternRefused("nhóm (?...) không dùng được ở đây", "groups other than (...), (?:...), (?=...), (?!...)")
            opening = f"(?{kind}"
        self.depth += 1
        if self.depth > 20:
            raise PatternRefused("quá nhiều ngoặc lồng nhau", "brackets nested too deep")
        translated, cost = self.alternatives()
        self.depth -= 1
        if not self.take(")"):
            raise PatternRefused("thiếu ngoặc đóng", "a bracket that is not closed")
        return f"{opening}{translated})", cost, opening == "(?:"

    def quantified(self, part: str, cost: int, may_repeat: bool) -> tuple[str, int]:
        if self.at >= len(self.source):
            return part, cost
        least, most, written = self.quantifier()
        if not written:
            return part, cost
        if not may_repeat:
            raise PatternRefused("phép lặp sau một điều kiện", "a repeated assertion")
        if self.take("?"):
            written += "?"
        elif self.source[self.at : self.at + 1] in ("+", "*", "{"):
            raise PatternRefused("hai phép lặp liền nhau", "a repetition after a repetition")
        if most is not None and least == most:
            return part + written, min(cost**most, MOST_STEPS + 1)
        if cost > 1 and most != 1:
            raise PatternRefused("phép lặp bên trong một phép lặp", "a repetition or an alternative inside a repetition")
        return part + written, cost + min((self.longest if most is None else most) - least, self.longest)

    def quantifier(self) -> tuple[int, int | None, str]:
        char = self.source[self.at]
        if char in "*+?":
            self.at += 1
            return {"*": (0, None, "*"), "+": (1, None, "+"), "?": (0, 1, "?")}[char]
        match = _QUANTIFIER.match(self.source, self.at)
        if match is None:
            return 1, 1, ""
        self.at = match.end()
        least = int(match[1])
        most = least if match[2] is None else int(match[3]) if match[3] else None
        if most is not None and (most < least or most > 1000):
            raise PatternRefused("số lần lặp không hợp lệ", "a repetition count that is reversed or above 1000")
        return least, most, match[0]

    def escape(self) -> tuple[str, int, bool]:
        char = self.source[self.at + 1 : self.at + 2]
        if char in ("b", "B"):
            self.at += 2
            return f"(?a:\\{char})", 1, False
        if char and char in "DWS":
            self.at += 2
            return f"[^{_CLASSES[char.lower()]}]", 1, True
        inside = self.class_escape()
        return (f"[{inside}]" if char in _CLASSES else inside), 1, True

    def char_class(self) -> str:
        self.at += 1
        parts = ["[^" if self.take("^") else "["]
        if self.source[self.at : self.at + 1] == "]":
            raise PatternRefused("lớp ký tự rỗng", "an empty character class")
        while not self.take("]"):
            if self.at >= len(self.source):
                raise PatternRefused("thiếu ] của lớp ký tự", "a character class that is not closed")
            if self.source[self.at] == "\\":
                parts.append(self.class_escape())
                continue
            char = self.source[self.at]
            self.at += 1
            parts.append("-" if char == "-" and self.is_range(parts) else self.literal(char))
        return "".join(parts) + "]"

    def is_range(self, parts: list[str]) -> bool:
        return len(parts) > 1 and self.source[self.at : self.at + 1] not in ("]", "") and parts[-1] not in _CLASSES.values()

    def class_escape(self) -> str:
        """An escape that means the same inside and outside a class."""
        code = _CODE.match(self.source, self.at)
        if code:
            self.at = code.end()
            return code[0]
        char = self.source[self.at + 1 : self.at + 2]
        self.at += 2
        if char and char in _CLASSES:
            return _CLASSES[char]
        if char and char in _CONTROLS:
            return f"\\{char}"
        if char and char in _SYNTAX:
            return f"\\{char}"
        raise PatternRefused(f"\\{char} được hiểu khác nhau giữa các chương trình", f"\\{char} is read differently by different programs")

    def literal(self, char: str) -> str:
        if ord(char) > 0xFFFF:
            raise PatternRefused("ký tự ngoài mặt phẳng cơ bản", "a character outside the basic plane")
        return re.escape(char)

    def take(self, char: str) -> bool:
        found = self.source.startswith(char, self.at)
        self.at += found * len(char)
        return found
