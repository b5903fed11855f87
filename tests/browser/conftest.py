"""The application on a real port, and Chromium before it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.web.conftest import PASSWORD, app, case, password_hash, store, task_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

__all__ = ["app", "case", "password_hash", "store", "task_of"]

# What is awaited comes in its own time on a busy machine; only a test that fails waits so long.
expect.set_options(timeout=30_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: make packages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def address(app: Flask, store: sessionmaker[Session]) -> Iterator[str]:
    """Where the application is served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """visit("an") gives a page in which an is logged in; visit() one of a stranger. Whatever a page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(username: str | None = None, viewport: dict[str, int] = WIDE) -> Page:
        context = chromium.new_context(viewport=viewport, base_url=address, locale="vi-VN")  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" and "Content Security" in said.text else None)
        if username:
            log_in(page, username)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def log_in(page: Page, username: str) -> None:
    if "/dang-nhap" not in page.url:
        page.goto("/dang-nhap")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.click("main .btn-primary")
    page.wait_for_url(lambda url: "/dang-nhap" not in url)


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG A and AA."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})")
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]
