"""Which files a draft may hold: plain names within the folder, of the kinds that a folder has, within bounds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import TypeVar

from engine.contents import NOT_DEPLOYED
from engine.errors import FileRejected, Invalid

KINDS = (".bpmn", ".bpmn20.xml", ".dmn", ".form", ".docx", ".json", ".md")
LONGEST = 200
LARGEST = 10 * 2**20
"""Bytes of one file: what engine.lint reads at most."""
TOTAL = 32 * 2**20
"""Bytes of all files of a draft."""
MOST = 200
"""Files of a draft."""
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
_BAD = set('\\:*?"<>|')
Content = TypeVar("Content")


def checked(name: str) -> str:
    """`name` in one Unicode form. Raises FileRejected for what is no plain path within the folder, or no kind of file that it holds."""
    name = plain(name)
    if not name.endswith(KINDS):
        raise FileRejected(file=name, expected=f"a file of one of the kinds {', '.join(KINDS)}", found="another kind")
    return name


def plain(name: str) -> str:
    """`name` in one Unicode form. Raises FileRejected for what is no plain path within the folder."""
    name = unicodedata.normalize("NFC", name)
    parts = name.split("/")
    # isprintable() also knows the marks that turn the direction of writing.
    plain = name.isprintable() and not _BAD & set(name) and all(part and part == part.strip() and part[0] != "." for part in parts)
    if len(name) > LONGEST or not plain or any(part.endswith(".") for part in parts):
        expected = "a name within the process folder, without “..” and hidden characters"
        raise FileRejected(file=repr(name[:80]), expected=expected, found="another name")
    return name


def checked_folder(folder: str) -> str:
    """`folder` if it can name a process folder. Raises Invalid."""
    if not FOLDER.fullmatch(folder):
        raise Invalid(expected="a folder name of letters without diacritics, digits, “_” and “-”", found=repr(folder[:80]))
    return folder


def bounded(sizes: Mapping[str, int]) -> None:
    """Raises FileRejected or Invalid when files of these sizes are too many or too large for a draft."""
    for name, size in sizes.items():
        if size > LARGEST:
            raise FileRejected(file=name, expected=f"a file of at most {LARGEST // 2**20} MB", found=f"{_megabytes(size)} MB")
    if len(sizes) > MOST:
        raise Invalid(expected=f"at most {MOST} files in a draft", found=f"{len(sizes)} files")
    if sum(sizes.values()) > TOTAL:
        raise Invalid(expected=f"at most {TOTAL // 2**20} MB in a draft", found=f"{_megabytes(sum(sizes.values()))} MB")


def distinct(names: Collection[str]) -> None:
    """Raises Invalid for names that one disk could not keep apart, or of which one would be the other's folder."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            raise Invalid(expected="names that differ in more than capital letters", found=f"{other} and {name}")
    for name in names:
        parent = name.casefold()
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in seen:
                raise Invalid(expected="names of which none is the folder of another", found=f"{seen[parent]} and {name}")


def deployable(files: Mapping[str, Content]) -> dict[str, Content]:
    """Those of `files` that a deployment takes: not README.md and scenarios/, as with a folder on disk."""
    return {name: content for name, content in files.items() if name.split("/")[0] not in NOT_DEPLOYED}


def _megabytes(size: int) -> int:
    return -(-size // 2**20)


def beside(files: Mapping[str, Content]) -> dict[str, Content]:
    """Those of `files` that no deployment takes."""
    taken = deployable(files)
    return {name: content for name, content in files.items() if name not in taken}
