"""Who there is: bodies, accounts, memberships."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant

if TYPE_CHECKING:
    from engine.models.deputies import Deputy


class Organisation(Base):
    """A body that takes part in procedures. `code` is what diagrams and case data name it by."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)


class User(Base):
    """An account of a person."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    administrator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    deputy_until: Mapped[datetime | None] = mapped_column(Instant)
    """When the last of his deputyships ends; null: he never stood in for anybody. Spares everybody else the question."""
    memberships: Mapped[list[Membership]] = relationship(back_populates="user", cascade="all, delete-orphan")
    deputyships: Mapped[list[Deputy]] = relationship(foreign_keys="Deputy.deputy_id", back_populates="deputy")
    """For whom he stands in, or stood in."""


class Membership(Base):
    """`user` acts for `organisation` in `role` (a word of the diagrams: `tham_muu`, `noi_di`)."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "organisation_id", "role"), Index(None, "role", "organisation_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(String(80))
    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()


class LoginAttempt(Base):
    """A failed attempt to log in: the throttle counts them, in the database, so that all web processes see the same."""

    __tablename__ = "login_attempt"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(80), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
