"""The accounts of the demo province, each with a browser of its own."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from tests.browser.filling import Answers, fill
from web.demo import PASSWORD, PEOPLE

NAMES = {person.username: person.name for person in PEOPLE}
EXPECTED = re.compile(r"Failed to load resource: .* (404|409|422) ")
"""What Chromium writes to the console about answers that the story provokes."""


class Person:
    """Somebody in front of the pages. He does what they offer, and knows no address but the first."""

    def __init__(self, browser: Browser, address: str, username: str) -> None:
        self.username, self.name, self.address = username, NAMES[username], address
        self.page: Page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN").new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self._hear(line.type, line.text))

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not EXPECTED.search(text):
            self.complaints.append(text)

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    def log_in(self) -> None:
        self.page.goto(f"{self.address}/")
        self.page.get_by_label("Tên đăng nhập").fill(self.username)
        self.page.get_by_label("Mật khẩu").fill(PASSWORD)
        self.page.get_by_role("button", name="Đăng nhập").click()
        expect(self.page.get_by_role("banner")).to_contain_text(self.name)

    def log_out(self) -> None:
        self.page.get_by_role("banner").locator("summary", has_text=self.name).click()
        self.page.get_by_role("button", name="Đăng xuất").click()
        expect(self.page.get_by_role("heading", name="Đăng nhập")).to_be_visible()

    def go(self, place: str) -> None:
        """A link of the bar: Việc của tôi, Hồ sơ, Quy trình."""
        self.page.get_by_role("navigation", name="Điều hướng chính").get_by_role("link", name=place).click()

    def inbox(self, tab: str) -> None:
        link = self.page.get_by_role("main").get_by_role("link", name=re.compile(f"^{tab}"))
        if not link.count():
            self.go("Việc của tôi")
        link.click()
        expect(self.page).to_have_title(f"{tab} · Luân chuyển")

    def row(self, step: str, case: str) -> Locator:
        """The line of one step of one case, in whatever list is shown."""
        return self.page.get_by_role("row").filter(has_text=step).filter(has_text=case)

    def see(self, step: str, case: str) -> Locator:
        """Wait until the step is offered. Steps that follow automatic work take a moment; a person presses F5."""
        row = self.row(step, case)
        for _ in range(40):
            try:
                row.wait_for(timeout=250)
            except TimeoutError:
                self.page.reload()
            else:
                break
        expect(row).to_have_count(1)
        return row

    def claim(self, step: str, case: str) -> None:
        """Take a step that is offered to a body of his, and find it open before him."""
        self.inbox("Việc của đơn vị")
        self.see(step, case).get_by_role("button", name="Nhận việc").click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(step)

    def open(self, step: str, case: str) -> None:
        """Open a step that is his already."""
        self.inbox("Việc của tôi")
        self.see(step, case).get_by_role("link", name=step).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(step)

    def hand_in(self) -> None:
        """Press the one button of the page that finishes the step, and be told so."""
        step = self.page.get_by_role("heading", level=1).inner_text()
        self.page.locator(".actions .btn-primary").click()
        expect(self.page.get_by_role("status").filter(has_text=f"Đã gửi “{step}”.")).to_be_visible()

    def does(self, step: str, case: str, answers: Answers) -> None:
        """A step that his body is asked for, from the inbox to the end."""
        self.claim(step, case)
        fill(self.page, answers)
        self.hand_in()

    def answers(self, step: str, case: str, answers: Answers) -> None:
        """A step that he himself is asked for."""
        self.open(step, case)
        fill(self.page, answers)
        self.hand_in()

    def open_case(self, case: str) -> None:
        self.go("Hồ sơ")
        self.page.get_by_role("main").get_by_role("link", name=case, exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(case)
        expect(self.page.locator("[data-xml][data-ready]")).to_be_visible()


class Town:
    """Everybody by account name: `town.hoa`. A browser is opened, and its owner logs in, when he is needed first."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address, self.here = browser, address, dict[str, Person]()

    def __getattr__(self, username: str) -> Person:
        if username not in NAMES:
            raise AttributeError(username)
        if username not in self.here:
            self.here[username] = person = Person(self.browser, self.address, username)
            person.log_in()
        return self.here[username]
