"""Tokens by which a program shows whose account it works for. Signed, not stored: they end in time, or with the account's password."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from engine.models import User
from web.database import db
from web.sessions import Account

LIFETIME = timedelta(days=90)


def _serializer() -> URLSafeTimedSerializer:
    # The salt keeps a session cookie, signed with the same secret, from being taken for a token.
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="engine-rest-token")


def issue(user: User) -> tuple[str, datetime]:
    """(a new token for `user`, when it ends)"""
    return str(_serializer().dumps(Account(user).get_id())), datetime.now(UTC) + LIFETIME


def holder(token: str) -> User | None:
    """The active account that `token` was issued to; None when it is forged, has run out, or the password has changed since."""
    try:
        identifier = str(_serializer().loads(token, max_age=int(LIFETIME.total_seconds())))
    except BadSignature:
        return None
    number = identifier.partition(":")[0]
    user = db.session.get(User, int(number)) if number.isdecimal() else None
    return user if user is not None and user.active and Account(user).get_id() == identifier else None
