"""The event log of a process as a download, for its supervisors."""

from __future__ import annotations

import json

import pytest

from tests.web.test_monitor import Enter, Store, started

ADDRESS = "/giam-sat/quy-trinh/don_nghi/nhat-ky"


def test_it_is_downloaded_by_who_supervises(log_in: Enter, store: Store, case: int) -> None:
    started(store, "cưới", days_ago=10)
    giang = log_in("giang")
    assert ADDRESS in giang.get("/giam-sat/quy-trinh/don_nghi").text
    whole = giang.get(ADDRESS)
    assert (whole.status_code, whole.mimetype, whole.text.count("<trace>")) == (200, "application/xml", 2)
    assert "attachment" in whole.headers["Content-Disposition"]
    part = json.loads(giang.get(f"{ADDRESS}?format=jsonocel&until=2020-01-01").text)
    assert part["events"] == []
    assert giang.get(f"{ADDRESS}?from=2020-01-01&until=").text.count("<trace>") == 2


@pytest.mark.parametrize("query", ["?format=xlsx", "?from=31/03/2026", "?until=9999999"])
def test_it_says_what_is_wrong_with_the_address(log_in: Enter, store: Store, case: int, query: str) -> None:
    assert log_in("giang").get(ADDRESS + query).status_code in (404, 422)


def test_it_does_not_exist_for_others(log_in: Enter, store: Store, case: int) -> None:
    assert log_in("an").get(ADDRESS).status_code == 404
    assert log_in("giang").get("/giam-sat/quy-trinh/khac/nhat-ky").status_code == 404
