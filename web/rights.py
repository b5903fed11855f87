"""Rights that come with a role in a body, and not with a case."""

from __future__ import annotations

from flask import current_app

from engine.models import User


def may_edit(user: User) -> bool:
    """Whether `user` may change drafts of processes in the studio: he holds one of the roles of setting EDIT_ROLES, in whichever body."""
    return _holds(user, "EDIT_ROLES")


def may_release(user: User) -> bool:
    """Whether `user` may release versions of processes: he holds one of the roles of setting RELEASE_ROLES, in whichever body."""
    return _holds(user, "RELEASE_ROLES")


def _holds(user: User, setting: str) -> bool:
    roles: frozenset[str] = current_app.config[setting]
    return any(membership.role in roles for membership in user.memberships)
