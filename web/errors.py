"""One table from what went wrong to a status, a heading and a page. No traceback ever reaches a browser."""

from __future__ import annotations

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from engine import errors as engine_errors
from engine.sentences import say
from web.database import db, only_read
from web.language import gettext as _
from web.language import locale
from web.sessions import is_script
from web.words import size

log = structlog.get_logger()


class SessionEnded(Exception):
    """The request needs an account, and its session is none or has run out."""


class TooManyAttempts(Exception):
    """Too many failed log-ins for this account or from this address."""


ENGINE: tuple[tuple[type[engine_errors.EngineError], int], ...] = (
    # The first that fits decides: the special before the general.
    (engine_errors.NotFound, 404),
    (engine_errors.Forbidden, 403),
    (engine_errors.Conflict, 409),
    (engine_errors.Refused, 422),
    (engine_errors.Invalid, 422),
    (engine_errors.HandlerMissing, 500),
    (engine_errors.EngineError, 500),
)

TITLES = {
    400: _l("Yêu cầu không hợp lệ"),
    401: _l("Phiên làm việc đã hết hạn"),
    403: _l("Không được phép"),
    404: _l("Không tìm thấy"),
    405: _l("Trang này không nhận thao tác đó"),
    409: _l("Người khác đã làm trước"),
    413: _l("Nội dung gửi lên quá lớn"),
    422: _l("Nội dung chưa đúng"),
    429: _l("Đăng nhập sai quá nhiều lần"),
    500: _l("Hệ thống gặp lỗi"),
    503: _l("Hệ thống đang bận"),
    507: _l("Máy chủ hết chỗ lưu trữ"),
}

SENTENCES = {
    400: _l("Máy chủ không đọc được yêu cầu này. Hãy quay lại trang trước và thực hiện lại."),
    401: _l("Nội dung đồng chí vừa gửi chưa được ghi nhận, nhưng vẫn còn ở dưới đây. Hãy đăng nhập lại rồi gửi lại."),
    403: _l("Tài khoản của đồng chí không có quyền làm việc này."),
    404: _l("Không có trang hoặc hồ sơ nào ở địa chỉ này, hoặc đồng chí không có quyền xem."),
    405: _l("Địa chỉ này không dùng được theo cách đó. Hãy bắt đầu lại từ danh sách việc."),
    429: _l("Hãy đợi 15 phút rồi thử lại, hoặc liên hệ người quản trị để đặt lại mật khẩu."),
    500: _l("Lỗi đã được ghi lại. Không có thay đổi nào được lưu dở dang. Hãy thử lại; nếu vẫn lỗi, báo người quản trị kèm mã dưới đây."),
    503: _l("Cơ sở dữ liệu đang bận hoặc không kết nối được. Không có thay đổi nào được lưu. Hãy thử lại sau ít phút."),
    507: _l("Máy chủ hết dung lượng đĩa. Không có thay đổi nào được lưu. Hãy báo người quản trị, rồi thử lại."),
}

AWAY = (OperationalError, InterfaceError, PoolTimeout, PendingRollbackError)
"""The database was busy or gone: for the statement, for a connection, or for one of the pool, or for a transaction that was lost before."""

UNDECIDED = _l(
    "Mất kết nối với cơ sở dữ liệu đúng lúc ghi: có thể đã ghi trọn vẹn, có thể chưa ghi gì. "
    "Hãy xem lại việc hoặc hồ sơ trước khi gửi lần nữa; gửi lại việc đã hoàn thành không làm hỏng gì."
)


def status_of(error: engine_errors.EngineError) -> int:
    """The HTTP status for an error of the engine."""
    return next(status for kind, status in ENGINE if isinstance(error, kind))


def page(
    status: int,
    sentence: str = "",
    *,
    title: str = "",
    reference: str = "",
    typed: list[tuple[str, str]] | None = None,
    undecided: bool = False,
) -> Response:
    """The page for `status`; JSON for a script that asks for it. `typed` is what was sent, shown so that it is not lost.

    `undecided`: nobody knows whether it was stored.
    """
    sentence = sentence or str(SENTENCES.get(status, ""))
    title = title or str(TITLES.get(status, TITLES[500]))
    if is_script():
        return make_response(jsonify(title=title, sentence=sentence, error=sentence), status)
    try:
        back = request.path if status == 401 else None
        text = render_template(
            "error.html",
            status=status,
            title=title,
            sentence=sentence,
            reference=reference,
            typed=typed or [],
            back=back,
            undecided=undecided,
        )
    except Exception:
        # The page itself needs the database (who is logged in); where that is what failed, plain words remain.
        log.exception("error page failed")
        text = f"<!doctype html><html lang=vi><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{sentence}</p></html>"
    return make_response(text, status)


def typed_fields() -> list[tuple[str, str]]:
    """What a person had typed into the form of this request, without passwords and tokens."""
    try:
        fields = list(request.form.items(multi=True))
    except HTTPException:
        return []
    return [(name, value) for name, value in fields if value.strip() and name != "csrf_token" and "password" not in name]


def _engine(error: engine_errors.EngineError) -> Response:
    db.session.rollback()
    status = status_of(error)
    if status >= 500:
        return _unexpected(error)
    typed = typed_fields() if status in (409, 422) else []
    return page(status, "" if isinstance(error, engine_errors.NotFound) else say(error, locale()), typed=typed)


def _ended(_error: SessionEnded) -> Response:
    return page(401, typed=typed_fields())


def _token(error: CSRFError) -> Response:
    log.info("csrf", reason=error.description)
    sentence = _("Trang này đã mở quá lâu hoặc mở từ phiên khác. Hãy tải lại trang rồi thực hiện lại.")
    return page(400, sentence, title=_("Trang đã cũ"), typed=typed_fields())


def _http(error: HTTPException) -> Response:
    db.session.rollback()
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    if status == 413:
        limit = size(current_app.config["MAX_CONTENT_LENGTH"] or 0)
        return page(413, _("Mỗi lần gửi không được quá %(limit)s. Hãy giảm dung lượng tệp hoặc gửi từng tệp.", limit=limit))
    return page(status)


def _stale(_error: StaleDataError) -> Response:
    db.session.rollback()
    return page(
        409, _("Dữ liệu đã được người khác thay đổi sau khi đồng chí mở trang này. Hãy xem lại rồi thực hiện lại."), typed=typed_fields()
    )


def _database(error: SQLAlchemyError) -> Response:
    only_read()
    log.exception("database", error=str(error)[:500])
    if g.get("undecided", False):
        return page(503, str(UNDECIDED), title=_("Không rõ đã ghi hay chưa"), typed=typed_fields(), undecided=True)
    busy = isinstance(error, AWAY) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    return page(507 if busy and _disk_full(error) else 503 if busy else 500, typed=typed_fields())


def _disk_full(error: BaseException | None) -> bool:
    """SQLite gives up the whole transaction, so what is seen may be that a savepoint is gone; the cause lies below it."""
    while error is not None:
        text = str(error).lower()
        if "disk is full" in text or "no space left" in text or "disk i/o" in text:
            return True
        error = error.__cause__ or error.__context__
    return False


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    reference = f"{abs(hash((id(error), request.path))) % 16**8:08x}"
    log.exception("unexpected", reference=reference, path=request.path, exc_info=error)
    return page(500, reference=reference, typed=typed_fields())


def init(app: Flask) -> None:
    app.register_error_handler(engine_errors.EngineError, _engine)
    app.register_error_handler(SessionEnded, _ended)
    app.register_error_handler(TooManyAttempts, lambda _error: page(429))
    app.register_error_handler(CSRFError, _token)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StaleDataError, _stale)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _unexpected)
