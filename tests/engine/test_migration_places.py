"""What waits and listens in a case when it moves to another version."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import incidents, messages
from engine.models import Incident, Job, MessageSubscription, ProcessInstance
from tests.engine.cast import flow
from tests.engine.stage import MANY, PLAIN, START, Stage, drain, drawn, fork, inside, task, timer

FOR_COMPENSATION = 'isForCompensation="true"'


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_a_new_boundary_timer_starts_to_listen(stage: Stage, sessions: sessionmaker[Session], session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.now += timedelta(days=3)
    late = timer("qua_han", "a", "P10D") + task("nhac") + flow("qua_han", "nhac")
    stage.move(case, stage.version(PLAIN.replace(b'<endEvent id="het"/>', late.encode() + b'<endEvent id="het"/>')))
    assert stage.timers(case) == {"qua_han": START + timedelta(days=13)}
    session.commit()
    stage.now += timedelta(days=11)
    sessions.configure(info=session.info)
    drain(sessions)
    session.expire_all()
    assert set(stage.open(case)) == {"a", "nhac"}


def test_it_listens_no_more_at_a_boundary_that_is_gone(stage: Stage) -> None:
    late = (timer("qua_han", "a", "P10D") + task("nhac") + flow("qua_han", "nhac")).encode()
    first = stage.version(PLAIN.replace(b'<endEvent id="het"/>', late + b'<endEvent id="het"/>'))
    case = stage.start(first)
    assert stage.timers(case)
    stage.move(case, stage.version(PLAIN))
    assert stage.timers(case) == {}
    stage.move(case, first)
    assert set(stage.timers(case)) == {"qua_han"}


def test_a_changed_timer_is_counted_from_when_the_case_came_there(stage: Stage) -> None:
    def with_deadline(duration: str) -> bytes:
        late = timer("qua_han", "a", duration) + task("nhac") + flow("qua_han", "nhac")
        return PLAIN.replace(b'<endEvent id="het"/>', late.encode() + b'<endEvent id="het"/>')

    case = stage.start(stage.version(with_deadline("P10D")))
    stage.now += timedelta(days=3)
    stage.move(case, stage.version(with_deadline("P20D")))
    assert stage.timers(case) == {"qua_han": START + timedelta(days=20)}


def test_an_unchanged_timer_keeps_its_job(stage: Stage, session: Session) -> None:
    late = (timer("qua_han", "a", "P10D") + task("nhac") + flow("qua_han", "nhac")).encode()
    first = PLAIN.replace(b'<endEvent id="het"/>', late + b'<endEvent id="het"/>')
    case = stage.start(stage.version(first))
    job = session.scalars(select(Job.id).where(Job.instance_id == case.id)).one()
    stage.now += timedelta(days=3)
    stage.move(case, stage.version(first.replace(b'"qua_han"', b'"han_moi"').replace(b'name="a"', b'name="A"')), qua_han="han_moi")
    assert session.scalars(select(Job.id).where(Job.instance_id == case.id)).one() == job
    assert stage.timers(case) == {"han_moi": START + timedelta(days=10)}


def test_a_boundary_that_has_happened_does_not_listen_again(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    late = (timer("qua_han", "a", "P10D") + task("nhac") + flow("qua_han", "nhac")).encode()
    first = PLAIN.replace(b'<endEvent id="het"/>', late + b'<endEvent id="het"/>')
    case = stage.start(stage.version(first))
    session.commit()
    stage.now += timedelta(days=11)
    sessions.configure(info=session.info)
    drain(sessions)
    session.expire_all()
    stage.move(case, stage.version(first.replace(b'name="a"', b'name="A"')))
    assert (stage.timers(case), set(stage.open(case))) == ({}, {"a", "nhac"})


def test_a_new_event_sub_process_starts_to_listen(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    handler = (
        '<subProcess id="rut" triggeredByEvent="true"><startEvent id="rut_don"><messageEventDefinition messageRef="m"/></startEvent>'
        f"{task('thu_hoi')}{flow('rut_don', 'thu_hoi')}</subProcess></process>"
    )
    listening = PLAIN.replace(b"</process>", handler.encode()).replace(b"<process ", b'<message id="m" name="rut"/><process ')
    stage.move(case, stage.version(listening))
    messages.correlate(stage.session, "rut", business_key=case.business_key)
    assert set(stage.open(case)) == {"thu_hoi"}


def test_it_moves_inside_a_sub_process(stage: Stage) -> None:
    case = stage.start(stage.version(inside(">")))
    stage.move(case, stage.version(inside(">", a="a2")), a="a2")
    stage.do(case, "a2")
    stage.do(case, "b")
    assert set(stage.open(case)) == {"c"}


def test_it_moves_inside_a_sub_process_of_many_some_of_which_are_done(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(inside(MANY)), ds=["x", "y", "z"])
    stage.do(case, "a")
    stage.do(case, "b")
    stage.do(case, "a")
    stage.move(case, stage.version(inside(MANY, a="a2")), a="a2")
    assert sorted(stage.waits(case).values()) == ["a2", "b"]
    stage.do(case, "b")
    stage.do(case, "a2")
    assert set(stage.open(case)) == {"b"}
    stage.do(case, "b")
    assert set(stage.open(case)) == {"c"}


def test_it_moves_a_task_of_many_some_of_which_are_done(stage: Stage) -> None:
    many = MANY[1:]
    first = drawn('<startEvent id="dau"/>' + task("a", inner=many) + task("b") + flow("dau", "a", "b"))
    case = stage.start(stage.version(first), ds=["x", "y", "z"])
    stage.do(case, "a")
    stage.move(case, stage.version(first.replace(b'name="a"', b'name="A ${ten}"')))
    assert stage.open(case)["a"].name == "A y"
    stage.do(case, "a")
    stage.do(case, "a")
    assert set(stage.open(case)) == {"b"}


def test_a_task_of_many_is_not_a_plain_one(stage: Stage) -> None:
    first = drawn('<startEvent id="dau"/>' + task("a", inner=MANY[1:]) + flow("dau", "a"))
    case = stage.start(stage.version(first), ds=["x", "y"])
    assert {obstacle.element_id for obstacle in stage.refused(case, stage.version(PLAIN))} == {"a"}


def test_it_moves_while_one_branch_waits_at_a_join(stage: Stage) -> None:
    case = stage.start(stage.version(fork()))
    stage.do(case, "a")
    stage.move(case, stage.version(fork(a="a2", b="b2", join="gop2")), a="a2", b="b2", gop="gop2")
    assert set(stage.open(case)) == {"b2"}
    stage.do(case, "b2")
    assert set(stage.open(case)) == {"c"}


def test_a_branch_that_has_arrived_needs_a_flow_of_the_new_version(stage: Stage) -> None:
    case = stage.start(stage.version(fork()))
    stage.do(case, "a")
    obstacle, missed = stage.refused(case, stage.version(fork(a="a2")))
    assert (missed.element_id, missed.kind) == ("a2", "missed")
    assert obstacle.vi == "Đã có nhánh đến “gop”, nhưng bản mới không có luồng tương ứng đi vào đó."


def test_it_takes_a_message_subscription_along(stage: Stage, session: Session) -> None:
    def waiting(id_: str, name: str) -> bytes:
        catch = f'<intermediateCatchEvent id="{id_}"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
        return drawn(f'<startEvent id="dau"/>{catch}{task("b")}' + flow("dau", id_, "b"), f'<message id="m" name="{name}"/>')

    case = stage.start(stage.version(waiting("cho", "tra_loi")))
    stage.move(case, stage.version(waiting("cho2", "tra_loi")), cho="cho2")
    assert session.scalars(select(MessageSubscription.element_id)).one() == "cho2"
    stage.move(case, stage.version(waiting("cho2", "phan_hoi")))
    assert session.scalars(select(MessageSubscription.name)).one() == "phan_hoi"
    messages.correlate(session, "phan_hoi", business_key=case.business_key)
    assert set(stage.open(case)) == {"b"}


def test_an_event_behind_a_gateway_can_be_added(stage: Stage, session: Session) -> None:
    def choice(*names: str) -> bytes:
        events = "".join(
            f'<intermediateCatchEvent id="{n}"><messageEventDefinition messageRef="m_{n}"/></intermediateCatchEvent>' for n in names
        )
        body = f'<startEvent id="dau"/><eventBasedGateway id="cho"/>{events}{task("b")}' + flow("dau", "cho")
        return drawn(body + "".join(flow("cho", n, "b") for n in names), "".join(f'<message id="m_{n}" name="{n}"/>' for n in names))

    case = stage.start(stage.version(choice("x", "y")))
    stage.move(case, stage.version(choice("x", "y", "z")))
    messages.correlate(session, "z", business_key=case.business_key)
    assert (set(stage.open(case)), session.scalars(select(MessageSubscription.id)).all()) == ({"b"}, [])


def test_a_case_that_waits_for_the_one_it_called_goes_on_after_it(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    called = f'<process id="con" isExecutable="true"><startEvent id="cd"/>{task("ca")}{flow("cd", "ca")}</process>'

    def calling(id_: str) -> bytes:
        call = f'<callActivity id="{id_}" calledElement="con"/>'
        return drawn(f'<startEvent id="dau"/>{call}{task("b")}' + flow("dau", id_, "b")).replace(
            b"</definitions>", called.encode() + b"</definitions>"
        )

    case = stage.start(stage.version(calling("goi")))
    sessions.configure(info=session.info)
    session.commit()
    drain(sessions)
    stage.move(case, stage.version(calling("goi2")), goi="goi2")
    child = session.scalars(select(ProcessInstance).where(ProcessInstance.parent_id == case.id)).one()
    stage.do(child, "ca")
    session.commit()
    drain(sessions)
    session.expire_all()
    assert (child.state, set(stage.open(case))) == ("completed", {"b"})


def test_a_job_and_its_incident_follow_the_element(stage: Stage, session: Session) -> None:
    def service(id_: str, topic: str) -> bytes:
        work = f'<serviceTask id="{id_}" camunda:type="external" camunda:topic="{topic}"/>'
        return drawn(f'<startEvent id="dau"/>{work}{task("b")}' + flow("dau", id_, "b"))

    case = stage.start(stage.version(service("goi", "cu")))
    stage.move(case, stage.version(service("goi2", "moi")), goi="goi2")
    job = session.scalars(select(Job).where(Job.instance_id == case.id)).one()
    assert (job.element_id, job.topic) == ("goi2", "moi")


def test_a_step_that_failed_can_be_repeated_in_a_version_that_mends_it(stage: Stage, session: Session) -> None:
    def choosing(condition: str) -> bytes:
        gate = (
            f'<startEvent id="dau"/><exclusiveGateway id="re" default="re_c"/>{task("b")}{task("c")}' + flow("dau", "re") + flow("re", "c")
        )
        return drawn(
            f'{gate}<sequenceFlow id="f" sourceRef="re" targetRef="b"><conditionExpression>{condition}</conditionExpression></sequenceFlow>'
        )

    case = stage.start(stage.version(choosing("${khong_co > 1}")))
    incident = session.scalars(select(Incident).where(Incident.resolved_at.is_(None))).one()
    stage.move(case, stage.version(choosing("${1 > 0}").replace(b'"re"', b'"re2"')), re="re2")
    assert incident.element_id == "re2"
    incidents.resolve(session, incident.id, stage.cast["giang"])
    assert set(stage.open(case)) == {"b"}


def test_it_moves_while_something_is_being_undone(stage: Stage) -> None:
    def undoing(*steps: str) -> bytes:
        done = "".join(
            f'{task(step)}<boundaryEvent id="hoan_{step}" attachedToRef="{step}"><compensateEventDefinition/></boundaryEvent>'
            f'{task(f"bo_{step}", more=FOR_COMPENSATION)}<association id="as_{step}" sourceRef="hoan_{step}" targetRef="bo_{step}"/>'
            for step in steps
        )
        throw = '<intermediateThrowEvent id="hoan"><compensateEventDefinition/></intermediateThrowEvent>'
        return drawn(f'<startEvent id="dau"/>{done}{throw}{task("c")}' + flow("dau", *steps, "hoan", "c"))

    case = stage.start(stage.version(undoing("a", "b")))
    stage.do(case, "a")
    stage.do(case, "b")
    assert set(stage.open(case)) == {"bo_b"}
    stage.move(case, stage.version(undoing("a2", "b")), a="a2", hoan_a="hoan_a2", bo_a="bo_a2")
    stage.do(case, "bo_b")
    assert set(stage.open(case)) == {"bo_a2"}
    stage.do(case, "bo_a2")
    assert set(stage.open(case)) == {"c"}


def test_what_may_have_to_be_undone_must_still_be_there(stage: Stage) -> None:
    handler = f'<boundaryEvent id="hoan" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>{task("bo", more=FOR_COMPENSATION)}'
    link = '<association id="as" sourceRef="hoan" targetRef="bo"/>'
    undo = '<intermediateThrowEvent id="nem"><compensateEventDefinition/></intermediateThrowEvent>'
    first = drawn(f'<startEvent id="dau"/>{task("a")}{handler}{task("b")}{undo}{link}' + flow("dau", "a", "b", "nem"))
    case = stage.start(stage.version(first))
    stage.do(case, "a")
    (obstacle,) = stage.refused(case, stage.version(drawn('<startEvent id="dau"/>' + task("b") + flow("dau", "b"))))
    assert obstacle.vi == "“a” đã làm và có thể phải bồi hoàn, nhưng không có trong bản mới."
