"""Event logs: what pm4py reads back is what the history has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import candidates, db, deployments, eventlogs, instances, user_tasks
from engine.errors import NotFound
from engine.models import HistoryEvent, ProcessInstance, User
from tests.engine.cast import APPROVAL, only_task, people

ROOT = Path(__file__).parents[2]
MINING = ROOT / "build" / "mining"
PM4PY = "pm4py==2.7.23.11"
READ = """
import json, sys, pm4py
log = pm4py.read_xes(sys.argv[1])
ocel = pm4py.read_ocel2_json(sys.argv[2])
count = lambda column: {str(name): int(number) for name, number in column.value_counts().items()}
print(json.dumps({
    "cases": int(log["case:concept:name"].nunique()), "events": len(log), "activities": count(log["concept:name"]),
    "people": count(log["org:resource"]), "first": str(log["time:timestamp"].min()),
    "ocel_events": len(ocel.events), "ocel_objects": count(ocel.objects["ocel:type"]),
    "ocel_activities": count(ocel.events["ocel:activity"]),
    "ocel_relations": count(ocel.relations["ocel:qualifier"]),
}))
"""
WORK = "element.completed", "element.cancelled"


@pytest.fixture
def cases(sessions: sessionmaker[Session]) -> list[int]:
    """Three cases of two versions of a process: one at its end, one half way, one cancelled; and one of a name that XML cannot hold."""
    with sessions.begin() as session:
        cast = people(session)
        deployments.store(session, "phe_duyet", APPROVAL)
        definition = deployments.latest(session, "phe_duyet")
        found = [instances.start(session, definition, {}, user=cast["an"], business_key=f'<{n}> & "\x01é"').id for n in range(3)]
        instances.cancel(session, found[2], cast["giang"], "thôi")
    for number, steps in ((found[0], 2), (found[1], 1)):
        for who, data in (("an", {"noi_dung": "x"}), ("chi", {"ket_luan": "y"}))[:steps]:
            with sessions.begin() as session:
                user = session.scalars(select(User).where(User.username == who)).one()
                user_tasks.complete(session, only_task(session, session.get_one(ProcessInstance, number)).id, user, data)
    return found


def written(engine: Engine, sessions: sessionmaker[Session], user: str | None = "giang", **period: datetime) -> tuple[bytes, bytes]:
    with sessions() as session:
        asking = session.scalars(select(User).where(User.username == user)).one() if user else None
        chosen = eventlogs.choose(session, "phe_duyet", asking, **period)
    with db.snapshot(engine) as connection:
        return b"".join(eventlogs.xes(connection, chosen)), b"".join(eventlogs.ocel(connection, chosen))


@pytest.fixture(scope="module")
def mining() -> Path:
    """A Python with pm4py, apart from ours: it is large. Made once; CI must have it, elsewhere `make mining` makes it."""
    python = MINING / "bin" / "python"
    if not python.exists():
        if not os.environ.get("CI"):
            pytest.skip("pm4py is not installed: make mining")
        venv.create(MINING, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PM4PY], check=True)
    return python


@pytest.mark.skipif(sys.platform == "win32", reason="paths of the other Python")
def test_pm4py_reads_the_same_counts(
    engine: Engine, sessions: sessionmaker[Session], cases: list[int], mining: Path, tmp_path: Path
) -> None:
    for name, content in zip(("log.xes", "log.jsonocel"), written(engine, sessions), strict=True):
        (tmp_path / name).write_bytes(content)
    command = [mining, "-W", "ignore", "-c", READ, tmp_path / "log.xes", tmp_path / "log.jsonocel"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "MPLCONFIGDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    with sessions() as session:
        work = (HistoryEvent.kind.in_(WORK),)
        number = session.scalar(select(func.count(HistoryEvent.id)).where(*work))
        named = func.coalesce(func.nullif(HistoryEvent.element_name, ""), HistoryEvent.element_id)
        activities = Counter(session.scalars(select(named).where(*work)))
        acted = session.scalar(select(func.count(HistoryEvent.id)).where(*work, HistoryEvent.actor_id.is_not(None)))
    assert (found["cases"], found["events"], found["activities"]) == (3, number, dict(activities))
    assert sum(found["people"].values()) == acted
    assert (found["ocel_events"], found["ocel_activities"]) == (number, dict(activities))
    assert found["ocel_objects"] == {"case": 3, "person": 3}
    assert found["ocel_relations"] == {"of": number, "by": acted}


def test_it_is_well_formed_and_holds_no_data_of_the_case(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    xes, ocel = written(engine, sessions)
    traces = etree.fromstring(xes).findall("{http://www.xes-standard.org/}trace")
    keys = [trace.find('{*}string[@key="business_key"]').get("value") for trace in traces]  # type: ignore[union-attr]
    assert keys == [f'<{n}> & "é"' for n in range(3)]
    assert len(json.loads(ocel)["events"]) == len([event for trace in traces for event in trace.iterfind("{*}event")])
    assert b"noi_dung" not in xes + ocel


def test_it_has_only_cases_that_the_asking_person_supervises(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    with pytest.raises(NotFound):
        written(engine, sessions, "an")
    with sessions.begin() as session:
        candidates.entrust(session, session.get_one(ProcessInstance, cases[0]), ())
    assert written(engine, sessions)[0].count(b"<trace>") == 2
    assert written(engine, sessions, None)[0].count(b"<trace>") == 3


def test_it_has_only_cases_of_the_period(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    xes, ocel = written(engine, sessions, since=tomorrow)
    assert b"<trace>" not in xes
    assert json.loads(ocel) == {**json.loads(ocel), "objects": [], "events": [], "eventTypes": []}
    assert written(engine, sessions, until=tomorrow)[0].count(b"<trace>") == 3
