"""This project, served by gunicorn as deploy/luanchuyen-web.service does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

import migrations
from bench.load import Request
from bench.peers.site import FORM, PASSWORD, PERSON, Server, free_port, running, sign_in
from engine import db, deployments, instances
from engine.models import Candidate, Execution, HistoryEvent, Participant, ProcessInstance, User, UserTask
from web import accounts

DIAGRAMS = Path(__file__).parents[1] / "diagrams"
KEY = "de_nghi"
BATCH = 5_000


class Ours:
    """Filled through the engine, asked through the pages."""

    name = "luanchuyen"

    def install(self, folder: Path) -> None:
        """It is here."""

    @contextmanager
    def serve(self, database: str, folder: Path, processes: int) -> Iterator[Server]:
        migrations.upgrade(database)
        self.sessions = sessionmaker(db.create_engine(database))
        with self.sessions.begin() as session:
            for username in (PERSON, "truong_phong", "nguoi_khac"):
                accounts.add(session, username, username.replace("_", " ").title(), PASSWORD, roles=("nhan_vien@co_quan",))
            for key in (KEY, "thu_tuc"):
                deployments.deploy(session, key, {file.name: file.read_bytes() for file in DIAGRAMS.iterdir() if file.stem == key})
        port = free_port()
        environment = {"LUANCHUYEN_DATABASE_URL": database, "LUANCHUYEN_FOLDER": str(folder), "LUANCHUYEN_SECRET_KEY": "x" * 40}
        options = ["--no-control-socket", "--worker-class", "gthread", "--workers", str(processes), "--threads", "16"]
        command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "web:create_app()"]
        root = Path(__file__).parents[2]
        with running(command, port, "/khoe", folder / "ours.log", environment | {"LUANCHUYEN_LOG": "json"}, root) as server:
            yield server
        self.sessions.kw["bind"].dispose()

    def sign_in(self, server: Server) -> dict[str, str]:
        headers, self.token = sign_in(server.port, "/dang-nhap", {"username": PERSON, "password": PASSWORD}, "csrf_token", "/tai-khoan")
        return {**headers, **FORM}

    def _body(self, **fields: str) -> bytes:
        return urlencode({"csrf_token": self.token, **fields}).encode()

    def start(self, headers: Mapping[str, str], number: int) -> list[Request]:
        body = self._body(noi_dung="Kinh phí khảo sát", so_tien="12", can_xet="on")
        return [Request("POST", f"/quy-trinh/{KEY}/khoi-tao", body, headers, frozenset({302})) for _ in range(number)]

    def cases(self, number: int) -> list[int]:
        """Start cases by the engine; the numbers of their first tasks."""
        with self.sessions.begin() as session:
            definition = deployments.latest(session, KEY)
            made = [instances.start(session, definition, {"noi_dung": "Kinh phí khảo sát"}) for _ in range(number)]
            session.flush()
            query = select(UserTask.id).where(UserTask.instance_id.in_([case.id for case in made]))
            return list(session.scalars(query.order_by(UserTask.id)))

    def complete(self, headers: Mapping[str, str], number: int) -> list[Request]:
        body = self._body(noi_dung="Kinh phí khảo sát", so_tien="12", can_xet="on")
        return [Request("POST", f"/viec/{task}", body, headers, frozenset({302})) for task in self.cases(number)]

    def begin(self, headers: Mapping[str, str], number: int) -> None:
        """`number` cases of the procedure."""
        with self.sessions.begin() as session:
            definition = deployments.latest(session, "thu_tuc")
            self.going = [instances.start(session, definition, {"lam_lai": False}).id for _ in range(number)]

    def step(self, headers: Mapping[str, str]) -> list[Request]:
        """Requests that complete the next task of each of them."""
        with self.sessions() as session:
            query = select(UserTask.id).where(UserTask.instance_id.in_(self.going), UserTask.state == "open")
            body = self._body()
            return [Request("POST", f"/viec/{task}", body, headers, frozenset({302})) for task in session.scalars(query)]

    def inbox(self, headers: Mapping[str, str], number: int, mine: int) -> Request:
        """Fill up to `number` open tasks of which `mine` are the person's; the request that opens the inbox."""
        with self.sessions.begin() as session:
            fill(session, number, mine, "active")
        return Request("GET", "/", headers=headers, fine=frozenset({200}))


def fill(session: Session, number: int, mine: int, state: str) -> None:
    """Rows copied from one real case until there are `number` open (or, with state "completed", finished) ones; `mine` for the person.

    A stated fast path: what a case writes is copied, so that a million does not take a day.
    """
    definition = deployments.latest(session, KEY)
    model = instances.start(session, definition, {"noi_dung": "Kinh phí khảo sát", "so_tien": 12})
    session.flush()
    people = {user.username: user for user in session.scalars(select(User))}
    have = session.scalar(select(func.count(ProcessInstance.id)).where(ProcessInstance.state == state)) or 0
    first = (session.scalar(select(func.max(ProcessInstance.id))) or 0) + 1
    packed = session.scalars(select(Execution.state).where(Execution.instance_id == model.id)).one()
    rows = {table: _rows(session, table, model.id) for table in (UserTask, Participant, HistoryEvent)}
    case = {column.name: getattr(model, column.name) for column in ProcessInstance.__table__.columns if column.name != "id"}
    case["state"] = state
    task_id = (session.scalar(select(func.max(UserTask.id))) or 0) + 1
    for start in range(first, first + number - have, BATCH):
        ids = range(start, min(start + BATCH, first + number - have))
        session.execute(insert(ProcessInstance), [{**case, "id": n, "root_id": n, "business_key": f"{KEY}-{n}"} for n in ids])
        session.execute(insert(HistoryEvent), [{**row, "instance_id": n} for n in ids for row in rows[HistoryEvent]])
        if state == "active":
            session.execute(insert(Execution), [{"instance_id": n, "state": packed} for n in ids])
        tasks, asked, taking = [], [], []
        for n in ids:
            holder = people[PERSON] if n - first < mine - have else people["nguoi_khac"]
            task = {**rows[UserTask][0], "id": task_id, "instance_id": n, "assignee_id": holder.id}
            if state != "active":
                task |= {"state": "completed", "ended_at": task["created_at"], "ended_by_id": holder.id}
            else:
                asked.append({"user_task_id": task_id, "principal": f"user:{holder.username}"})
            tasks.append(task)
            taking.append({"instance_id": n, "principal": f"user:{holder.username}", "scope": "case"})
            task_id += 1
        session.execute(insert(UserTask), tasks)
        if asked:
            session.execute(insert(Candidate), asked)
        session.execute(insert(Participant), taking)
    if session.get_bind().dialect.name == "postgresql":
        for table in ("process_instance", "user_task"):
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
        session.execute(text("ANALYZE"))


def _rows(session: Session, table: type[UserTask | Participant | HistoryEvent], case: int) -> list[dict[str, object]]:
    found = session.scalars(select(table).where(table.instance_id == case))
    return [{column.name: getattr(row, column.name) for column in table.__table__.columns if column.name != "id"} for row in found]
