"""No page of the supervisors, and no page of a case, asks the database more for 30 cases than for 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from engine import documents, jobs
from engine.models import ProcessInstance, User, UserTask
from tests.web.conftest import Browser
from tests.web.supervised import Enter, Find, Store, break_down, counted, make_late, started
from tests.web.test_monitor_waits import add
from tests.web.test_replay import person

BLUEPRINTS = frozenset(
    {"monitor", "steering", "cases", "batches", "pending", "holds", "watching", "modifications", "corrections", "eventlogs"}
)
FREE = {
    "casefile.download": "a file that is made once, of the cases that were chosen",
    "eventlogs.download": "read in portions: two statements more for every so many cases",
}


def addresses(app: Flask, case: int) -> Iterator[str]:
    """Every page of these blueprints that needs no more than a process or a case."""
    known: dict[str, Any] = {"key": "don_nghi", "instance_id": case, "chart": "ho-so"}
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        asked_here = rule.endpoint.partition(".")[0] in BLUEPRINTS and rule.endpoint not in FREE
        if asked_here and "GET" in (rule.methods or ()) and rule.arguments <= set(known):
            with app.test_request_context():
                yield app.url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})


def fill(store: Store, task_of: Find, number: int) -> None:
    """So many cases more, each late, broken, held, with a document, a job and a timer."""
    for one in range(number):
        case = started(store, f"lý do {one}")
        task = task_of(case, "xet")
        make_late(store, task)
        break_down(store, case)
        with store.begin() as session:
            holders = session.scalars(select(User).where(User.username.in_(("binh", "chi"))).order_by(User.id)).all()
            session.get_one(UserTask, task).assignee_id = holders[one % 2].id
            documents.add(session, case, "đơn.txt", b"x", "text/plain", user=person(session, "an"))
            add(session, case, jobs.SERVICE, "a")
            add(session, case, jobs.TIMER, "b")


def asked(app: Flask, giang: Browser, case: int) -> dict[str, int]:
    found = {}
    for address in addresses(app, case):
        with counted(app) as statements:
            answer = giang.get(address)
        assert answer.status_code == 200, (address, answer.text)
        found[address] = len(statements)
    return found


@pytest.mark.stalls
def test_the_number_of_statements_is_that_of_three_cases(app: Flask, log_in: Enter, store: Store, task_of: Find) -> None:
    # Counts that took long are kept for a while, and this machine may be slow: here they are all asked.
    app.config["FIGURES_KEPT"] = 0
    fill(store, task_of, 3)
    with store() as session:
        case = session.scalars(select(ProcessInstance.id).limit(1)).one()
    giang = log_in("giang")
    asked(app, giang, case)
    few = asked(app, giang, case)
    fill(store, task_of, 27)
    with store.begin() as session:
        for number in range(30):
            documents.add(session, case, f"tờ {number}.txt", b"x", "text/plain", user=person(session, "an"))
    many = asked(app, giang, case)
    assert {address: (few[address], count) for address, count in many.items() if few[address] != count} == {}
    assert len(many) > 25
    assert max(many.values()) <= 40, max(many.items(), key=lambda one: one[1])
