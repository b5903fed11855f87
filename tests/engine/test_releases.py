"""A folder's next version: who asked, who agreed; two who press at once; back to an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, messages, releases
from engine.errors import Forbidden, Invalid, Refused, ReleaseDecided, ReleaseOvertaken, ReleasePending
from engine.models import Deployment, MessageSubscription, ProcessInstance, Release, ReleaseFile, User
from engine.releases import Seen, Wish
from engine.worker import Worker
from tests.engine.cast import bpmn, flow, people
from tests.engine.clocks import Clock
from tests.engine.test_races import at_once
from tests.engine.test_start_events import MESSAGE, starting

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
FIRST = datetime(2026, 3, 9, 17, tzinfo=UTC)
"""Midnight in Vietnam, a week later."""
PLAIN = '<startEvent id="dau"/><userTask id="viec" name="{name}" camunda:candidateGroups="viet"/>' + flow("dau", "viec")


@pytest.fixture
def clock(sessions: sessionmaker[Session]) -> Clock:
    clock = Clock(MONDAY)
    sessions.configure(info={"clock": clock})
    return clock


@pytest.fixture
def cast(sessions: sessionmaker[Session], clock: Clock) -> dict[str, User]:
    with sessions.begin() as session:
        return people(session)


def files(name: str) -> dict[str, bytes]:
    return {"p.bpmn": bpmn(PLAIN.format(name=name))}


def wish(name: str, **more: object) -> Wish:
    return replace(Wish("p", files(name), note=f"Đổi tên: {name}", legal_basis="Điều 7"), **more)  # type: ignore[arg-type]


def put(sessions: sessionmaker[Session], content: Mapping[str, bytes], **more: object) -> Deployment:
    with sessions.begin() as session:
        return deployments.deploy(session, "p", content, **more)  # type: ignore[arg-type]


def drain(sessions: sessionmaker[Session]) -> None:
    worker = Worker(sessions, {})
    while worker.run_due():
        pass


def versions(sessions: sessionmaker[Session]) -> list[int]:
    """Of the cases there are, in the order in which they were started."""
    with sessions() as session:
        return [case.definition.version for case in session.scalars(select(ProcessInstance).order_by(ProcessInstance.id))]


def latest(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        assert [one.version for one in deployments.current(session)] == [deployments.latest(session, "p").version]
        return deployments.latest(session, "p").version


# --- asking and agreeing -----------------------------------------------------------------------------------------------------------------


def test_it_takes_a_second_person(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    put(sessions, files("cũ"))
    with sessions.begin() as session:
        asked = releases.propose(session, wish("mới"), user=session.get(User, cast["an"].id))
        assert (asked.state, asked.base, asked.deployment_id) == ("proposed", 1, None)
        assert deployments.latest(session, "p").version == 1
    with sessions() as session, pytest.raises(Forbidden):
        releases.approve(session, asked.id, session.get_one(User, cast["an"].id))
    with sessions.begin() as session:
        made = releases.approve(session, asked.id, session.get_one(User, cast["chi"].id))
        assert (made.state, made.decided_by_id, made.proposed_by_id) == ("released", cast["chi"].id, cast["an"].id)
        assert made.deployment is not None
        assert (made.deployment.number, made.deployment.note) == (2, "Đổi tên: mới")
        assert session.scalar(select(func.count()).select_from(ReleaseFile)) == 0


def test_it_releases_the_bytes_that_were_proposed(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    odd = {"p.bpmn": b"\xef\xbb\xbf" + files("mới")["p.bpmn"].replace(b"><", b">\r\n <"), "documents/a.docx": bytes(range(256))}
    with sessions.begin() as session:
        asked = releases.propose(session, Wish("p", odd), user=session.get(User, cast["an"].id))
        assert releases.files(session, asked) == odd
    with sessions.begin() as session:
        made = releases.approve(session, asked.id, session.get_one(User, cast["chi"].id))
        assert releases.files(session, made) == odd


def test_it_is_refused_with_a_reason_and_stays_in_the_history(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    with sessions.begin() as session:
        asked = releases.propose(session, wish("mới"), user=session.get(User, cast["an"].id))
    with sessions() as session, pytest.raises(Invalid):
        releases.refuse(session, asked.id, session.get_one(User, cast["chi"].id), "  ")
    with sessions.begin() as session:
        releases.refuse(session, asked.id, session.get_one(User, cast["chi"].id), "thiếu căn cứ")
    with sessions() as session:
        (kept,) = releases.history(session, "p")
        assert (kept.state, kept.reason, kept.note, kept.legal_basis) == ("refused", "thiếu căn cứ", "Đổi tên: mới", "Điều 7")
        assert releases.files(session, kept) == files("mới")
        assert releases.pending(session, "p") is None
        with pytest.raises(ReleaseDecided):
            releases.approve(session, asked.id, session.get_one(User, cast["giang"].id))


def test_it_has_one_proposal_at_a_time(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    with sessions.begin() as session:
        user = session.get(User, cast["an"].id)
        asked = releases.propose(session, wish("mới"), user=user)
        assert releases.propose(session, wish("mới"), user=user) is asked
        with pytest.raises(ReleasePending):
            releases.propose(session, wish("khác"), user=user)
        releases.withdraw(session, asked.id, session.get_one(User, cast["an"].id), "để sửa thêm")
        assert releases.propose(session, wish("khác"), user=user).id != asked.id


def test_it_is_agreed_to_only_as_compared(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    put(sessions, files("cũ"))
    with sessions.begin() as session:
        asked = releases.propose(session, wish("mới"), user=session.get(User, cast["an"].id))
    put(sessions, files("sửa gấp"))
    with sessions.begin() as session:
        chi = session.get_one(User, cast["chi"].id)
        with pytest.raises(ReleaseOvertaken):
            releases.approve(session, asked.id, chi, seen=Seen(1))
        assert releases.approve(session, asked.id, chi, seen=releases.seen(session, "p")).state == "released"


def test_it_refuses_what_would_not_run(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    broken = Wish("p", {"p.bpmn": bpmn('<startEvent id="dau"/><endEvent id="het"/>')})
    for act in (releases.propose, releases.release):
        with sessions() as session, pytest.raises(Refused) as refused:
            act(session, broken, user=None)
        assert len(refused.value.findings) > 1
        with sessions() as session:
            assert session.scalar(select(func.count(Release.id))) == 0


@pytest.mark.parametrize("days", [-1, 0, 4000])
def test_it_refuses_a_date_that_is_none(sessions: sessionmaker[Session], cast: dict[str, User], days: int) -> None:
    with sessions() as session, pytest.raises(Invalid):
        releases.release(session, wish("mới", valid_from=MONDAY + timedelta(days=days)), user=None)


def test_it_refuses_to_release_what_is_in_force_already(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    put(sessions, files("cũ"))
    with sessions() as session, pytest.raises(Invalid):
        releases.release(session, wish("cũ"), user=None)


# --- back, and taken back ----------------------------------------------------------------------------------------------------------------


def test_it_goes_back_by_releasing_an_earlier_one(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    put(sessions, files("cũ"))
    put(sessions, files("mới"))
    with sessions.begin() as session:
        made = releases.release(session, wish("cũ", restores=1), user=session.get(User, cast["an"].id))
        assert made.deployment is not None
        assert (made.deployment.number, made.restores, deployments.latest(session, "p").version) == (3, 1, 3)


def test_it_is_withdrawn_before_its_date_and_never_takes_over(sessions: sessionmaker[Session], clock: Clock, cast: dict[str, User]) -> None:
    put(sessions, {"p.bpmn": starting(MESSAGE)})
    with sessions.begin() as session:
        later = Wish("p", {"p.bpmn": starting(MESSAGE, "Việc mới")}, valid_from=FIRST)
        made = releases.release(session, later, user=session.get(User, cast["an"].id))
    with sessions.begin() as session:
        releases.withdraw(session, made.id, session.get_one(User, cast["chi"].id), "văn bản bị hoãn")
        assert session.scalar(select(func.count(MessageSubscription.id))) == 1
    clock.now = FIRST
    assert latest(sessions) == 1
    with sessions.begin() as session:
        messages.correlate(session, "don_moi")
        assert releases.release(session, wish("khác"), user=None).deployment.number == 3  # type: ignore[union-attr]


def test_it_is_not_withdrawn_once_cases_start_with_it(sessions: sessionmaker[Session], clock: Clock, cast: dict[str, User]) -> None:
    with sessions.begin() as session:
        made = releases.release(session, wish("mới", valid_from=FIRST), user=session.get(User, cast["an"].id))
    clock.now = FIRST
    with sessions() as session, pytest.raises(Invalid):
        releases.withdraw(session, made.id, session.get_one(User, cast["chi"].id), "đổi ý")


# --- at once -----------------------------------------------------------------------------------------------------------------------------


def test_it_is_released_by_one_of_two_who_press_at_once(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    put(sessions, files("cũ"))
    told = at_once(
        sessions,
        [
            lambda s: releases.release(s, wish("của an"), user=s.get(User, cast["an"].id), seen=Seen(1)),
            lambda s: releases.release(s, wish("của bình"), user=s.get(User, cast["binh"].id), seen=Seen(1)),
        ],
    )
    assert told == {"done": 1, ReleaseOvertaken.__name__: 1}
    assert latest(sessions) == 2


def test_it_is_decided_by_one_of_two(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    with sessions.begin() as session:
        asked = releases.propose(session, wish("mới"), user=session.get(User, cast["an"].id)).id
    told = at_once(
        sessions,
        [
            lambda s: releases.approve(s, asked, s.get_one(User, cast["chi"].id)),
            lambda s: releases.refuse(s, asked, s.get_one(User, cast["giang"].id), "chưa được"),
        ],
    )
    assert told == {"done": 1, ReleaseDecided.__name__: 1}


def test_it_is_proposed_by_one_of_two(sessions: sessionmaker[Session], cast: dict[str, User]) -> None:
    told = at_once(
        sessions,
        [
            lambda s: releases.propose(s, wish("của an"), user=s.get(User, cast["an"].id)),
            lambda s: releases.propose(s, wish("của bình"), user=s.get(User, cast["binh"].id)),
        ],
    )
    assert told == {"done": 1, ReleasePending.__name__: 1}
