"""Rights that come with a role in a body, and not with a case."""

from __future__ import annotations

from flask import current_app

from engine.models import User


def may_release(user: User) -> bool:
    """Whether `user` may release versions of processes: he holds one of the roles of setting RELEASE_ROLES, in whichever body."""
    roles: frozenset[str] = current_app.config["RELEASE_ROLES"]
    return any(membership.role in roles for membership in user.memberships)
