"""Statements made once, and steps written as one statement: the same as SQLAlchemy would have read and written."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import BigInteger, Engine, String, bindparam, column, delete, event, func, insert, select, table, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from engine import db, pipeline
from engine.models import LoginAttempt, Membership, Organisation, User
from engine.pipeline import GIVEN, Pipeline
from engine.statements import Question, defaults, insertion
from engine.statements import insert as insert_row
from tests.engine.cast import people

PEOPLE = Question(
    *(User, Membership, Organisation.code),
    of=lambda rows: (
        rows.outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(User.username.in_(bindparam("names", expanding=True)))
        .order_by(User.username, Membership.id)
    ),
)
RENAMED = update(User).where(User.id == bindparam("number")).values(name=bindparam("new_name"))
FORGOTTEN = delete(LoginAttempt).where(LoginAttempt.username == bindparam("username"))


@pytest.fixture
def cast(session: Session) -> Session:
    people(session)
    session.add(User(username="le", name="Lẻ", created_at=_moment(session)))
    session.commit()
    return session


def _moment(session: Session) -> datetime:
    return db.now(session)


def test_it_reads_what_a_query_reads(cast: Session) -> None:
    found = [
        (user.username, membership and membership.role, code)
        for user, membership, code in PEOPLE.ask(cast, {"names": ["an", "binh", "le"]})
    ]
    cast.expunge_all()
    query = select(User.username, Membership.role, Organisation.code).outerjoin(Membership, Membership.user_id == User.id)
    query = query.outerjoin(Organisation, Organisation.id == Membership.organisation_id).where(User.username.in_(["an", "binh", "le"]))
    assert found == [tuple(row) for row in cast.execute(query.order_by(User.username, Membership.id))]
    assert ("le", None, None) in found


@pytest.mark.parametrize("names", [[], ["an"], ["an", "binh"], ["an", "binh", "chi"], ["an", "binh", "chi", "le", "khong_co"]])
def test_a_list_of_any_length_finds_its_members_and_no_others(cast: Session, names: list[str]) -> None:
    assert {user.username for user, *_ in PEOPLE.ask(cast, {"names": names})} == set(names) - {"khong_co"}


def test_what_it_gives_are_the_objects_of_the_session(cast: Session) -> None:
    by_query = cast.scalars(select(User).where(User.username == "an")).one()
    assert PEOPLE.ask(cast, {"names": ["an"]})[0][0] is by_query
    cast.expunge_all()
    read = PEOPLE.ask(cast, {"names": ["an"]})[0][0]
    assert cast.get(User, read.id) is read
    assert read.created_at == cast.scalar(select(User.created_at).where(User.username == "an"))


def test_what_is_changed_of_them_is_written(cast: Session, sessions: sessionmaker[Session]) -> None:
    (user, *_), *_ = PEOPLE.ask(cast, {"names": ["le"]})
    assert user not in cast.dirty
    user.name = "Lê"
    cast.commit()
    with sessions() as other:
        assert other.scalars(select(User.name).where(User.username == "le")).one() == "Lê"


def test_it_says_what_the_database_says_now(cast: Session, sessions: sessionmaker[Session]) -> None:
    (user, *_), *_ = PEOPLE.ask(cast, {"names": ["le"]})
    cast.commit()
    with sessions.begin() as other:
        other.scalars(select(User).where(User.username == "le")).one().name = "Lê"
    assert PEOPLE.ask(cast, {"names": ["le"]})[0][0] is user
    assert user.name == "Lê"


def test_what_waits_to_be_written_is_seen_by_it(cast: Session) -> None:
    cast.add(User(username="moi", name="Mới", created_at=_moment(cast)))
    assert [user.name for user, *_ in PEOPLE.ask(cast, {"names": ["moi"]})] == ["Mới"]


def test_what_is_left_of_a_rollback_is_read_anew(cast: Session) -> None:
    (user, *_), *_ = PEOPLE.ask(cast, {"names": ["le"]})
    user.name = "Lê"
    cast.rollback()
    assert user.name == "Lẻ"


def test_all_is_written_at_once_in_one_journey(cast: Session, engine: Engine) -> None:
    told: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        told.append(statement)

    number, moment = cast.scalars(select(User.id).where(User.username == "le")).one(), _moment(cast)
    together = Pipeline(cast)
    for name in ("x", "y", "z"):
        together.add(insertion(LoginAttempt), {"username": name, "address": "", "at": moment})
    renamed = together.add(RENAMED, {"number": number, "new_name": "Lê"})
    missed = together.add(RENAMED, {"number": -1, "new_name": "Lê"})
    together.add(FORGOTTEN, {"username": "khong_co"})
    event.listen(engine, "before_cursor_execute", hear)
    rows = together.send()
    event.remove(engine, "before_cursor_execute", hear)
    assert (rows[renamed], rows[missed]) == (1, 0)
    assert set(cast.scalars(select(LoginAttempt.username))) == {"x", "y", "z"}
    assert len(told) == (1 if engine.dialect.name == "postgresql" else 6)


def test_one_takes_the_id_that_another_has_given(cast: Session) -> None:
    asked = insert(Membership).from_select(
        ["user_id", "organisation_id", "role"],
        select(column("id", BigInteger), select(func.min(Organisation.id)).scalar_subquery(), bindparam("role", type_=String)).select_from(
            table(GIVEN)
        ),
    )
    together = Pipeline(cast)
    made = {"name": "Mới", "position": "", "email": "", "password_hash": "", "active": True, "administrator": False}
    made = {**defaults(User), **made, "created_at": _moment(cast)}
    for username in ("mot", "hai"):
        place = together.add(insertion(User), {**made, "username": username})
        for role in ("a", "b"):
            together.add(asked, {"role": f"{username}_{role}"}, after=place)
    together.send()
    found = cast.execute(select(User.username, Membership.role).join(Membership).where(User.username.in_(["mot", "hai"])))
    assert sorted(map(tuple, found)) == [("hai", "hai_a"), ("hai", "hai_b"), ("mot", "mot_a"), ("mot", "mot_b")]


def test_more_than_go_together_are_all_written(cast: Session) -> None:
    together, moment = Pipeline(cast), _moment(cast)
    for number in range(5 * pipeline.MOST + 3):
        together.add(insertion(LoginAttempt), {"username": f"n{number}", "address": "", "at": moment})
    together.send()
    assert cast.scalar(select(func.count()).select_from(LoginAttempt)) == 5 * pipeline.MOST + 3


def test_what_the_database_refuses_is_an_error_of_sqlalchemy(cast: Session) -> None:
    together = Pipeline(cast)
    made = {**defaults(User), "username": "an", "name": "An", "created_at": _moment(cast)}
    together.add(insertion(User), made)
    with pytest.raises(IntegrityError):
        together.send()
    cast.rollback()
    assert PEOPLE.ask(cast, {"names": ["an"]})


def test_a_row_written_at_once_is_an_object_of_the_session(cast: Session) -> None:
    made = insert_row(cast, Organisation, {"code": "moi", "name": "Mới"})
    assert cast.get(Organisation, made.id) is made
    made.name = "Rất mới"
    cast.commit()
    cast.expunge_all()
    assert cast.scalars(select(Organisation.name).where(Organisation.code == "moi")).one() == "Rất mới"


def test_rows_of_one_table_keep_their_order_whatever_is_written_between(cast: Session) -> None:
    together, moment = Pipeline(cast), _moment(cast)
    number = cast.scalars(select(User.id).where(User.username == "le")).one()
    for name in ("x", "y", "z"):
        together.add(insertion(LoginAttempt), {"username": name, "address": "", "at": moment})
        together.add(FORGOTTEN, {"username": f"khong_co_{name}"})
    renamed = together.add(RENAMED, {"number": number, "new_name": "Lê"})
    assert together.send()[renamed] == 1
    assert cast.scalars(select(LoginAttempt.username).order_by(LoginAttempt.id)).all() == ["x", "y", "z"]
