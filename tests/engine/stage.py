"""What the tests of moving cases share: a stage with the cast, a clock and the versions of one process; and its drawings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, instances, jobs, migration, user_tasks
from engine.errors import NotMovable
from engine.models import Job, ProcessDefinition, ProcessInstance, UserTask
from engine.worker import Worker
from tests.engine.cast import bpmn, flow, people

SUPERVISED = (
    '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties></extensionElements>'
)
START = datetime(2026, 3, 2, 1, tzinfo=UTC)


def drawn(body: str, extra: str = "") -> bytes:
    """A process supervised by giang. `extra` stands beside it: messages, called processes."""
    return bpmn(SUPERVISED + body).replace(b"<process ", f"{extra}<process ".encode(), 1)


def task(id_: str, name: str = "", inner: str = "", more: str = "") -> str:
    return f'<userTask id="{id_}" name="{name or id_}" camunda:candidateGroups="viet" {more}>{inner}</userTask>'


def timer(id_: str, host: str, duration: str, interrupting: bool = False) -> str:
    return (
        f'<boundaryEvent id="{id_}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}">'
        f"<timerEventDefinition><timeDuration>{duration}</timeDuration></timerEventDefinition></boundaryEvent>"
    )


PLAIN = drawn('<startEvent id="dau"/>' + task("a") + task("b") + task("c") + '<endEvent id="het"/>' + flow("dau", "a", "b", "c", "het"))


class Stage:
    """The cast, a clock, and the versions of one process in the order they are stored."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, START
        session.info["clock"] = lambda: self.now
        self.cast = people(session)

    def version(self, diagram: bytes, **files: bytes) -> ProcessDefinition:
        deployments.store(self.session, "p", {"p.bpmn": diagram, **{f"{name}.form": data for name, data in files.items()}})
        return deployments.latest(self.session, "p")

    def start(self, definition: ProcessDefinition, **variables: Any) -> ProcessInstance:
        return instances.start(self.session, definition, variables)

    def open(self, case: ProcessInstance) -> dict[str, UserTask]:
        """Open tasks by element; of several at one element the last."""
        query = select(UserTask).where(UserTask.instance_id == case.id, UserTask.state == "open").order_by(UserTask.id)
        return {found.element_id: found for found in self.session.scalars(query)}

    def do(self, case: ProcessInstance, element: str, **data: Any) -> None:
        user_tasks.complete(self.session, self.open(case)[element].id, self.cast["an"], data)

    def move(self, case: ProcessInstance, to: ProcessDefinition, **mapping: str) -> ProcessInstance:
        """Migrate, and read everything anew from the database."""
        moved = migration.migrate(self.session, case.id, to, mapping, self.cast["giang"], "quy định mới")
        self.session.flush()
        self.session.expire_all()
        return moved

    def refused(self, case: ProcessInstance, to: ProcessDefinition, **mapping: str) -> list[migration.Obstacle]:
        ((found, obstacles),) = migration.plan(self.session, case.definition, to, mapping, self.cast["giang"])
        assert found == case.id
        with pytest.raises(NotMovable) as told:
            self.move(case, to, **mapping)
        assert told.value.obstacles == obstacles
        return obstacles

    def timers(self, case: ProcessInstance) -> dict[str, datetime]:
        query = select(Job).where(Job.instance_id == case.id, Job.kind == jobs.TIMER)
        return {str(job.element_id): job.due_at for job in self.session.scalars(query)}

    def waits(self, case: ProcessInstance) -> dict[str, str]:
        return {wait.id: wait.element_id for wait in executions.load(self.session, case).waits.values()}


def drain(sessions: sessionmaker[Session]) -> None:
    """All that is due."""
    worker = Worker(sessions, {})
    while worker.run_due():
        pass


INSIDE = '<startEvent id="dau"/><subProcess id="quanh"{many}<startEvent id="d"/>{a}{b}{flows}</subProcess>{c}<endEvent id="het"/>{outer}'


def inside(many: str, a: str = "a", b: str = "b") -> bytes:
    flows, outer = flow("d", a, b), flow("dau", "quanh", "c", "het")
    return drawn(INSIDE.format(many=many, a=task(a), b=task(b), c=task("c"), flows=flows, outer=outer))


MANY = (
    '><multiInstanceLoopCharacteristics camunda:collection="${ds}" camunda:elementVariable="ten">'
    "<loopDataOutputRef>ra</loopDataOutputRef></multiInstanceLoopCharacteristics>"
)


def fork(a: str = "a", b: str = "b", join: str = "gop") -> bytes:
    gates = f'<startEvent id="dau"/><parallelGateway id="tach"/><parallelGateway id="{join}"/>'
    return drawn(gates + task(a) + task(b) + task("c") + flow("dau", "tach", a, join, "c") + flow("tach", b, join))
