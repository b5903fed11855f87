"""Messages find their one receiver, signals everybody; called cases come back to their caller."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, instances, messages
from engine.errors import MessageNotCorrelated
from engine.models import BufferedMessage, Incident, ProcessInstance
from engine.worker import Worker
from tests.engine.cast import HEAD, bpmn, flow, people

WAITS = bpmn(
    '<startEvent id="dau"/><intermediateCatchEvent id="cho"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    '<endEvent id="het"/>' + flow("dau", "cho", "het")
).replace(b"<process ", b'<message id="m" name="tra_loi"/><process ')  # fmt: skip

CALLER = f"""{HEAD}<process id="goi" isExecutable="true"><startEvent id="dau"/>
<callActivity id="tung_nguoi" calledElement="nguoi"><extensionElements><camunda:in source="ten" target="ten"/>
<camunda:in businessKey="${{ten}}"/><camunda:out source="ket_qua" target="ket_qua_nguoi"/></extensionElements>
<multiInstanceLoopCharacteristics camunda:collection="danh_sach" camunda:elementVariable="ten"><loopDataOutputRef>tat_ca</loopDataOutputRef>
<outputDataItem name="ket_qua_nguoi"/></multiInstanceLoopCharacteristics></callActivity><endEvent id="het"/>
{flow("dau", "tung_nguoi", "het")}</process>
<process id="nguoi" isExecutable="true"><startEvent id="d"/><scriptTask id="s" scriptFormat="starlark">
<script>ket_qua = "xong " + ten</script></scriptTask><endEvent id="h"/>{flow("d", "s", "h")}</process></definitions>""".encode()

RECURSIVE = f"""{HEAD}<process id="p" isExecutable="true">
<startEvent id="dau"/><callActivity id="lai" calledElement="p"/><endEvent id="het"/>
{flow("dau", "lai", "het")}</process></definitions>""".encode()


def begin(session: Session, diagram: bytes, key: str = "p", **options: str) -> ProcessInstance:
    if not session.scalar(select(func.count(ProcessInstance.id))):
        people(session)
        deployments.deploy(session, key, {"p.bpmn": diagram})
    return instances.start(session, deployments.latest(session, key), {}, **options)  # type: ignore[arg-type]  # business_key


def drain(sessions: sessionmaker[Session]) -> None:
    running = Worker(sessions, {})
    while running.run_due():
        pass


def test_it_reaches_the_case_with_that_business_key_only(session: Session) -> None:
    first, second = (begin(session, WAITS, business_key=key) for key in ("A1", "A2"))
    messages.correlate(session, "tra_loi", business_key="A2", variables={"y_kien": "đồng ý"})
    assert (first.state, second.state) == ("active", "completed")
    assert executions.load(session, second).variables == {"y_kien": "đồng ý"}


def test_it_is_refused_when_two_cases_could_take_it(session: Session) -> None:
    begin(session, WAITS, business_key="A1")
    begin(session, WAITS, business_key="A2")
    with pytest.raises(MessageNotCorrelated, match="2 are waiting"):
        messages.correlate(session, "tra_loi")


def test_it_waits_for_a_receiver_that_is_not_ready_yet(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        messages.correlate(session, "tra_loi", business_key="A1", variables={"so": 7}, keep=True)
    with sessions.begin() as session:
        id_ = begin(session, WAITS, business_key="A1").id
    drain(sessions)
    with sessions() as session:
        assert session.get_one(ProcessInstance, id_).state == "completed"
        assert session.scalar(select(func.count(BufferedMessage.id))) == 0


def test_it_collects_what_each_called_case_brings_in_order(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        people(session)
        deployments.deploy(session, "goi", {"p.bpmn": CALLER})
        instances.start(session, deployments.latest(session, "goi"), {"danh_sach": ["an", "bình", "chi"]})
    drain(sessions)
    with sessions() as session:
        caller = session.scalars(select(ProcessInstance).where(ProcessInstance.parent_id.is_(None))).one()
        assert caller.state == "completed"
        assert executions.load(session, caller).variables["tat_ca"] == ["xong an", "xong bình", "xong chi"]
        called = session.scalars(select(ProcessInstance.business_key).where(ProcessInstance.parent_id == caller.id))
        assert sorted(called) == ["an", "bình", "chi"]


def test_it_stops_a_case_that_calls_itself_without_end(sessions: sessionmaker[Session]) -> None:
    from datetime import UTC, datetime, timedelta

    now = [datetime(2026, 3, 2, tzinfo=UTC)]
    sessions.configure(info={"clock": lambda: now[0]})
    with sessions.begin() as session:
        begin(session, RECURSIVE)
    for _ in range(4):
        drain(sessions)
        now[0] += timedelta(hours=1)
    with sessions() as session:
        assert "at most 50 deep" in session.scalars(select(Incident.message)).one()
        assert session.scalar(select(func.count(ProcessInstance.id))) == 51
