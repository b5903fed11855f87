"""Writes THIRD-PARTY.md: every package that is installed to run the server, with its licence."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PAGE = Path(__file__).parents[1] / "THIRD-PARTY.md"
HEAD = """\
# Third-party software

What runs with this project. Made by `make notices`.

- What browsers load (`web/static/dist`) holds code of other projects; `web/static/dist/THIRD-PARTY.txt` has their licences, word by word.
  The licence of bpmn-js asks that its logo stays visible on every diagram.
- The PDF of a case carries the font Be Vietnam Pro (SIL Open Font License 1.1); `web/casefile/fonts` has it with its licence. It was put
  together from the parts that @fontsource/be-vietnam-pro offers, without their layout tables.
- Python packages are not part of this repository: pip installs them, each with its licence text in its `.dist-info` folder.

| package | version | licence | home |
|---|---|---|---|
"""


def needed(name: str, extras: frozenset[str] = frozenset(), seen: set[str] | None = None) -> Iterator[str]:
    """Names of all packages that `name` needs on this machine, without its own optional ones."""
    seen = set() if seen is None else seen
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        found = canonicalize_name(requirement.name)
        key = f"{found}[{','.join(sorted(requirement.extras))}]"
        if key not in seen:
            seen.add(key)
            yield found
            yield from needed(found, frozenset(requirement.extras), seen)


def page() -> str:
    """THIRD-PARTY.md as it should be now."""
    names = sorted(set(needed("luanchuyen")))
    command = [
        Path(sys.executable).with_name("pip-licenses"),
        "--format=json",
        "--with-urls",
        "--from=mixed",
        "--with-system",
        "--packages",
        *names,
    ]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 the names are pyproject's
    packages = {canonicalize_name(package["Name"]): package for package in found}
    rows = [packages[name] for name in names]
    return HEAD + "".join(f"| {row['Name']} | {row['Version']} | {row['License']} | {home(row['URL'])} |\n" for row in rows)


def home(address: str) -> str:
    """Some packages give the address of their change log as their home."""
    return re.sub(r"/(blob/.*|en/(stable|latest)/.*)$", "", address)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
