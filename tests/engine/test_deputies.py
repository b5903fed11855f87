"""Who is away says who does his work; what a deputy may and may not, and when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import db, deployments, deputies, identity, instances, user_tasks
from engine.errors import Forbidden, Invalid, NotFound, UserTaskAssigned
from engine.models import Deputy, HistoryEvent, ProcessInstance, User, UserTask
from tests.engine.cast import APPROVAL, only_task, people


@pytest.fixture
def cast(session: Session) -> dict[str, User]:
    return people(session)


@pytest.fixture
def case(session: Session, cast: dict[str, User]) -> ProcessInstance:
    """An approval whose writing An holds."""
    deployments.deploy(session, "phe_duyet", APPROVAL)
    started = instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"])
    user_tasks.claim(session, only_task(session, started).id, cast["an"])
    session.commit()
    return started


def appoint(session: Session, absent: User, deputy: User, **changes: object) -> Deputy:
    """`deputy` stands in for `absent` for three days from now."""
    now = db.now(session)
    given = {"since": now, "until": now + timedelta(days=3), "processes": (), "reason": "đi công tác", "by": absent} | changes
    made = deputies.appoint(session, absent, deputy, **given)  # type: ignore[arg-type]  # one place for all variants
    session.commit()
    return made


def later(session: Session, made: Deputy) -> None:
    """The deputyship was over a second ago."""
    session.execute(update(Deputy).where(Deputy.id == made.id).values(until=db.now(session) - timedelta(seconds=1)))
    session.commit()


def sees(session: Session, case: ProcessInstance, user: User) -> bool:
    query = select(ProcessInstance.id).where(ProcessInstance.id == case.id, identity.may_see_whole_case(user))
    return session.scalar(query) is not None


def test_a_deputy_takes_and_hands_in_what_the_absent_one_holds(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    with pytest.raises(UserTaskAssigned):
        user_tasks.complete(session, task.id, cast["binh"], {"noi_dung": "x"})
    session.rollback()
    appoint(session, cast["an"], cast["binh"])
    taken = deputies.take(session, task.id, cast["binh"])
    assert (taken.assignee_id, taken.on_behalf_of_id) == (cast["binh"].id, cast["an"].id)
    user_tasks.complete(session, task.id, cast["binh"], {"noi_dung": "kính trình"})
    told = session.scalars(select(HistoryEvent).where(HistoryEvent.kind.in_(["task.claimed", "task.completed"])).order_by(HistoryEvent.id))
    assert [(one.actor_id, one.detail.get("for")) for one in told] == [
        (cast["an"].id, None),
        (cast["binh"].id, cast["an"].id),
        (cast["binh"].id, cast["an"].id),
    ]


def test_a_deputy_takes_what_the_bodies_of_the_absent_one_are_asked(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    user_tasks.complete(session, only_task(session, case).id, cast["an"], {"noi_dung": "kính trình"})
    # Giang works in the same body as Chi, who approves; she does not approve herself.
    appoint(session, cast["chi"], cast["giang"])
    task = only_task(session, case)
    with pytest.raises(Forbidden):
        user_tasks.claim(session, task.id, cast["giang"])
    session.rollback()
    deputies.take(session, task.id, cast["giang"])
    user_tasks.complete(session, task.id, cast["giang"], {"ket_luan": "đồng ý"})
    assert case.state == "completed"


def test_it_lists_what_a_deputy_may_take_and_nothing_else(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    made = appoint(session, cast["an"], cast["binh"])
    other = instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"])
    free = only_task(session, other).id
    # What nobody holds Bình may claim himself; it is no work of a deputy.
    assert list(session.scalars(select(UserTask.id).where(deputies.may_take(made)))) == [only_task(session, case).id]
    with pytest.raises(NotFound):
        deputies.take(session, free, cast["binh"])


def test_it_sees_the_case_as_long_as_it_lasts(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    user_tasks.complete(session, only_task(session, case).id, cast["an"], {"noi_dung": "kính trình"})
    session.commit()
    chi, dung = cast["chi"], cast["dung"]
    chi_and_dung(session, chi, dung)
    made = appoint(session, chi, dung)
    task = only_task(session, case)
    assert not sees(session, case, dung)
    deputies.take(session, task.id, dung)
    session.commit()
    assert sees(session, case, dung)
    later(session, made)
    assert not sees(session, case, dung)
    with pytest.raises(Forbidden, match="none any more"):
        user_tasks.complete(session, task.id, dung, {"ket_luan": "đồng ý"})


def chi_and_dung(session: Session, chi: User, dung: User) -> None:
    """Put Dũng into Chi's body, in a role that no diagram asks."""
    from engine.models import Membership

    dung.memberships.append(Membership(organisation_id=chi.memberships[0].organisation_id, role="van_thu"))
    session.commit()


def test_what_is_not_handed_in_goes_back_when_it_is_over(
    session: Session, sessions: sessionmaker[Session], cast: dict[str, User], case: ProcessInstance
) -> None:
    made = appoint(session, cast["an"], cast["binh"])
    task = deputies.take(session, only_task(session, case).id, cast["binh"])
    session.commit()
    assert deputies.tidy(sessions) == 0
    deputies.withdraw(session, made.id, cast["an"])
    session.commit()
    assert deputies.tidy(sessions) == 1
    assert deputies.tidy(sessions) == 0
    session.refresh(task)
    # An's body is asked as well, so whoever is there may go on.
    assert (task.assignee_id, task.on_behalf_of_id) == (None, None)


def test_a_deputy_gives_back_what_only_the_absent_one_was_asked(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    task = only_task(session, case)
    for one in list(task.candidates):
        session.delete(one)
    session.flush()
    session.expire(task)
    appoint(session, cast["an"], cast["binh"])
    deputies.take(session, task.id, cast["binh"])
    user_tasks.unclaim(session, task.id, cast["binh"])
    assert (task.assignee_id, task.on_behalf_of_id) == (cast["an"].id, None)


def test_a_supervisor_who_gives_the_task_away_ends_the_acting(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    appoint(session, cast["an"], cast["binh"])
    task = deputies.take(session, only_task(session, case).id, cast["binh"])
    user_tasks.assign(session, task.id, cast["giang"], cast["an"], "về sớm")
    assert (task.assignee_id, task.on_behalf_of_id) == (cast["an"].id, None)


def test_nobody_is_deputy_of_a_deputy(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    chi_and_dung(session, cast["binh"], cast["dung"])
    appoint(session, cast["an"], cast["binh"])
    appoint(session, cast["binh"], cast["dung"])
    task = only_task(session, case)
    with pytest.raises(NotFound):
        deputies.take(session, task.id, cast["dung"])
    deputies.take(session, task.id, cast["binh"])
    with pytest.raises(NotFound):
        deputies.take(session, task.id, cast["dung"])


def test_it_is_bound_to_the_processes_that_were_said(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    other = {name: content.replace(b'"phe_duyet"', b'"khac"') for name, content in APPROVAL.items()}
    deployments.deploy(session, "khac", other)
    appoint(session, cast["an"], cast["binh"], processes=("khac",))
    with pytest.raises(NotFound):
        deputies.take(session, only_task(session, case).id, cast["binh"])


def test_it_begins_when_it_was_said(session: Session, cast: dict[str, User], case: ProcessInstance) -> None:
    now = db.now(session)
    appoint(session, cast["an"], cast["binh"], since=now + timedelta(hours=1))
    with pytest.raises(NotFound):
        deputies.take(session, only_task(session, case).id, cast["binh"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reason": " "}, "a reason"),
        ({"until": "before"}, "an end after the beginning"),
        ({"until": "years"}, "within 366 days"),
        ({"deputy": "dung"}, "colleague"),
        ({"deputy": "an"}, "colleague"),
        ({"processes": ("khong_co",)}, "processes that exist"),
    ],
)
def test_it_says_what_it_expected(session: Session, cast: dict[str, User], changes: dict[str, object], expected: str) -> None:
    now = db.now(session)
    moments = {"before": now - timedelta(days=1), "years": now + timedelta(days=800)}
    changes = {key: moments.get(str(value), value) for key, value in changes.items()}
    deputy = cast[str(changes.pop("deputy", "binh"))]
    with pytest.raises(Invalid, match=expected):
        appoint(session, cast["an"], deputy, **changes)


def test_nobody_appoints_for_somebody_else(session: Session, cast: dict[str, User]) -> None:
    with pytest.raises(Forbidden):
        appoint(session, cast["an"], cast["binh"], by=cast["binh"])


def test_the_same_deputy_is_not_appointed_twice_for_one_time(session: Session, cast: dict[str, User]) -> None:
    appoint(session, cast["an"], cast["binh"])
    with pytest.raises(Invalid, match="overlaps"):
        appoint(session, cast["an"], cast["binh"])


def test_only_the_two_may_withdraw_it(session: Session, cast: dict[str, User]) -> None:
    made = appoint(session, cast["an"], cast["binh"])
    with pytest.raises(NotFound):
        deputies.withdraw(session, made.id, cast["chi"])
    assert deputies.withdraw(session, made.id, cast["binh"]).ended_by_id == cast["binh"].id
    assert deputies.of_absent(session, cast["an"]) == deputies.of_deputy(session, cast["binh"]) == []
