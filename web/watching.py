"""Who reads cases, exports them, or is refused them: recorded with every answer, and shown to supervisors.

What was asked and how it ended is looked at here, in one place, when the answer is there: a new page of a case is recorded without a word
in it. A file is not handed out unless that was recorded. A page is read whoever writes: on SQLite, what cannot be written at once stands
in the log and is written with the next.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, g, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import accesses
from engine import db as clock
from engine.models import CaseAccess, UserTask
from web import errors, supervision
from web.database import address, db
from web.paging import paginate
from web.sessions import me

log = structlog.get_logger()
bp = Blueprint("watching", __name__)
bp.before_request(supervision.guard)

AGAIN = 600.0
"""Seconds in which one who looks again at the same is not recorded again."""
KEPT = 20_000
"""How many looks a process remembers for that."""
MANY = 500
"""Different refusals of one person, within AGAIN, after which only the log is told; and accesses that a process keeps to be written."""
PATIENCE = 300
"""Milliseconds that a page waits for SQLite's one writer before what was read is kept to be written with the next."""

QUIET = frozenset({"health", "auth", "account", "engine_rest"})
"""Blueprints of which nothing is recorded here."""
NO_EXPORTS = frozenset({"documents", "tasks", "studio", "migration", "processes"})
"""Blueprints whose files are not about cases, or whose reads stand in the history of the case itself."""
PLACES = {
    "cases.show": _l("diễn biến"),
    "cases.work": _l("việc đang mở"),
    "cases.files": _l("danh mục văn bản"),
    "cases.data": _l("dữ liệu"),
    "cases.log": _l("nhật ký"),
    "cases.diagram": _l("sơ đồ"),
    "steering.case": _l("trang điều hành"),
    "tasks.show": _l("trang việc"),
}
FILES = {"casefile.download": _l("trọn bộ hồ sơ")}
"""What is only handed out."""
SAME = {"cases.diagram_state": "cases.diagram", "cases.replayed": "cases.diagram"}
"""What a page asks for with the other."""
KINDS = {accesses.READ: _l("đã xem"), accesses.EXPORTED: _l("đã tải về"), accesses.REFUSED: _l("bị từ chối")}


class Looks:
    """Who has looked at what a short while ago, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[Any, ...], float] = OrderedDict()
        self._late: list[Late] = []
        self._refused: dict[int, tuple[float, int]] = {}

    def is_new(self, look: tuple[Any, ...]) -> bool:
        """Whether this has not been seen for a while. A look again does not make the while longer."""
        now = time.monotonic()
        with self._lock:
            while self._seen and (len(self._seen) > KEPT or next(iter(self._seen.values())) < now - AGAIN):
                self._seen.popitem(last=False)
            if look in self._seen:
                return False
            self._seen[look] = now
            return True

    def forget(self, look: tuple[Any, ...]) -> None:
        """It could not be recorded."""
        with self._lock:
            self._seen.pop(look, None)

    def take(self) -> list[Late]:
        """What could not be written before; whoever takes it writes it, or puts it back."""
        with self._lock:
            found, self._late = self._late, []
            return found

    def put_back(self, late: list[Late]) -> bool:
        """To be written with the next. False: there are too many by now, and the last is not kept."""
        with self._lock:
            fits = len(self._late) + len(late) <= MANY
            self._late += late if fits else late[:-1]
            return fits

    def too_many(self, user: int) -> bool:
        """Whether somebody is refused so much that he fills the table with it."""
        now = time.monotonic()
        with self._lock:
            since, count = self._refused.get(user, (now, 0))
            since, count = (now, 0) if since < now - AGAIN else (since, count)
            self._refused[user] = (since, count + 1)
            return count >= MANY


def _watch(response: Response) -> Response:
    place = SAME.get(request.endpoint or "", request.endpoint or "")
    known = session.get("_user_id", "").partition(":")[0] if "_login_user" in g else ""
    kind = _kind(response, place)
    if not known.isdecimal() or kind is None or request.blueprint in QUIET or place == "static":
        return response
    user, given = int(known), request.view_args or {}
    what = _storable(request.path) if kind == accesses.REFUSED else place
    look = (user, kind, what, given.get("instance_id"), given.get("task_id"), request.remote_addr)
    looks: Looks = current_app.extensions["looks"]
    if kind != accesses.EXPORTED and not looks.is_new(look):
        return response
    if kind == accesses.REFUSED and looks.too_many(user):
        log.warning("access.refused", user=user)
        return response
    if db.session().in_transaction():
        # The page of a refusal was made in a transaction that may hold, on SQLite, the very lock that is wanted here.
        db.session.rollback()
    now, asked, task = clock.now(db.session()), _asked(), given.get("task_id")
    these = [Late(now, user, kind, what, case, task, asked, address()) for case in g.get("exported", (given.get("instance_id"),))]
    late = [*looks.take(), *these]
    try:
        with hurried() if kind != accesses.EXPORTED else db.engine.connect() as connection, Session(connection) as own, own.begin():
            for one in late:
                one.record(own)
    except SQLAlchemyError as error:
        log.warning("access.late", error=type(error).__name__, user=user, kind=kind, what=what, **given)
        kept = looks.put_back(late if kind != accesses.EXPORTED else late[: -len(these)])
        if kind == accesses.EXPORTED or not kept:
            looks.forget(look)
            return errors.page(503)
    return response


@dataclass(frozen=True)
class Late:
    """An access that is still to be written."""

    at: datetime
    user: int
    kind: str
    what: str
    case: int | None
    task: int | None
    asked: str
    address: str | None

    def record(self, own: Session) -> None:
        case = self.case
        if case is None and self.task is not None:
            case = own.scalar(select(UserTask.instance_id).where(UserTask.id == self.task))
        accesses.record(own, self.user, self.kind, self.what, case=case, filter_=self.asked, at=self.at, address=self.address)


@contextmanager
def hurried() -> Iterator[Connection]:
    """A connection that does not wait long for SQLite's one writer: a page is read whoever writes."""
    with db.engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if db.engine.dialect.name != "sqlite":
            yield connection
            return
        raw.execute(f"PRAGMA busy_timeout={PATIENCE}")
        try:
            yield connection
        finally:
            raw.execute("PRAGMA busy_timeout=20000")


def exported(cases: Sequence[int]) -> None:
    """For the view that hands out a file: of which cases it is. Each is recorded."""
    g.exported = cases


def _asked() -> str:
    return request.query_string.decode("utf-8", "replace")[:2_000]


def _storable(path: str) -> str:
    """An address that somebody made up may hold what no database takes."""
    return path.encode("utf-8", "replace").decode().replace("\0", "?")


def _kind(response: Response, place: str) -> str | None:
    """What was done here, as far as it concerns cases."""
    if response.status_code in (403, 404) and place:
        return accesses.REFUSED
    if response.status_code in (200, 304) and place in PLACES:
        return accesses.READ
    attached = response.headers.get("Content-Disposition", "").startswith("attachment")
    return accesses.EXPORTED if attached and response.status_code == 200 and request.blueprint not in NO_EXPORTS else None


@bp.get("/giam-sat/ho-so/<id:instance_id>/luot-xem")
def show(instance_id: int) -> ResponseReturnValue:
    """Who has read a case, or tried to: for its supervisors."""
    instance = supervision.case(instance_id)
    return render_template("watching/show.html", instance=instance, page=paginate(accesses.of_instance(instance, me()), per_page=100))


def access_words(access: CaseAccess) -> str:
    return f"{KINDS.get(access.kind, access.kind)}: {PLACES.get(access.what) or FILES.get(access.what, access.what)}"


def init(app: Flask) -> None:
    app.extensions["looks"] = Looks()
    app.after_request(_watch)
    app.add_template_global(access_words)
