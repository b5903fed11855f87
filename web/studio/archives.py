"""Zip files of process folders: packed byte for byte, unpacked with limits."""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping

from engine.errors import FileRejected
from engine.workspaces import LARGEST, MOST, TOTAL

ENTRIES = 5 * MOST
"""What an archive may list, with folders and what other systems add to it."""
NOISE = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
_THEN = (2000, 1, 1, 0, 0, 0)


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of `files`. The same files give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _THEN), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """The files of zip `name` by their paths, without what file managers add. Nothing is written anywhere. Raises FileRejected."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive, name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, RuntimeError):
        raise FileRejected(file=name, expected="a zip file that can be unpacked", found="a damaged one, or one with a password") from None


def _read(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise FileRejected(file=name, expected=f"at most {MOST} files", found=f"{len(entries)} files")
    found: dict[str, bytes] = {}
    left = TOTAL
    for entry in entries:
        path = unicodedata.normalize("NFC", entry.filename.replace("\\", "/"))
        if entry.is_dir() or path.startswith(NOISE[0]) or path.rpartition("/")[2] in NOISE:
            continue
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise FileRejected(file=name, expected="plain files", found=f"a link, {path[:80]}")
        if path in found:
            raise FileRejected(file=name, expected="each file once", found=f"{path[:80]} twice")
        found[path] = _content(archive, entry, min(LARGEST, left), name)
        left -= len(found[path])
        if len(found) > MOST:
            raise FileRejected(file=name, expected=f"at most {MOST} files", found="more files")
    if not found:
        raise FileRejected(file=name, expected="a zip file with files", found="an empty one")
    return _without_top(found)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int, name: str) -> bytes:
    # What the archive says about sizes may be a lie: as much is unpacked as may be kept, and not a byte more.
    with archive.open(entry) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        limit = f"files of at most {LARGEST // 2**20} MB, together {TOTAL // 2**20} MB"
        raise FileRejected(file=name, expected=limit, found=f"{entry.filename[:80]}, which is larger")
    return data


def _without_top(files: dict[str, bytes]) -> dict[str, bytes]:
    """A folder that was zipped whole stands in the archive under its own name: the diagram at its top tells it from `forms/`."""
    top = next(iter(files)).partition("/")[0] + "/"
    if not all(name.startswith(top) for name in files):
        return files
    inner = {name.removeprefix(top): data for name, data in files.items()}
    return inner if any("/" not in name and name.endswith((".bpmn", ".bpmn20.xml")) for name in inner) else files
