"""This project, served by gunicorn as deploy/luanchuyen-web.service does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

import migrations
from bench.diagrams import make
from bench.load import Request
from bench.peers.site import FORM, PASSWORD, PERSON, Server, free_port, running, sign_in
from engine import db, deployments, instances
from engine.models import Base, Candidate, Execution, HistoryEvent, Participant, ProcessInstance, User, UserTask
from web import accounts

DIAGRAMS = Path(__file__).parents[1] / "diagrams"
KEY = "de_nghi"
SECRET = "x" * 40


@contextmanager
def served(database: str, folder: Path, processes: int) -> Iterator[Server]:
    """The web processes alone, on a database that is prepared. `folder`: for their files and log."""
    port = free_port()
    environment = {"LUANCHUYEN_DATABASE_URL": database, "LUANCHUYEN_FOLDER": str(folder), "LUANCHUYEN_SECRET_KEY": SECRET}
    options = ["--no-control-socket", "--worker-class", "gthread", "--workers", str(processes), "--threads", "16"]
    command = [sys.executable, "-m", "gunicorn", *options, "--bind", f"127.0.0.1:{port}", "web:create_app()"]
    root = Path(__file__).parents[2]
    with running(command, port, "/khoe", folder / "ours.log", environment | {"LUANCHUYEN_LOG": "json"}, root) as server:
        yield server


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
            deployments.deploy(session, "thu_tuc_du_lieu", make.filled_procedure())
        with served(database, folder, processes) as server:
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

    def begin(self, headers: Mapping[str, str], number: int, key: str) -> None:
        """`number` cases of the procedure `key`."""
        self.at, self.filled = 0, key == "thu_tuc_du_lieu"
        with self.sessions.begin() as session:
            definition = deployments.latest(session, key)
            self.going = [instances.start(session, definition, {"lam_lai": False}).id for _ in range(number)]

    def step(self, headers: Mapping[str, str]) -> list[Request]:
        """Requests that complete the next task of each of them."""
        self.at += 1
        with self.sessions() as session:
            query = select(UserTask.id).where(UserTask.instance_id.in_(self.going), UserTask.state == "open")
            body = self._body(**(make.entered(self.at) if self.filled else {}))
            return [Request("POST", f"/viec/{task}", body, headers, frozenset({302})) for task in session.scalars(query)]

    def inbox(self, headers: Mapping[str, str], number: int, mine: int) -> Request:
        """Fill up to `number` open tasks of which `mine` are the person's; the request that opens the inbox."""
        with self.sessions.begin() as session:
            fill(session, number, mine, "active")
        return Request("GET", "/", headers=headers, fine=frozenset({200}))


def fill(session: Session, number: int, mine: int, state: str) -> None:
    """Rows copied from one real case until there are `number` open (or, with state "completed", finished) ones; `mine` for the person.

    A stated fast path, on PostgreSQL: what a case writes is copied by the database itself, so that a million does not take a day. Their
    histories are copies too: no chain of digests holds them.
    """
    definition = deployments.latest(session, KEY)
    model = instances.start(session, definition, {"noi_dung": "Kinh phí khảo sát", "so_tien": 12})
    session.flush()
    people = {user.username: user.id for user in session.scalars(select(User))}
    have = session.scalar(select(func.count(ProcessInstance.id)).where(ProcessInstance.state == state)) or 0
    first, task = session.execute(text("SELECT (SELECT max(id) FROM process_instance) + 1, (SELECT max(id) FROM user_task) + 1")).one()
    given = {"model": model.id, "state": state, "first": first, "last": first + number - have - 1, "shift": task - first}
    given |= {"mine": first + mine - have, "me": people[PERSON], "other": people["nguoi_khac"]}
    # Foreign keys hold by construction; to check each of them takes longer than all the rest.
    session.execute(text("SET LOCAL session_replication_role = replica"))
    owner = "CASE WHEN n < :mine THEN CAST(:me AS bigint) ELSE CAST(:other AS bigint) END"
    principal = f"CASE WHEN n < :mine THEN 'user:{PERSON}' ELSE 'user:nguoi_khac' END"
    taking, over = "instance_id = :model", state != "active"
    _copy(
        session, given, ProcessInstance, "id = :model", id="n", root_id="n", business_key=f"'{KEY}-' || n", state="CAST(:state AS varchar)"
    )
    _copy(session, given, HistoryEvent, taking, instance_id="n")
    ended = {"state": "'completed'", "ended_at": "created_at", "ended_by_id": owner} if over else {}
    _copy(session, given, UserTask, taking, id="n + :shift", instance_id="n", assignee_id=owner, **ended)
    _copy(session, given, Participant, f"{taking} AND scope = 'case' AND principal = 'user:{PERSON}'", instance_id="n", principal=principal)
    if not over:
        _copy(session, given, Execution, taking, instance_id="n")
        which = f"user_task_id = (SELECT id FROM user_task WHERE {taking}) AND principal = 'user:{PERSON}'"
        _copy(session, given, Candidate, which, user_task_id="n + :shift", principal=principal)
    for table in ("process_instance", "user_task"):
        session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"))
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.execute(text("ANALYZE"))


def _copy(session: Session, given: Mapping[str, object], row: type[Base], which: str, **changed: str) -> None:
    """Each row of `row` that `which` chooses, once for each number from `first` to `last`, called n."""
    table = row.__table__
    names = [column.name for column in table.columns if column.name != "id" or "id" in changed]
    into, values = ", ".join(f'"{name}"' for name in names), ", ".join(changed.get(name, f'"{name}"') for name in names)
    source = f'generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n, "{table}" WHERE {which}'
    session.execute(text(f'INSERT INTO "{table}" ({into}) SELECT {values} FROM {source}'), given)
