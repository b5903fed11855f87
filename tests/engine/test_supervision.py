"""Who supervises a case stands among those who take part, and on its row: both say the same."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import candidates, identity
from engine.models import Participant, ProcessInstance, Supervision, User
from tests.engine.stage import PLAIN, Stage


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def supervised(session: Session, user: User) -> list[int]:
    return list(session.scalars(select(ProcessInstance.id).where(identity.may_supervise(user)).order_by(ProcessInstance.id)))


def both(session: Session, case: ProcessInstance) -> tuple[set[str], set[str]]:
    taking = select(Participant.principal).where(Participant.instance_id == case.id, Participant.scope == identity.SUPERVISE)
    entrusted = select(Supervision.principal).where(Supervision.digest == case.supervisors)
    return set(session.scalars(taking)), set(session.scalars(entrusted))


def test_a_case_begins_with_those_that_its_process_names(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    taking, entrusted = both(session, case)
    assert taking == entrusted != set()
    assert supervised(session, stage.cast["giang"]) == [case.id]


def test_others_are_entrusted_with_it(stage: Stage, session: Session) -> None:
    mine, other = stage.start(stage.version(PLAIN)), stage.start(stage.version(PLAIN))
    candidates.entrust(session, other, {identity.account("an")})
    session.flush()
    assert both(session, other) == ({"user:an"}, {"user:an"})
    assert (supervised(session, stage.cast["giang"]), supervised(session, stage.cast["an"])) == ([mine.id], [other.id])


def test_nobody_supervises_what_nobody_is_entrusted_with(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    candidates.entrust(session, case, ())
    session.flush()
    assert (both(session, case), case.supervisors) == ((set(), set()), "")
    assert supervised(session, stage.cast["giang"]) == []


def test_the_digest_is_that_of_the_set() -> None:
    assert identity.set_of(["b", "a", "b"]) == identity.set_of(["a", "b"]) != identity.set_of(["a"])
