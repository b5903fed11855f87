"""Log in, log out."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import delete, func, or_, select

from engine import db as engine_db
from engine.models import LoginAttempt, User
from web import accounts
from web.database import db, keep
from web.errors import TooManyAttempts
from web.sessions import close_session, local, open_session

bp = Blueprint("auth", __name__)

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 50
"""An office may share one address: more than an account, or five colleagues with a bad morning would lock everybody out."""


@bp.get("/dang-nhap")
def login() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(local(request.args.get("next")) or url_for("inbox.mine"))
    return _page()


@bp.post("/dang-nhap")
def login_post() -> ResponseReturnValue:
    username, password = request.form.get("username", "").strip()[:80], request.form.get("password", "")[:1000]
    user = authenticate(username, password)
    if user is None:
        keep()
        return _page(wrong=True, username=username)
    open_session(user)
    return redirect(local(request.form.get("next")) or url_for("inbox.mine"))


def authenticate(username: str, password: str) -> User | None:
    """The active account with this password, else None: the attempt is counted, and the caller has to keep() it. Raises TooManyAttempts."""
    _throttle(username)
    user = db.session.scalar(select(User).where(func.lower(User.username) == username.lower()))
    if not accounts.verify(user, password) or user is None or not user.active:
        db.session.add(LoginAttempt(username=username.lower(), address=_address(), at=engine_db.now(db.session())))
        return None
    db.session.execute(delete(LoginAttempt).where(LoginAttempt.username == username.lower()))
    return user


def _page(*, wrong: bool = False, username: str = "") -> Response:
    address = local(request.values.get("next")) or ""
    return make_response(render_template("auth/login.html", wrong=wrong, username=username, next=address), 401 if wrong else 200)


def _address() -> str:
    return (request.remote_addr or "")[:64]


def _throttle(username: str) -> None:
    """Raises TooManyAttempts. Counted in the database, so that all web processes see the same."""
    since = engine_db.now(db.session()) - WINDOW
    db.session.execute(delete(LoginAttempt).where(LoginAttempt.at < since - WINDOW))
    recent = select(LoginAttempt.username, LoginAttempt.address).where(
        LoginAttempt.at >= since, or_(LoginAttempt.username == username.lower(), LoginAttempt.address == _address())
    )
    rows = db.session.execute(recent).all()
    if sum(name == username.lower() for name, _ in rows) >= PER_ACCOUNT or sum(place == _address() for _, place in rows) >= PER_ADDRESS:
        raise TooManyAttempts()


@bp.post("/dang-xuat")
def logout() -> ResponseReturnValue:
    close_session()
    return redirect(url_for("auth.login"))
