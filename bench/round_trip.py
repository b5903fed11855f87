"""Opens diagrams of other tools in the browser's editor, saves them unchanged, and names what a save would lose.

    python -m bench.round_trip FOLDER

Starts a server of its own with the demo province. What is lost is said by the editor itself (it would open such a file read-only) and is
counted here once more: elements and texts by their names. Exit: 0 when the editor opens all of them for editing and both agree.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree
from playwright.sync_api import Page, sync_playwright

from tests.browser.serving import serving
from web.demo import PASSWORD

PAGE = "/thiet-ke/luan_chuyen_can_bo/tep/luan_chuyen_can_bo.bpmn"
SAVE = """async (xml) => {
  const { editor, read } = document.querySelector('[data-studio-diagram]').studio;
  const start = performance.now();
  try {
    const said = await read(editor.modeler, xml);
    return { ...said, milliseconds: performance.now() - start, xml: (await editor.modeler.saveXML({ format: true })).xml };
  } catch (error) {
    return { error: String(error) };
  }
}"""
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([\w.-]+)""")
_REFERS = re.compile(r"Refs?$|^incoming$|^outgoing$")


def text_of(data: bytes) -> str:
    said = _DECLARED.match(data)
    return data.decode(said[1].decode() if said else "utf-8")


def counted(xml: str) -> Counter[str]:
    """Elements by name, and texts. References are written with the prefixes of the file: they are the editor's own part to compare."""
    found: Counter[str] = Counter()
    for node in etree.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", xml).encode()).iter(etree.Element):
        found[str(node.tag)] += 1
        if (node.text or "").strip() and not _REFERS.search(etree.QName(node).localname):
            found[f"text: {node.text.strip()}"] += 1
    return found


def opened(page: Page, address: str) -> None:
    """The editor, with an analyst logged in."""
    page.goto(f"{address}{PAGE}")
    page.fill("#username", "phuc")
    page.fill("#password", PASSWORD)
    page.click("main .btn-primary")
    page.goto(f"{address}{PAGE}")
    page.wait_for_selector('[data-ready="true"]')


def judged(page: Page, file: Path) -> bool:
    before = text_of(file.read_bytes())
    said: dict[str, Any] = page.evaluate(SAVE, before)
    if "error" in said:
        print(f"{file.name}: not readable: {said['error']}")
        return False
    gone = counted(before) - counted(said["xml"])
    print(f"{file.name}: {len(said['missing'])} lost by the editor's word, {gone.total()} by count, {said['milliseconds']:.0f} ms")
    for one in [*said["missing"], *gone, *said["warnings"]]:
        print(f"    {one}")
    return not said["missing"] and not gone


def main(folder: Path) -> int:
    with tempfile.TemporaryDirectory() as place, serving(Path(place)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("chromium-browser"))
        page = browser.new_page()
        opened(page, address)
        verdicts = [judged(page, file) for file in sorted(folder.glob("*.bpmn"))]
        browser.close()
    print(f"{sum(verdicts)} of {len(verdicts)} come back whole")
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
