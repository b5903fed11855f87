"""Accounts: made, given roles and passwords. Passwords are kept as argon2 hashes only."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db
from engine.errors import Invalid, NotFound
from engine.models import Membership, Organisation, User

SHORTEST = 10
"""Characters that a password has at least."""

_hasher = PasswordHasher()


def add(
    session: Session,
    username: str,
    name: str,
    password: str,
    *,
    position: str = "",
    email: str = "",
    roles: tuple[str, ...] = (),
    administrator: bool = False,
) -> User:
    """Make an account. `roles` as `role@organisation`. Raises Invalid when the name is taken, a role unreadable or the password short."""
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Invalid(expected="a new username", found=f"{username}, which is taken")
    user = User(
        username=username,
        name=name,
        position=position,
        email=email,
        administrator=administrator,
        password_hash=_hash(password),
        active=True,
        created_at=db.now(session),
        memberships=[_membership(session, role) for role in roles],
    )
    session.add(user)
    session.flush()
    return user


def _membership(session: Session, text: str) -> Membership:
    role, _, code = text.partition("@")
    if not role or not code:
        raise Invalid(expected="a role as role@organisation", found=text)
    return Membership(role=role, organisation=organisation(session, code))


def organisation(session: Session, code: str, name: str = "") -> Organisation:
    """The body with this code; made when it is new."""
    found = session.scalar(select(Organisation).where(Organisation.code == code))
    if found is None:
        found = Organisation(code=code, name=name or code)
        session.add(found)
        session.flush()
    return found


def _hash(password: str) -> str:
    if len(password) < SHORTEST:
        raise Invalid(expected=f"a password of at least {SHORTEST} characters", found=f"{len(password)}")
    return _hasher.hash(password)


def set_password(session: Session, username: str, password: str) -> None:
    """Give an account a new password. Raises NotFound, Invalid."""
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise NotFound(what="account", id=username)
    user.password_hash = _hash(password)


def verify(user: User | None, password: str) -> bool:
    """Whether `password` is the account's. Takes as long for an account that does not exist, so that time does not tell which do."""
    try:
        return _hasher.verify(user.password_hash if user else _UNKNOWN, password) and user is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


_UNKNOWN = _hasher.hash("nobody has this password")
