"""Worker processes are killed at random: every case still ends, and what each step counted is exact."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, instances
from engine.models import HistoryEvent, Incident, Job, ProcessInstance
from tests.engine.cast import HEAD, flow

CASES, MEMBERS, KILLS = 25, 4, 8

DIAGRAM = f"""{HEAD}<process id="p" isExecutable="true"><startEvent id="dau"/>
<serviceTask id="dem" camunda:type="external" camunda:topic="dem">
<multiInstanceLoopCharacteristics camunda:collection="so_lieu" camunda:elementVariable="so"><loopDataOutputRef>tong</loopDataOutputRef>
<outputDataItem name="gap_doi"/></multiInstanceLoopCharacteristics></serviceTask>
<callActivity id="goi" calledElement="con"><extensionElements><camunda:in source="tong" target="tong"/>
<camunda:out source="ket_qua" target="ket_qua"/></extensionElements></callActivity>
<intermediateCatchEvent id="cho"><timerEventDefinition><timeDuration>PT0.2S</timeDuration></timerEventDefinition></intermediateCatchEvent>
<endEvent id="het"/>{flow("dau", "dem", "goi", "cho", "het")}</process>
<process id="con" isExecutable="true"><startEvent id="d"/><scriptTask id="cong" scriptFormat="starlark"><script>
ket_qua = 0
for so in tong:
    ket_qua += so
</script></scriptTask><endEvent id="h"/>{flow("d", "cong", "h")}</process></definitions>""".encode()


def spawn(url: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-m", "tests.engine.crash_worker", url], cwd=root, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline() == b"ready\n"
    return process


def running(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count(ProcessInstance.id)).where(ProcessInstance.state == "active")) or 0


def test_it_loses_and_repeats_nothing_when_workers_are_killed(sessions: sessionmaker[Session], database_url: str) -> None:
    with sessions.begin() as session:
        deployments.deploy(session, "p", {"p.bpmn": DIAGRAM})
        for n in range(CASES):
            numbers = [n + m for m in range(MEMBERS)]
            instances.start(session, deployments.latest(session, "p"), {"so_lieu": numbers})
    chance = random.Random(7)
    workers = [spawn(database_url), spawn(database_url)]
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.05, 0.4))
            victim = workers.pop(chance.randrange(2))
            victim.kill()
            victim.wait()
            workers.append(spawn(database_url))
        deadline = time.monotonic() + 120
        while running(sessions) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    with sessions() as session:
        assert session.scalar(select(func.count(Incident.id))) == 0
        assert session.scalar(select(func.count(Job.id))) == 0
        callers = session.scalars(select(ProcessInstance).where(ProcessInstance.parent_id.is_(None)).order_by(ProcessInstance.id)).all()
        assert [case.state for case in callers] == ["completed"] * CASES
        sums = [executions.load(session, case).variables["ket_qua"] for case in callers]
        assert sums == [2 * sum(n + m for m in range(MEMBERS)) for n in range(CASES)]
        counted = select(HistoryEvent.element_id, func.count()).where(HistoryEvent.kind == "element.completed").group_by("element_id")
        passed = {element: number for element, number in session.execute(counted)}  # noqa: C416 - rows are no pairs to a type checker
    assert passed["dem"] == CASES * MEMBERS
    assert {name: passed[name] for name in ("goi", "cho", "cong", "het")} == dict.fromkeys(("goi", "cho", "cong", "het"), CASES)
