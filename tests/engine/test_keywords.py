"""The variables that lists are filtered by stand in rows of their own, written only when one of them changed."""

from __future__ import annotations

from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import contents, deployments, instances, keywords
from engine.models import Keyword, Membership, Organisation, ProcessInstance, User

KEY = "tim_kiem"


def drawing(names: str) -> dict[str, bytes]:
    body = (
        f'<extensionElements><camunda:properties><camunda:property name="tim_theo" value="{names}"/>'
        '<camunda:property name="giam_sat" value="giam_sat"/></camunda:properties></extensionElements>'
    )
    return {"tim_kiem.bpmn": _bpmn(body)}


def _bpmn(extensions: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" targetNamespace="x" id="d">
<process id="{KEY}" name="Tìm kiếm" isExecutable="true" camunda:candidateStarterGroups="nhan_vien">{extensions}
<startEvent id="dau"/><sequenceFlow id="f1" sourceRef="dau" targetRef="viec"/>
<userTask id="viec" name="Làm" camunda:candidateGroups="nhan_vien"/>
<sequenceFlow id="f2" sourceRef="viec" targetRef="cuoi"/><endEvent id="cuoi"/>
</process></definitions>""".encode()


def start(sessions: sessionmaker[Session], names: str, variables: dict[str, object]) -> int:
    with sessions.begin() as session:
        deployments.deploy(session, KEY, drawing(names))
        return instances.start(session, deployments.latest(session, KEY), variables).id


def rows(sessions: sessionmaker[Session], case: int) -> dict[str, tuple[str, float | None, str]]:
    with sessions() as session:
        query = select(Keyword).where(Keyword.instance_id == case)
        return {row.name: (row.text, row.number, row.shown) for row in session.scalars(query)}


def test_it_keeps_each_named_variable_by_its_kind(sessions: sessionmaker[Session]) -> None:
    given = {"can_bo": {"ho_ten": "Đỗ Đình"}, "so_ngay": 3, "gap": True, "ngay": "2026-03-01", "noi": ["a", "b"], "khac": "x", "rong": ""}
    case = start(sessions, "can_bo.ho_ten, so_ngay gap,ngay noi rong thieu", given)
    assert rows(sessions, case) == {
        "can_bo.ho_ten": ("do dinh", None, "Đỗ Đình"),
        "so_ngay": ("3", 3.0, "3"),
        "gap": ("true", 1.0, "true"),
        "ngay": ("2026-03-01", None, "2026-03-01"),
        "noi": ("a; b", None, "a; b"),
    }


def test_it_writes_only_when_one_of_them_changed(sessions: sessionmaker[Session]) -> None:
    case = start(sessions, "so_ngay", {"so_ngay": 3, "khac": 1})
    with sessions.begin() as session:
        user = User(username="an", name="An", created_at=session.get_one(ProcessInstance, case).started_at)
        session.add(user)
        cast_member(session, user)

    def change(**variables: object) -> list[str]:
        said: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            said.append(statement)

        with sessions.begin() as session:
            an = session.scalars(select(User).where(User.username == "an")).one()
            event.listen(session.get_bind(), "before_cursor_execute", note)
            instances.set_variables(session, case, an, variables, "thử")
            session.flush()
            event.remove(session.get_bind(), "before_cursor_execute", note)
        return [one for one in said if "keyword " in one or '"keyword"' in one]

    assert change(khac=2) == []
    assert len(change(so_ngay=4)) == 2
    assert rows(sessions, case) == {"so_ngay": ("4", 4.0, "4")}
    assert change(so_ngay=4) == []
    assert len(change(so_ngay=None)) == 1
    assert rows(sessions, case) == {}


def cast_member(session: Session, user: User) -> None:
    body = Organisation(code="ban", name="Ban")
    session.add(body)
    user.memberships = [Membership(organisation=body, role="giam_sat")]


def test_names_that_are_none_and_more_than_twenty_are_left_out() -> None:
    said = " ".join(f"b{n}" for n in range(30))
    found = contents.Contents(drawing(f"1x, a..b, {said}")).diagrams["tim_kiem.bpmn"]
    assert keywords.names(found, KEY) == tuple(f"b{n}" for n in range(20))


def test_a_process_that_names_none_costs_nothing(sessions: sessionmaker[Session]) -> None:
    case = start(sessions, "", {"so_ngay": 3})
    with sessions() as session:
        assert session.get_one(ProcessInstance, case).keywords == ""
