"""What a page is judged by: rules of accessibility, its width, words that are not for people."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Page

WIDTHS = {"desk": (1366, 768), "phone": (390, 844)}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RAW = re.compile(r"\b\d{4}-\d\d-\d\d\b|\bNone\b|\bnull\b|\bundefined\b|\[object|\{['\"]|\b[a-z]+(?:_[a-z]+)+\b|\bTraceback\b")
"""ISO dates, JSON, ids and what templates write when there is nothing: no page shows these to people."""

COVERED = """() => [...document.querySelectorAll('.bjs-powered-by, .powered-by')].filter(mark => {
  mark.scrollIntoView({ block: 'center', behavior: 'instant' });
  const box = mark.getBoundingClientRect();
  if (!box.width) return false;
  const points = [[.1, .1], [.9, .1], [.5, .5], [.1, .9], [.9, .9]].map(([x, y]) => [box.left + box.width * x, box.top + box.height * y]);
  return points.some(([x, y]) => !mark.contains(document.elementFromPoint(x, y)));
}).length"""
"""How many of the marks that the licence of bpmn-js asks for cannot be seen whole where they stand."""

SETTLED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(
  [...document.querySelectorAll('[data-xml]')].every(
    (canvas) => canvas.dataset.ready || canvas.querySelector('.said')?.textContent === canvas.dataset.failed)))))"""
"""Whether every diagram is drawn, or says that it could not be."""


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


class Judge:
    """Collects what is wrong with the pages that are shown to it, so that one run names all of it."""

    def __init__(self, pictures: Path) -> None:
        self.pictures, self.findings = pictures, list[str]()

    def look(self, page: Page, name: str) -> None:
        """In both widths: a picture, no violation of WCAG A and AA, nothing wider than the screen, no raw values."""
        before = page.viewport_size
        for width, (x, y) in WIDTHS.items():
            page.set_viewport_size({"width": x, "height": y})
            _settled(page)
            page.screenshot(path=self.pictures / f"{name}-{width}.png", full_page=True)
            self.findings += [f"{name}, {width}: {one}" for one in violations(page)]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > x:
                self.findings.append(f"{name}, {width}: {wide} px wide")
        if before:
            page.set_viewport_size(before)
        self.findings += [f"{name}: shows {word!r}" for word in sorted(set(RAW.findall(page.locator("body").inner_text())))]


def _settled(page: Page) -> None:
    """Nothing is being fetched, and diagrams are drawn: what is judged is what stays."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function(SETTLED)


def violations(page: Page) -> list[str]:
    """One line per rule that is broken, with the first elements that break it. Shapes of a diagram have no text of their own to judge."""
    page.evaluate(_axe())
    result = page.evaluate(
        "tags => axe.run({exclude: ['.djs-container svg']}, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})", RULES
    )
    return [f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}" for one in result["violations"]]
