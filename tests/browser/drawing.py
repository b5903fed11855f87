"""The diagram editor as an analyst uses it, and what its files hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from lxml import etree
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from engine import contents, deployments
from web import accounts

ROOT = Path(__file__).parents[2]
ROTATION = ROOT / "bpmn/luan_chuyen_can_bo"
ANALYSTS = {"phuc": "Hồ Thiên Phúc", "oanh": "Vũ Kim Oanh"}


def prepare(store: sessionmaker[Session], password_hash: str) -> None:
    """Two analysts, and the rotation procedure released once."""
    with store.begin() as session:
        for username, name in ANALYSTS.items():
            user = accounts.add(session, username, name, "mat-khau-thu-nghiem", roles=("phan_tich@phong_a",))
            user.password_hash = password_hash
        deployments.deploy(session, "luan_chuyen_can_bo", contents.read_folder(ROTATION))


class Drawing:
    """One file in the editor of one page."""

    def __init__(self, page: Page, name: str, folder: str = "luan_chuyen_can_bo") -> None:
        self.page, self.name, self.folder = page, name, folder
        self.api = f"/thiet-ke/{folder}/api"

    def open(self, choose: str = "") -> Drawing:
        self.page.goto(f"/thiet-ke/{self.folder}/tep/{self.name}{f'?chon={choose}' if choose else ''}")
        self.page.wait_for_selector("[data-ready]")
        if choose:
            expect(self.page.locator("[data-panel] .bio-properties-panel-group")).not_to_have_count(0)
            self.page.wait_for_timeout(300)
        return self

    @property
    def status(self) -> Any:
        return self.page.locator("[data-document-status]")

    def notice(self, kind: str) -> Any:
        return self.page.locator(f'[data-notice="{kind}"]')

    def entry(self, group: str, field: str) -> Any:
        """A field of the panel, its group opened when it is closed."""
        place = self.page.locator(f'[data-group-id="group-{group}"]')
        if not place.locator(".bio-properties-panel-group-entries.open").count():
            place.locator(".bio-properties-panel-group-header").click()
        return place.locator(f'[data-entry-id="{field}"] :is(input, textarea, select)').first

    def saved(self) -> None:
        expect(self.status).to_contain_text("Đã lưu lúc")

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The folder's API with the page's own session."""
        script = """async ([method, address, body]) => {
            const token = document.querySelector('[data-csrf]')?.dataset.csrf ?? document.querySelector('[name=csrf_token]').value;
            const headers = {Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': token};
            const said = await fetch(address, {method, headers, body: body ? JSON.stringify(body) : undefined});
            return {status: said.status, ...(await said.json())};
        }"""
        answer: dict[str, Any] = self.page.evaluate(script, [method, f"{self.api}/{path}", body])
        return answer

    def text(self, name: str = "") -> str:
        """What the server's draft has."""
        return str(self.call("GET", f"tep/{name or self.name}")["content"])

    def write(self, content: str, name: str = "") -> None:
        """Put a file into the draft past the editor."""
        path = f"tep/{name or self.name}"
        base = self.call("GET", path).get("sha256")
        assert self.call("PUT", path, {"content": content, "base": base})["status"] == 200


def facts(xml: str) -> Counter[str]:
    """What a diagram says, piece by piece: elements under their parents, attributes, texts. Order and layout of the XML do not count."""
    found: Counter[str] = Counter()
    for node in etree.fromstring(xml.encode()).iter(etree.Element):
        above = node.getparent()
        here = f"{node.get('id') or node.tag} in {(above.get('id') or above.tag) if above is not None else '-'}"
        found[f"{node.tag} {here}"] += 1
        for name, value in node.attrib.items():
            found[f"{here} @{name}={_number(value)}"] += 1
        if (node.text or "").strip():
            found[f"{here} says {node.text.strip()}"] += 1
    return found


def _number(value: str) -> str:
    try:
        return f"{float(value):g}"
    except ValueError:
        return value


def changes(before: str, after: str) -> tuple[list[str], list[str]]:
    """What is gone, and what is new."""
    was, now = facts(before), facts(after)
    return sorted((was - now).elements()), sorted((now - was).elements())
