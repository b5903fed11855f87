"""The demo: a province that does not exist, with everybody whom the diagrams ask."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import Forbidden
from engine.models import ProcessInstance, User, UserTask
from web import demo


def test_it_has_an_account_for_every_role_that_the_diagrams_name() -> None:
    named: set[str] = set()
    for file in demo.FOLDER.glob("*.bpmn"):
        for groups in re.findall(r'camunda:candidate(?:Starter)?Groups="([^"]*)"', file.read_text("utf-8")):
            named |= {group.strip().partition("@")[0] for group in groups.split(",")}
    held = {role.partition("@")[0] for person in demo.PEOPLE for role in person.roles}
    assert named <= held
    units = {role.partition("@")[2] for person in demo.PEOPLE for role in person.roles}
    assert units <= set(demo.BODIES)
    for role, least in (("de_xuat", 3), ("tham_dinh", 3), ("can_bo", 3)):
        assert sum(one.startswith(f"{role}@") for person in demo.PEOPLE for one in person.roles) >= least


def test_it_leaves_one_plan_under_way(session: Session) -> None:
    people = demo.load(session)
    case = session.scalars(select(ProcessInstance)).one()
    assert (case.title, case.state) == ("Kế hoạch luân chuyển KH 2026/03", "active")
    states = list(session.scalars(select(UserTask.state).order_by(UserTask.id)))
    assert states == ["completed", "open"]
    printed = demo.describe(people, "http://127.0.0.1:8000/")
    assert all(person.username in printed for person in people)
    assert demo.PASSWORD in printed


def test_it_never_goes_into_a_database_with_accounts(session: Session) -> None:
    demo.load(session)
    with pytest.raises(Forbidden, match="accounts already"):
        demo.load(session)
    assert session.scalar(select(func.count()).select_from(User)) == len(demo.PEOPLE)
