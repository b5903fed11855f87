"""My account: who I am here, my password, my language."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import Invalid
from engine.sentences import say
from web import accounts
from web.database import db
from web.language import COOKIE, LANGUAGES, locale
from web.language import gettext as _
from web.sessions import local, me, open_session

bp = Blueprint("account", __name__)


@bp.get("/tai-khoan")
def show() -> ResponseReturnValue:
    return render_template("account/show.html", errors={})


@bp.post("/tai-khoan/mat-khau")
def change_password() -> ResponseReturnValue:
    """Asks for the present password: a page left open must not give the account away. Ends the sessions opened elsewhere."""
    user, new = me(), request.form.get("new_password", "")[:1000]
    errors: dict[str, str] = {}
    if not accounts.verify(user, request.form.get("password", "")[:1000]):
        errors["password"] = _("Mật khẩu hiện tại không đúng.")
    elif new != request.form.get("repeated_password", ""):
        errors["repeated_password"] = _("Hai lần nhập mật khẩu mới không giống nhau.")
    else:
        try:
            accounts.set_password(db.session(), user.username, new)
        except Invalid as error:
            errors["new_password"] = say(error, locale())
    if errors:
        return render_template("account/show.html", errors=errors), 422
    db.session.flush()
    open_session(user)
    flash(_("Đã đổi mật khẩu. Các phiên đăng nhập ở nơi khác đã kết thúc."), "done")
    return redirect(url_for("account.show"))


@bp.post("/ngon-ngu")
def language() -> ResponseReturnValue:
    response: Response = make_response(redirect(local(request.form.get("next")) or url_for("inbox.mine")))
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, max_age=365 * 86400, httponly=True, samesite="Lax", secure=request.is_secure)
    return response
