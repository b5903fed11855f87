"""What is due is found by an index, however much waits."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, insert, select, text
from sqlalchemy.orm import Session

from engine import jobs
from engine.jobs import Lane
from engine.models import Job

WAITING, DUE = 20_000, 50
NOW = datetime.now(UTC)


def row(number: int, topic: str | None) -> dict[str, Any]:
    at = NOW - timedelta(minutes=1) if number < DUE else NOW + timedelta(days=30, seconds=number)
    kind = jobs.SERVICE if topic else jobs.TIMER
    return {"kind": kind, "topic": topic, "due_at": at, "next_at": at, "priority": 5 * (number % 2), "payload": {}, "created_at": NOW}


@pytest.mark.parametrize("lane", list(Lane))
def test_it_finds_what_is_due_by_an_index_and_reads_nothing_that_waits(engine: Engine, session: Session, lane: Lane) -> None:
    topic = "goi_http" if lane is Lane.SERVICES else None
    session.execute(insert(Job), [row(number, topic) for number in range(WAITING)])
    session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    asked: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    assert len(jobs.acquire(session, "ai", 10, lane=lane)) == 10
    event.remove(engine, "before_cursor_execute", hear)
    session.rollback()
    assert len(asked) >= 2
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    for statement, parameters in asked:
        plan = "\n".join(str(line[-1]) for line in session.connection().exec_driver_sql(explain + statement, parameters))
        assert f"ix_job_{lane.value}" in plan, plan
        assert not re.search(r"Seq Scan on job|\bSCAN job", plan), plan
    assert session.scalar(select(func.count(Job.id)).where(Job.owner.is_not(None))) == 0
