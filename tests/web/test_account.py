"""My account: password and language."""

from __future__ import annotations

from collections.abc import Callable

from tests.web.conftest import PASSWORD, Browser

Enter = Callable[[str], Browser]
NEW = "mat-khau-moi-tinh"


def change(browser: Browser, old: str, new: str, again: str) -> int:
    return browser.post("/tai-khoan/mat-khau", {"password": old, "new_password": new, "repeated_password": again}).status_code


def test_it_changes_the_password_and_ends_the_other_sessions(log_in: Enter) -> None:
    here, elsewhere = log_in("an"), log_in("an")
    assert change(here, PASSWORD, NEW, NEW) == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_it_changes_no_password_without_the_present_one_or_with_a_short_or_mistyped_one(log_in: Enter) -> None:
    an = log_in("an")
    assert change(an, "sai", NEW, NEW) == 422
    assert change(an, PASSWORD, NEW, NEW + "x") == 422
    assert change(an, PASSWORD, "ngan", "ngan") == 422
    said = an.post("/tai-khoan/mat-khau", {"password": PASSWORD, "new_password": "ngan", "repeated_password": "ngan"})
    assert "ít nhất 10 ký tự" in said.text
    assert log_in("an")


def test_it_speaks_english_when_asked(log_in: Enter) -> None:
    an = log_in("an")
    assert "Việc của đơn vị" in an.get("/").text
    an.post("/ngon-ngu", {"language": "en", "next": "/"})
    page = an.get("/").text
    assert 'lang="en"' in page
    assert "Việc của đơn vị" not in page


def test_it_ignores_a_language_that_it_does_not_speak(log_in: Enter) -> None:
    an = log_in("an")
    an.post("/ngon-ngu", {"language": "../../etc", "next": "//evil.example"})
    assert 'lang="vi"' in an.get("/").text
