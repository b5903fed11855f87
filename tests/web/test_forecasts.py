"""When cases may end, on the supervisors' pages: with its basis, as a column, a filter and an order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances
from engine.models import Forecast, ProcessInstance, StepTime, User
from tests.web.conftest import Browser

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]
SOON, LATER = datetime(2031, 3, 4, 3, tzinfo=UTC), datetime(2031, 5, 6, 3, tzinfo=UTC)


@pytest.fixture
def foreseen(store: Store, case: int) -> tuple[int, int]:
    """Two cases, the second of which will be late."""
    with store.begin() as session:
        first = session.get_one(ProcessInstance, case)
        an = session.scalars(select(User).where(User.username == "an")).one()
        definition = deployments.latest(session, first.definition.key)
        second = instances.start(session, definition, {"ly_do": "việc nhà", "so_ngay": 1}, user=an, business_key="Đơn hai")
        for number, end, tardy in ((case, SOON, False), (second.id, LATER, True)):
            session.add(Forecast(instance_id=number, version=1, expected_at=end, basis=23, tardy=tardy, computed_at=SOON))
        return case, second.id


def test_the_list_shows_sorts_and_filters_by_the_expected_end(log_in: Enter, foreseen: tuple[int, int]) -> None:
    giang, (first, second) = log_in("giang"), foreseen
    assert "04/03/2031" not in giang.get("/giam-sat/ho-so").text
    page = giang.get("/giam-sat/ho-so?cols=title,expected&sort=expected").text
    assert page.index("04/03/2031") < page.index("06/05/2031") and "sẽ trễ" in page and "23 hồ sơ đã xong" in page
    page = giang.get("/giam-sat/ho-so?cols=title,expected&sort=-expected").text
    assert page.index("06/05/2031") < page.index("04/03/2031")
    page = giang.get("/giam-sat/ho-so?tardy=1&cols=title,expected").text
    assert f'id="hs-{second}"' in page and f'id="hs-{first}"' not in page
    assert "06/05/2031" in giang.get("/giam-sat/ho-so.csv?cols=title,expected").text


def test_a_case_that_has_ended_since_is_foreseen_no_more(log_in: Enter, store: Store, foreseen: tuple[int, int]) -> None:
    with store.begin() as session:
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        instances.cancel(session, foreseen[1], giang, "thôi")
    page = log_in("giang").get("/giam-sat/ho-so?cols=title,expected&sort=expected")
    assert "06/05/2031" not in page.text and f'id="hs-{foreseen[1]}"' in page.text
    assert f'id="hs-{foreseen[1]}"' not in log_in("giang").get("/giam-sat/ho-so?tardy=1").text


def test_the_page_of_a_case_says_what_it_goes_by_and_nothing_without(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    assert "Dự kiến xong" not in giang.get(f"/giam-sat/ho-so/{case}").text
    with store.begin() as session:
        key = session.get_one(ProcessInstance, case).definition.key
        now = datetime.now(UTC)
        session.add(StepTime(process_key=key, element_id="", count=23, median=75.0, stay=75.0, rest=0.0, computed_at=now))
    page = giang.get(f"/giam-sat/ho-so/{case}").text
    assert "theo trung vị của 23 hồ sơ đã xong" in page and "không phải hạn" in page
