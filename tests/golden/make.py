"""Makes the golden databases of a release: what its own code leaves behind when many cases of every kind are under way.

    .venv/bin/python -m tests.golden.make 0.2.0            from a checkout of that release (docs/runbook.md says when and how)

Writes `<release>.sqlite.xz`, `<release>.sql.xz` (PostgreSQL, plain) and `<release>.json` (which case stands where) beside this file. The
cases of bpmn/*/scenarios stop somewhere on their way; those of the folder cac_loai wait in every way in which a case can wait.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

import migrations
from engine import db, deployments, documents, executions, instances, messages, topics, user_tasks, wait_states
from engine.contents import read_folder
from engine.errors import NotFound
from engine.models import Job, Membership, Organisation, ProcessInstance, User, UserTask
from engine.spiff import moments
from engine.worker import Worker
from tests import postgresql

HERE = Path(__file__).parent
BPMN = HERE.parents[1] / "bpmn"
BEGINNING = datetime(2026, 1, 5, 1, tzinfo=UTC)
"""When all cases of the golden databases stand where they stand."""
STOPS = (
    ("luan_chuyen_can_bo/01_tu_nhu_cau_den_quyet_dinh", 3),
    ("luan_chuyen_can_bo/01_tu_nhu_cau_den_quyet_dinh", 7),
    ("luan_chuyen_can_bo/01_tu_nhu_cau_den_quyet_dinh", 14),
    ("luan_chuyen_can_bo/01_tu_nhu_cau_den_quyet_dinh", 24),
    ("luan_chuyen_can_bo/01_tu_nhu_cau_den_quyet_dinh", 32),
    ("luan_chuyen_can_bo/02_tra_lai_va_thay_nhan_su", 8),
    ("luan_chuyen_can_bo/03_khong_cho_chu_truong", 4),
    ("luan_chuyen_can_bo/04_het_han_de_xuat", 6),
    ("luan_chuyen_can_bo/05_moi_vong_lap", 6),
    ("luan_chuyen_can_bo/06_thay_nhan_su_roi_dung", 10),
    ("luan_chuyen_can_bo/06_thay_nhan_su_roi_dung", 25),
    ("luan_chuyen_can_bo/07_danh_gia_den_khi_bo_tri", 0),
    ("luan_chuyen_can_bo/08_bo_tri_som_khong_dong_y", 2),
    ("luan_chuyen_can_bo/09_bo_tri_som_dong_y", 4),
    ("luan_chuyen_can_bo/10_khong_trung_cu", 8),
    ("ban_giao_tai_san/01_tra_lai_roi_ky_nhan", 2),
)
"""Scenario, and how many of its steps are taken. None of them moves the clock: all cases stand at the same moment."""

PEOPLE = {
    "vang_an": ("Bùi Thị An", "viet@so_a"),
    "vang_chi": ("Lê Thị Chi", "y_kien@so_b"),
    "vang_dung": ("Phạm Tiến Dũng", "y_kien@so_c"),
    "vang_giang": ("Hoàng Giang", "giam_sat@so_b"),
}
VARIABLES = {"ten": "mọi cách chờ", "cac_noi": ["so_b", "so_c"]}
LETTER = "Nội dung tệp đính kèm".encode()


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, moment: datetime = BEGINNING) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


class _Silent(dict[str, Any]):
    """Behind every topic a handler that does nothing."""

    def get(self, topic: str, default: Any = None) -> Any:
        return topics.Handler(topic, lambda: None)


class _Anything:
    """A collection of document ids that holds every id: scenarios attach no files."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


class Carried:
    """A scenario in a database that holds other cases too; `root` is its case. Only what every release's engine offers is used here."""

    def __init__(self, engine: Engine, play: Mapping[str, Any], root: int | None = None) -> None:
        self._play = play
        self._clock = Clock()
        self._sessions = sessionmaker(engine, expire_on_commit=False, info={"clock": self._clock})
        self._worker = Worker(self._sessions, _Silent())
        self._root = root
        with self._sessions() as session:
            self._others = session.scalar(select(func.max(ProcessInstance.id))) or 0

    def take(self, begin: int, end: int | None) -> int:
        """Take the steps from `begin` up to `end`; starts the case where there is none. Its id."""
        if self._root is None:
            with self._sessions.begin() as session:
                definition = deployments.latest(session, self._play["process"])
                case = instances.start(session, definition, self._play.get("variables", {}), business_key=self._play["business_key"])
                self._root = case.id
        self._drain()
        for step in self._play["steps"][begin:end]:
            self._step(step)
        return self._root

    def _step(self, step: Mapping[str, Any]) -> None:
        if "advance" in step:
            self._advance(moments.point(step["advance"], self._clock.moment))
        else:
            with self._sessions.begin() as session:
                if "complete" in step:
                    self._complete(session, step["complete"], step.get("variables", {}), step.get("where", {}))
                else:
                    messages.correlate(
                        session, step["message"], business_key=step["business_key"], variables=step.get("variables", {}), keep=True
                    )
        self._drain()

    def _complete(self, session: Session, element_id: str, variables: Mapping[str, Any], where: Mapping[str, Any]) -> None:
        query = select(UserTask).join(UserTask.instance).where(UserTask.element_id == element_id, UserTask.state == "open")
        # Its own, and those of cases that it started by a message.
        ours = (ProcessInstance.root_id == self._root) | (ProcessInstance.root_id > self._others)
        for task in session.scalars(query.where(ours).order_by(UserTask.id)):
            instance = executions.lock_active(session, task.instance_id)
            execution = executions.load(session, instance)
            seen = execution.visible(task.wait_id)
            if all(seen.get(name) == value for name, value in where.items()):
                break
        else:
            raise NotFound(what="open user task", id=element_id)
        clean = user_tasks.validated(session, task, seen, variables, documents=_Anything()) if task.form else variables
        task.state, task.ended_at = user_tasks.COMPLETED, self._clock.moment
        execution.complete_user_task(task.wait_id, clean)
        wait_states.mirror(session, instance, execution)

    def _drain(self) -> None:
        while self._worker.run_due():
            pass

    def _advance(self, until: datetime) -> None:
        """From one due time to the next, so that what is due happens in its order."""
        while True:
            with self._sessions() as session:
                following = session.scalar(select(func.min(Job.next_at)))
            if following is None or following > until:
                break
            self._clock.moment = max(self._clock.moment, following)
            self._drain()
        self._clock.moment = until


def scenario(name: str, number: int) -> dict[str, Any]:
    """The scenario, its case under a number of its own, so that no message finds two receivers."""
    folder, file = name.split("/")
    found: dict[str, Any] = json.loads((BPMN / folder / "scenarios" / f"{file}.json").read_text("utf-8"))
    former = found.get("business_key")
    found["business_key"] = f"HS {number:02d}"
    for step in found["steps"]:
        if former and step.get("business_key") == former:
            step["business_key"] = found["business_key"]
    return found


def _people(session: Session) -> dict[str, User]:
    bodies: dict[str, Organisation] = {}
    people: dict[str, User] = {}
    for username, (name, membership) in PEOPLE.items():
        role, _, code = membership.partition("@")
        bodies.setdefault(code, Organisation(code=code, name=f"Cơ quan {code}"))
        members = [Membership(role=role, organisation=bodies[code])]
        people[username] = User(username=username, name=name, created_at=db.now(session), memberships=members)
    session.add_all(people.values())
    session.flush()
    return people


def _fails(job: topics.Job) -> None:
    raise ConnectionError(f"Máy chủ của {job.topic} không trả lời")


def _every_kind(engine: Engine) -> dict[str, int]:
    """Cases of cac_loai: just begun, with work half done, suspended, ended, cancelled."""
    clock = Clock()
    sessions = sessionmaker(engine, info={"clock": clock})
    with sessions.begin() as session:
        people = _people(session)
        deployments.store(session, "cac_loai", read_folder(HERE / "cac_loai"))
        kinds = ("begun", "half", "suspended", "cancelled")
        definition = deployments.latest(session, "cac_loai")
        cases = {kind: instances.start(session, definition, VARIABLES, business_key=f"MK {kind}") for kind in kinds}
        ids = {kind: case.id for kind, case in cases.items()}
        simple = instances.start(session, deployments.latest(session, "quy_trinh_con"), {"ten": "xong"})
        ids["ended"] = simple.id
        _complete(session, simple.id, "lam", people["vang_chi"], {"ket_qua": "Đồng ý"})
    worker = Worker(sessions, {name: topics.Handler(name, _fails) for name in ("gui", "hong")}, threads=1)
    for _ in range(4):
        while worker.run_due():
            pass
        clock.moment += timedelta(minutes=1)
    with sessions.begin() as session:
        people = {user.username: user for user in session.scalars(select(User))}
        task = _task(session, ids["half"], "soan")
        user_tasks.claim(session, task, people["vang_an"])
        documents.attach(session, task, people["vang_an"], "Tờ trình.txt", LETTER, "text/plain")
        user_tasks.save_draft(session, task, people["vang_an"], {"noi_dung": "Đang viết dở"})
        _complete(session, ids["half"], "y_kien", people["vang_chi"], {"ket_qua": "Nhất trí"})
        _complete(session, ids["half"], "lan_luot", people["vang_chi"], {})
        instances.suspend(session, ids["suspended"], people["vang_giang"], "chờ hướng dẫn")
        instances.cancel(session, ids["cancelled"], people["vang_giang"], "lập nhầm")
    while worker.run_due():
        pass
    return ids


def _task(session: Session, instance_id: int, element_id: str) -> int:
    query = select(UserTask.id).where(UserTask.instance_id == instance_id, UserTask.element_id == element_id, UserTask.state == "open")
    return session.scalars(query.order_by(UserTask.id).limit(1)).one()


def _complete(session: Session, instance_id: int, element_id: str, user: User, data: Mapping[str, Any]) -> None:
    user_tasks.complete(session, _task(session, instance_id, element_id), user, data)


def fill(url: str) -> dict[str, Any]:
    """Fill the empty database of `url`; where which case stands."""
    migrations.upgrade(url)
    engine = db.create_engine(url)
    try:
        sessions = sessionmaker(engine, info={"clock": lambda: BEGINNING})
        with sessions.begin() as session:
            for folder in sorted({name.split("/")[0] for name, _ in STOPS}):
                deployments.store(session, folder, read_folder(BPMN / folder))
        stopped = []
        for number, (name, taken) in enumerate(STOPS):
            play = scenario(name, number)
            _bodies(sessions, play)
            stopped.append({"scenario": name, "number": number, "taken": taken, "case": Carried(engine, play).take(0, taken)})
        kinds = _every_kind(engine)
        with sessions() as session:
            assert session.scalar(select(Job.id).where(Job.owner.is_not(None)).limit(1)) is None
        return {"scenarios": stopped, "kinds": kinds}
    finally:
        engine.dispose()


def _bodies(sessions: sessionmaker[Session], play: Mapping[str, Any]) -> None:
    with sessions.begin() as session:
        there = set(session.scalars(select(Organisation.code))) | set(session.scalars(select(User.username)))
        session.add_all(Organisation(code=code, name=name) for code, name in play.get("organisations", {}).items() if code not in there)
        accounts = play.get("accounts", {}).items()
        session.add_all(User(username=code, name=name, created_at=BEGINNING) for code, name in accounts if code not in there)


def _sqlite(release: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        file, whole = Path(folder, "golden.sqlite"), Path(folder, "whole.sqlite")
        found = fill(f"sqlite:///{file}")
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(whole),))
        (HERE / f"{release}.sqlite.xz").write_bytes(lzma.compress(whole.read_bytes(), preset=9))
    return found


def _postgresql(release: str) -> dict[str, Any]:
    with postgresql.running() as cluster, cluster.database() as database:
        found = fill(cluster.url(database))
        command = ["pg_dump", f"--dbname={cluster.url(database)}", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100"]
        dumped = subprocess.run(command, capture_output=True, check=True).stdout
        (HERE / f"{release}.sql.xz").write_bytes(lzma.compress(b"\n".join(_lines(dumped)), preset=9))
    return found


def _lines(dumped: bytes) -> Iterator[bytes]:
    """Without what only psql understands, and settings that older servers do not know."""
    return (line for line in dumped.splitlines() if not line.startswith((b"\\", b"SET ", b"--")))


def main(release: str) -> None:
    """Make the files of `release`; both databases must hold the same."""
    found = _sqlite(release)
    assert _postgresql(release) == found
    (HERE / f"{release}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    for file in sorted(HERE.glob(f"{release}.*")):
        sys.stdout.write(f"{file.name}: {file.stat().st_size}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
