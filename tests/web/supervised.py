"""What the tests of the supervisors' pages share: cases that are started, late, broken, not supervised; and counted statements."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import candidates, deployments, instances
from engine import db as engine_db
from engine.models import Incident, ProcessInstance, User, UserTask
from tests.web.conftest import Browser
from web.database import db

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
Store = sessionmaker[Session]


def started(store: Store, reason: str, days_ago: int = 0, so_ngay: int = 3) -> int:
    with store.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        data = {"ly_do": reason, "so_ngay": so_ngay}
        instance = instances.start(session, deployments.latest(session, "don_nghi"), data, user=an)
        instance.started_at -= timedelta(days=days_ago)
        return instance.id


def make_late(store: Store, task: int) -> None:
    with store.begin() as session:
        session.execute(update(UserTask).where(UserTask.id == task).values(due_at=engine_db.now(session) - timedelta(days=2)))


def break_down(store: Store, case: int) -> int:
    """An incident of a case that was found stalled: nothing to be tried again, it is only marked as mended."""
    with store.begin() as session:
        values = {"element_id": "xet", "kind": "stalled", "message": "biểu thức sai", "line": 7}
        incident = Incident(instance_id=case, raised_at=engine_db.now(session), **values)
        session.add(incident)
        session.flush()
        return incident.id


def unsupervise(store: Store, case: int) -> None:
    with store.begin() as session:
        candidates.entrust(session, session.get_one(ProcessInstance, case), ())


def same(text: str) -> str:
    """A page without what differs by address alone."""
    return re.sub(r'name="csrf_token" value="[^"]*"|name="next" value="[^"]*"|next=[^"]*', "", text)


def user_id(store: Store, username: str) -> int:
    with store() as session:
        return session.scalars(select(User.id).where(User.username == username)).one()


def table(answer: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.decode("utf-8-sig"))))


@contextmanager
def counted(app: Flask) -> Iterator[list[str]]:
    """The statements that are executed within."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)
