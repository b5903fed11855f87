"""Who is logged in. Flask-Login keeps the account; this keeps it honest: sessions end, and a new password ends all others."""

from __future__ import annotations

import hashlib
import time
from typing import Any, cast

from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import bindparam
from sqlalchemy.orm.attributes import set_committed_value

from engine.models import Membership, Organisation, User
from engine.statements import Question
from web.database import SAFE, db

csrf = CSRFProtect()
manager = LoginManager()
OPEN = frozenset({"auth.login", "auth.login_post", "static", "account.language", "health.alive", "health.ready", "health.figures"})
"""Endpoints that need no account."""
OWN = frozenset({"engine_rest"})
"""Blueprints for programs: they ask for an account with every request themselves, and neither read nor open a session."""


BEATS = frozenset({"studio.lock"})
"""Endpoints that an open page asks again and again, whether or not somebody sits before it."""


# Made once: every request asks it.
_USER = Question(
    *(User, Membership, Organisation),
    of=lambda rows: (
        rows.outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(User.id == bindparam("number"))
        .order_by(Membership.id)
    ),
)


class Cookies(SecureCookieSessionInterface):
    """Flask's own, with what signs the cookie made once and not twice for each request."""

    _made: tuple[object, URLSafeTimedSerializer | None] = (None, None)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = (app.secret_key, tuple(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if self._made[0] != keys:
            self._made = (keys, super().get_signing_serializer(app))
        return self._made[1]


class Account(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """An account as Flask-Login wants it, around the engine's user."""

    def __init__(self, user: User) -> None:
        self.user = user
        # Kept apart from the row, which is forgotten when a page that only reads rolls back: the log still wants to know.
        self.number, self._active = user.id, user.active

    @property
    def is_active(self) -> bool:
        return self._active

    def get_id(self) -> str:
        """The id, with a print of the password's hash: a changed password ends the sessions that were opened with the former one."""
        return f"{self.user.id}:{_print(self.user)}"


def _print(user: User) -> str:
    return hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]


def _read(number: int) -> User | None:
    """The user with his memberships, as they are now."""
    rows = _USER.ask(db.session(), {"number": number})
    if not rows:
        return None
    user: User = rows[0][0]
    for _, membership, organisation in rows:
        if membership is not None:
            set_committed_value(membership, "organisation", organisation)
    set_committed_value(user, "memberships", [membership for _, membership, _ in rows if membership is not None])
    return user


@manager.user_loader  # type: ignore[untyped-decorator]
def _load(identifier: str) -> Account | None:
    number, _, mark = identifier.partition(":")
    if not number.isdecimal():
        return None
    user = _read(int(number))
    return Account(user) if user is not None and user.active and _print(user) == mark else None


def me() -> User:
    """The user who asks. Only in views that need an account, which is all but a few."""
    return cast(User, current_user.user)


def open_session(user: User) -> None:
    """Log `user` in, in a session of its own."""
    kept = session.get("language")
    session.clear()
    if kept:
        session["language"] = kept
    session.permanent = True
    session["seen"] = int(time.time())
    login_user(Account(user))


def close_session() -> None:
    logout_user()
    session.clear()


def ended() -> bool:
    """Whether this request comes from a session that has run out."""
    limit = current_app.config["PERMANENT_SESSION_LIFETIME"].total_seconds()
    return "seen" in session and time.time() - session["seen"] > limit


def is_poll() -> bool:
    """A request that a page makes by itself: it does not keep a session alive."""
    return request.endpoint in BEATS or (request.method in SAFE and ("HX-Request" in request.headers or "If-None-Match" in request.headers))


def is_script() -> bool:
    """A request of a script, which wants JSON also where it is refused: it asks for it, or for an address that gives nothing else."""
    rule = request.url_rule.rule if request.url_rule else ""
    return "application/json" in request.headers.get("Accept", "") or "/api/" in rule


def _guard() -> Response | None:
    if request.endpoint in OPEN or request.endpoint is None or request.blueprint in OWN:
        return None
    if ended():
        close_session()
    if current_user.is_authenticated:
        now = int(time.time())
        if not is_poll() and now - session.get("seen", 0) > 60:
            session["seen"] = now
        return None
    if request.method in SAFE and not is_poll() and not is_script():
        return cast(Response, redirect(url_for("auth.login", next=_here())))
    from web.errors import SessionEnded

    raise SessionEnded()


def _here() -> str | None:
    path = request.full_path.rstrip("?")
    return None if path == "/" else path


def local(address: str | None) -> str | None:
    """`address` if it is a page of this application, else None: a log-in must not lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith(("//", "/\\")) or any(ord(letter) < 32 for letter in address):
        return None
    return address


def init(app: Flask) -> None:
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # The token lives as long as its session.
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_NAME="phien")
    # Sent again when it says something new: `seen` does, once a minute while somebody asks.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.session_interface = Cookies()
    # Before the check of the token, so that a session that has ended is told so, not that its token is missing.
    app.before_request(_guard)
    csrf.init_app(app)
    manager.init_app(app)
    manager.session_protection = None

    @app.context_processor
    def _who() -> dict[str, Any]:
        return {"me": current_user.user if current_user.is_authenticated else None}
