"""Cases of the rotation procedure that are really run: by the engine, with a virtual clock, by people who take, return and hand in tasks.

Each is played by a scenario of the process folder, with chance in it: how long people take, who of a body does it, what fails, when it is
suspended, cancelled, or left where it stands. What was run is given as rows, to be copied (bench.copies).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, select, type_coerce
from sqlalchemy.orm import Session

from engine import contents, deployments, documents, instances, user_tasks
from engine.db import Base, Json
from engine.errors import EngineError, FormInvalid
from engine.models import Membership, Organisation, ProcessInstance, User, UserTask
from engine.stage import Snapshot, Stage

FOLDER = Path(__file__).parents[1] / "bpmn" / "luan_chuyen_can_bo"
SEARCHABLE = "so_ho_so, can_bo.ho_ten, can_bo.to_chuc, can_bo.ngay_sinh, du_kien.to_chuc_noi_den, tham_dinh.so"
"""What lists can be filtered by: the analyst's property `tim_theo`, which the folder leaves empty."""
SUPERVISED = "giam_sat,giam_sat_tinh@${to_chuc_tham_muu}"
"""Who supervises: somebody of everything, and somebody of each province's cases."""
BEGIN = datetime(2026, 1, 5, 1, tzinfo=UTC)
SUPERVISOR = "giam_sat_1"
UNITS = ("so_noi_vu", "so_tai_chinh", "dang_uy_tan_lap", "dang_uy_binh_minh")
ROLES = {
    "khoi_xuong@tinh_uy": 2,
    "co_tham_quyen@ban_thuong_vu_tinh_uy": 3,
    "tham_muu@ban_to_chuc_tinh_uy": 4,
    **{f"{role}@{unit}": 2 for unit in UNITS for role in ("de_xuat", "noi_di", "noi_den")},
    **{f"tham_dinh@{body}": 2 for body in ("cong_an_tinh", "ubkt_tinh_uy", "ban_noi_chinh")},
    "giam_sat@tinh_uy": 1,
    "giam_sat_tinh@ban_to_chuc_tinh_uy": 1,
}
"""role@body -> how many people."""
TABLES = (
    "process_instance", "execution", "participant", "user_task", "candidate", "job", "message_subscription", "incident", "history_event",
    "document", "keyword", "deadline",
)  # fmt: skip
"""What a case writes, without the bytes of documents."""
_NAMED = "user", "organisation", "process_definition"
MAILS = "thu_dien_tu", "van_ban_tham_dinh"


def versions() -> list[dict[str, bytes]]:
    """Three states of the folder: as it is, and with other deadlines before it."""
    files = {name: _searchable(data) if name.endswith(".bpmn") else data for name, data in contents.read_folder(FOLDER).items()}
    older = [("P10D", "P15D"), ("P10D", "P12D")]
    return [{name: data.replace(f'"{a}"'.encode(), f'"{b}"'.encode()) for name, data in files.items()} for a, b in older] + [files]


def _searchable(data: bytes) -> bytes:
    mark = b'<camunda:property name="giam_sat" value="giam_sat" />'
    names = b"" if b'"tim_theo"' in data else f'<camunda:property name="tim_theo" value="{SEARCHABLE}" />'.encode()
    return data.replace(mark, names + f'<camunda:property name="giam_sat" value="{SUPERVISED}" />'.encode(), 1)


def scenarios() -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in sorted((FOLDER / "scenarios").glob("*.json"))]


@dataclass
class Original:
    """What one run left: rows by table, as they are stored. `now`: where its clock stood; `until`: what comes next by itself."""

    version: int
    now: datetime
    until: datetime | None
    rows: dict[str, list[dict[str, Any]]]
    accounts: dict[int, str]
    bodies: dict[int, str]
    definitions: dict[int, tuple[str, int]]
    failed: str = ""

    @property
    def running(self) -> bool:
        return any(case["state"] in ("active", "suspended") for case in self.rows["process_instance"])

    @property
    def begun(self) -> datetime:
        return min(case["started_at"] for case in self.rows["process_instance"])


@dataclass
class Chance:
    """What befalls one run."""

    random: random.Random
    steps: int
    end: str = ""
    """suspended, cancelled, or nothing."""
    prepared: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, dice: random.Random, scenario: Mapping[str, Any]) -> Chance:
        steps = len(scenario["steps"])
        taken = steps if dice.random() < 0.4 else dice.randint(1, steps)
        found = cls(dice, taken, dice.choices(("", "suspended", "cancelled"), (84, 6, 10))[0])
        topic = dice.choice(MAILS)
        what = dice.choices(("", "failure", "error"), (80, 16, 4))[0]
        if what:
            # Not the first mail: some way on.
            failing = {"failure": "Máy chủ thư không trả lời sau 30 giây"} if what == "failure" else {"error": "KHONG_GUI_DUOC"}
            found.prepared[topic] = [*({} for _ in range(dice.randint(0, 3))), failing]
        return found


class Run(Stage):
    """One run. Unlike on a stage for scenarios, tasks are taken and handed in by people."""

    chance: Chance

    def befall(self, chance: Chance) -> None:
        self.chance = chance
        self._prepared.update({topic: list(steps) for topic, steps in chance.prepared.items()})

    def _people(self, session: Session) -> None:
        super()._people(session)
        bodies = {body.code: body for body in session.scalars(select(Organisation))}
        for asked, count in ROLES.items():
            role, _, code = asked.partition("@")
            for number in range(1, count + 1):
                name = f"{role}_{code}_{number}" if role != "giam_sat" else f"giam_sat_{number}"
                session.add(
                    User(username=name, name=name, created_at=self.now, memberships=[Membership(role=role, organisation=bodies[code])])
                )

    def _begin(self, key: str, variables: Mapping[str, Any], start_event: str | None = None, business_key: str = "") -> int | None:
        with self.sessions() as session:
            definition = deployments.latest(session, key)
            named = {role.partition("@")[0] for role in definition.starter_groups}
            people = list(session.scalars(select(User).join(User.memberships).where(Membership.role.in_(named))))
        if start_event is None and people and definition.startable:
            try:
                with self.sessions.begin() as session:
                    user = session.get_one(User, self.chance.random.choice(people).id)
                    made = instances.start(session, deployments.latest(session, key), variables, user=user, business_key=business_key).id
                self._drain()
                return made
            except FormInvalid:
                pass
        return super()._begin(key, variables, start_event, business_key)

    def _complete(self, step: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        dice = self.chance.random
        task = self._task(step, variables)
        if task is None:
            # Nobody can be asked: as on the stage.
            super()._complete(step, variables)
            return
        self._advance(_at_work(dice, self.now + timedelta(days=min(40.0, dice.lognormvariate(0.9, 0.9)))))
        with self.sessions.begin() as session:
            user = self._person(session, task)
            if dice.random() < 0.03:
                user_tasks.claim(session, task, user)
                user_tasks.unclaim(session, task, user)
            if dice.random() < 0.8:
                user_tasks.claim(session, task, user)
            if dice.random() < 0.03:
                supervisor = session.scalars(select(User).where(User.username == SUPERVISOR)).one()
                user_tasks.assign(session, task, supervisor, user, "Người giữ việc đi công tác")
        self._advance(self.now + timedelta(minutes=dice.randint(2, 900)))
        with self.sessions.begin() as session:
            user = self._person(session, task)
            if dice.random() < 0.2:
                documents.attach(session, task, user, "Bản ký số.pdf", b"%PDF-1.7", "application/pdf")
            user_tasks.complete(session, task, user, variables)

    def _task(self, step: Mapping[str, Any], variables: Mapping[str, Any]) -> int | None:
        with self.sessions.begin() as session:
            opened = select(UserTask).where(UserTask.element_id == step["complete"], UserTask.state == "open").order_by(UserTask.id)
            found = self._chosen(session, session.scalars(opened), step)
            return found[0].id if found and (found[0].assignee_id or self._asked(session, found[0])) else None

    def _asked(self, session: Session, task: UserTask) -> list[int]:
        """Who answers to one of its candidates."""
        asked = {candidate.principal for candidate in task.candidates}
        people = session.execute(
            select(User.id, User.username, Membership.role, Organisation.code)
            .outerjoin(User.memberships)
            .outerjoin(Membership.organisation)
        )
        return sorted({id_ for id_, name, role, code in people if asked & {f"user:{name}", role, f"{role}@{code}", f"@{code}"}})

    def _person(self, session: Session, number: int) -> User:
        task = session.get_one(UserTask, number)
        return session.get_one(User, task.assignee_id or self.chance.random.choice(self._asked(session, task)))

    def finish(self) -> None:
        """Suspend or cancel what still runs, as chance has it."""
        if not self.chance.end:
            return
        with self.sessions.begin() as session:
            supervisor = session.scalars(select(User).where(User.username == SUPERVISOR)).one()
            roots = select(ProcessInstance.id).where(ProcessInstance.state == "active", ProcessInstance.parent_id.is_(None))
            for case in session.scalars(roots).all():
                if self.chance.end == "suspended":
                    instances.suspend(session, case, supervisor, "Chờ ý kiến cấp trên")
                else:
                    instances.cancel(session, case, supervisor, "Kế hoạch không còn phù hợp")
        self._drain()


def _at_work(dice: random.Random, when: datetime) -> datetime:
    """Some time in working hours, not before `when`."""
    when = when + timedelta(days=max(0, when.weekday() - 4) and 7 - when.weekday())
    return max(when, when.replace(hour=dice.randint(1, 9), minute=dice.randint(0, 59), second=dice.randint(0, 59)))


def bases() -> list[Snapshot]:
    """A stage with people for each version that is in force, and those before it."""
    found = []
    empty = {"process": "", "steps": [], "organisations": scenarios()[0]["organisations"], "accounts": scenarios()[0]["accounts"]}
    states = versions()
    for newest in range(len(states)):
        with Run(states[0], empty) as stage:
            for later in states[1 : newest + 1]:
                with stage.sessions.begin() as session:
                    deployments.store(session, "dry-run", later)
            found.append(stage.snapshot())
    return found


def play(number: int, seed: int) -> Iterator[Original]:
    """`number` runs."""
    stages, told = bases(), scenarios()
    for run in range(number):
        dice = random.Random(seed * 1_000_003 + run)
        version = run % len(stages)
        # Plans are rarer than the cases of single people, which are many and long.
        scenario = told[run % len(told)]
        with Run.restored(stages[version], scenario) as stage:
            assert isinstance(stage, Run)
            chance = Chance.of(dice, scenario)
            stage.befall(chance)
            stage.now = BEGIN + timedelta(days=dice.randint(0, 4), minutes=dice.randint(0, 500))
            yield _one(stage, chance, version, scenario["steps"])


def _one(stage: Run, chance: Chance, version: int, steps: Sequence[Mapping[str, Any]]) -> Original:
    failed = ""
    try:
        stage.start()
        for step in steps[: chance.steps]:
            stage.take(step)
    except EngineError as error:
        # What had to come did not, because something else came: the case stands where it stands.
        failed = str(error)
    stage.finish()
    return _rows(stage, version, failed)


def _rows(stage: Run, version: int, failed: str) -> Original:
    found: dict[str, list[dict[str, Any]]] = {}
    with stage.sessions() as session:
        for table in (Base.metadata.tables[name] for name in (*TABLES, *_NAMED)):
            # JSON as the bytes that are stored: the chain of history is over them.
            columns = [type_coerce(one, LargeBinary).label(one.name) if isinstance(one.type, Json) else one for one in table.columns]
            found[table.name] = [dict(row) for row in session.execute(select(*columns)).mappings()]
    due = [job["due_at"] for job in found["job"] if job["instance_id"] and job["due_at"] > stage.now]
    definitions = {one["id"]: (one["key"], one["version"]) for one in found["process_definition"]}
    people, bodies = ({one["id"]: one[name] for one in found[table]} for table, name in (("user", "username"), ("organisation", "code")))
    rows = {name: found[name] for name in TABLES}
    return Original(version, stage.now, min(due, default=None), rows, people, bodies, definitions, failed)
