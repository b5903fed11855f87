"""The table of the benchmark: rows of what was done, cells of who did it how fast, written into docs/benchmark.md."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmark.md"
BEGIN, END = "<!-- written by python -m bench -->", "<!-- end -->"
OURS = "ours"


@dataclass(frozen=True)
class Figure:
    """What was measured of one product. `rate`: a second; `processor`: milliseconds for each, of all its processes and the database."""

    rate: float = 0.0
    processor: float = 0.0
    text: str = ""
    """Shown instead of both: another unit, or why there is nothing."""

    def __str__(self) -> str:
        return self.text or f"{self.rate:,.0f}/s" + (f", {self.processor:.1f} ms" if self.processor else "")


def median(figures: Iterable[Figure]) -> Figure:
    """Of several rounds."""
    found = list(figures)
    return Figure(statistics.median(f.rate for f in found), statistics.median(f.processor for f in found))


@dataclass
class Table:
    """Rows in the order in which they were measured."""

    peers: list[str] = field(default_factory=list)
    rows: list[tuple[str, dict[str, Figure], str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, what: str, cells: dict[str, Figure], remark: str = "") -> None:
        """A row; printed at once, since the whole table takes a while."""
        self.rows.append((what, cells, remark or self._ratios(cells)))
        print(f"{what}: " + "; ".join(f"{name} {figure}" for name, figure in cells.items()) + f"; {self.rows[-1][2]}", flush=True)

    def _ratios(self, cells: dict[str, Figure]) -> str:
        ours = cells.get(OURS, Figure())
        found = []
        for name, figure in cells.items():
            if name != OURS and figure.rate and ours.rate:
                processor = f", {figure.processor / ours.processor:.1f}x less processor" if ours.processor and figure.processor else ""
                found.append(f"{name.split()[0]}: {ours.rate / figure.rate:.1f}x{processor}")
        return "; ".join(found)

    def as_markdown(self) -> str:
        """The table with machine, versions and date."""
        heads = [OURS, *self.peers]
        lines = [f"{datetime.now(UTC):%d/%m/%Y %H:%M} UTC. {machine()}.", ""]
        lines += ["| work | " + " | ".join(heads) + " | ours against them |", "|---" * (len(heads) + 2) + "|"]
        for what, cells, remark in self.rows:
            lines.append("| " + " | ".join([what, *(str(cells.get(name, "")) for name in heads), remark]) + " |")
        return "\n".join([*lines, "", *(f"- {note}" for note in self.notes)])

    def write(self) -> None:
        """Put it into the page, between the marks."""
        page = PAGE.read_text("utf-8")
        head, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n{self.as_markdown()}\n{END}{rest.partition(END)[2]}", "utf-8")


def machine() -> str:
    """Cores, memory, load, versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    used = ", ".join(f"{name} {version(name)}" for name in ("SQLAlchemy", "psycopg", "Flask", "gunicorn", "SpiffWorkflow"))
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load}, Linux {platform.release()}, Python {platform.python_version()}, {used}"
