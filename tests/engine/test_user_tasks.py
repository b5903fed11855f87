"""What a person does with a user task, and what happens when two do it."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances, user_tasks
from engine.errors import Forbidden, FormInvalid, NotFound, UserTaskAssigned, UserTaskNotOpen
from engine.models import HistoryEvent, ProcessInstance, User, UserTask
from tests.engine.cast import APPROVAL, only_task, people


@pytest.fixture
def cast(session: Session) -> dict[str, User]:
    return people(session)


@pytest.fixture
def case(session: Session, cast: dict[str, User]) -> ProcessInstance:
    """An approval that An has started and nobody has written yet."""
    deployments.deploy(session, "phe_duyet", APPROVAL)
    started = instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"])
    session.commit()
    return started


def test_it_goes_from_body_to_body_and_ends(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    user_tasks.complete(session, only_task(session, case).id, cast["an"], {"noi_dung": "kính trình"})
    approval = only_task(session, case)
    assert (approval.element_id, approval.organisation.code if approval.organisation else None) == ("duyet", "so_b")
    user_tasks.complete(session, approval.id, cast["chi"], {"ket_luan": "đồng ý"})
    assert case.state == "completed"
    told = session.execute(
        select(HistoryEvent.kind, HistoryEvent.element_id, HistoryEvent.actor_id)
        .where(HistoryEvent.kind == "task.completed")
        .order_by(HistoryEvent.id)
    )
    assert list(told) == [("task.completed", "soan", cast["an"].id), ("task.completed", "duyet", cast["chi"].id)]


def test_it_is_claimed_by_one_and_the_other_is_told_by_whom(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    user_tasks.claim(session, task.id, cast["an"])
    with pytest.raises(UserTaskAssigned, match="assigned to Bùi Thị An"):
        user_tasks.claim(session, task.id, cast["binh"])
    with pytest.raises(UserTaskAssigned):
        user_tasks.complete(session, task.id, cast["binh"], {"noi_dung": "x"})


def test_it_can_be_put_back_and_taken_by_another(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    user_tasks.claim(session, task.id, cast["an"])
    user_tasks.unclaim(session, task.id, cast["an"])
    assert user_tasks.claim(session, task.id, cast["binh"]).assignee_id == cast["binh"].id


def test_it_tells_the_second_who_was_faster(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    user_tasks.complete(session, task.id, cast["an"], {"noi_dung": "x"})
    with pytest.raises(UserTaskNotOpen, match="Bùi Thị An closed it"):
        user_tasks.complete(session, task.id, cast["binh"], {"noi_dung": "y"})


def test_it_does_not_exist_for_a_stranger(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    for verb in (user_tasks.get, user_tasks.claim, user_tasks.unclaim):
        with pytest.raises(NotFound):
            verb(session, task.id, cast["dung"])
    with pytest.raises(NotFound):
        user_tasks.complete(session, task.id, cast["dung"], {"noi_dung": "x"})


def test_it_may_be_seen_but_not_done_by_a_supervisor(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    assert user_tasks.get(session, task.id, cast["giang"]).id == task.id
    with pytest.raises(Forbidden):
        user_tasks.complete(session, task.id, cast["giang"], {"noi_dung": "x"})


def test_it_is_given_by_a_supervisor_to_anybody_who_then_sees_it(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    user_tasks.assign(session, task.id, cast["giang"], cast["dung"])
    user_tasks.complete(session, task.id, cast["dung"], {"noi_dung": "x"})
    assert only_task(session, case).element_id == "duyet"


def test_it_is_given_by_its_holder_only_to_who_is_asked(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    with pytest.raises(Forbidden, match="Phạm Tiến Dũng is not among those who are asked"):
        user_tasks.assign(session, task.id, cast["an"], cast["dung"])
    assert user_tasks.assign(session, task.id, cast["an"], cast["binh"]).assignee_id == cast["binh"].id


@pytest.mark.parametrize("data", [{}, {"noi_dung": ""}, {"noi_dung": 5}, {"noi_dung": "x", "muc_luong": 1}])
def test_it_stays_open_when_the_form_is_not_as_expected(
    session: Session, cast: dict[str, User], case: ProcessInstance, data: dict[str, object]
) -> None:
    with pytest.raises(FormInvalid):
        user_tasks.complete(session, only_task(session, case).id, cast["an"], data)
    session.rollback()
    assert only_task(session, case).element_id == "soan"


def test_it_keeps_what_was_typed_until_it_is_handed_in(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    user_tasks.save_draft(session, task.id, cast["an"], {"noi_dung": "dở dang"})
    user_tasks.save_draft(session, task.id, cast["an"], {"noi_dung": "dở dang hơn"})
    kept = user_tasks.draft(session, task.id, cast["an"])
    assert kept is not None
    assert kept.data == {"noi_dung": "dở dang hơn"}
    assert user_tasks.draft(session, task.id, cast["binh"]) is None
    user_tasks.complete(session, task.id, cast["an"], {"noi_dung": "xong"})
    assert user_tasks.draft(session, task.id, cast["an"]) is None


def test_it_costs_the_same_few_statements_however_old_the_case_is(sessions: sessionmaker[Session]) -> None:
    """At most 13, for the first and the hundredth task of a case."""
    from tests.engine.cast import bpmn, flow, form

    files = {
        "vong.bpmn": bpmn(
            '<startEvent id="dau"/><userTask id="viec" name="Việc" camunda:candidateGroups="viet@so_a" camunda:formRef="viec"/>'
            '<exclusiveGateway id="nua" default="nua_het"/><endEvent id="het"/>'
            + flow("dau", "viec", "nua")
            + '<sequenceFlow id="nua_het" sourceRef="nua" targetRef="het"/><sequenceFlow id="nua_viec" sourceRef="nua" targetRef="viec">'
            "<conditionExpression>${y == 'nua'}</conditionExpression></sequenceFlow>",
            key="vong",
        ),
        "forms/viec.form": form("viec", "y"),
    }
    with sessions.begin() as session:
        people(session)
        deployments.deploy(session, "vong", files)
        an = session.scalars(select(User).where(User.username == "an")).one()
        instances.start(session, deployments.latest(session, "vong"), {}, user=an)
    counts = [_complete_one(sessions) for _ in range(100)]
    assert counts[0] <= 13
    assert counts[-1] == counts[0]


def _complete_one(sessions: sessionmaker[Session]) -> int:
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT")):
            statements.append(statement)

    with sessions.begin() as session:
        task = session.scalars(select(UserTask).where(UserTask.state == "open")).one()
        an = session.scalars(select(User).where(User.username == "an")).one()
        session.expunge(task)
        an.memberships[0].organisation  # noqa: B018 - the page has loaded its reader before
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", count)
        try:
            user_tasks.complete(session, task.id, an, {"y": "nua"})
            session.flush()
        finally:
            event.remove(engine, "before_cursor_execute", count)
    return len(statements)
