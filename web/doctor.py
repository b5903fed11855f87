"""`luanchuyen doctor`: looks over an installation and says, line by line, what is well, what is not, and what to do."""

from __future__ import annotations

import shutil
import smtplib
import socket
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from engine import chores, db, deployments, watchdog
from engine.models import Chore, HistoryEvent, Incident, Job, ProcessDefinition, ProcessInstance

OK, WARNING, ERROR = "ok", "warning", "error"
EXIT = {OK: 0, WARNING: 1, ERROR: 2}
WORDS = {OK: "tốt", WARNING: "cảnh báo", ERROR: "lỗi"}
OVERDUE = timedelta(minutes=1)
SKEW = timedelta(seconds=5)
SHORTEST_KEY = 32
FULL, NEARLY_FULL = 500_000_000, 2_000_000_000
"""Bytes left on the disk."""


@dataclass(frozen=True)
class Line:
    """What one look found. `advice` is empty when there is nothing to do."""

    what: str
    level: str
    found: str
    advice: str = ""


def examine(settings: Mapping[str, Any], topics: Collection[str]) -> list[Line]:
    """All looks, in the order in which their trouble should be mended. `topics`: those that have a handler."""
    lines = [_secret(settings), _disk(settings)]
    engine = db.create_engine(settings["SQLALCHEMY_DATABASE_URI"])
    try:
        reached = list(_reached(engine))
        lines += reached
        if all(line.level != ERROR for line in reached):
            with Session(engine) as session:
                session.connection(execution_options={"reading": True})
                for look in LOOKS:
                    lines += look(session)
                lines += _handlers(session, topics)
    finally:
        engine.dispose()
    return [*lines, _mail(settings), *_broker(settings)]


def verdict(lines: Collection[Line]) -> int:
    """The exit code: 0 all is well, 1 a warning, 2 an error."""
    return max(EXIT[line.level] for line in lines)


def as_text(lines: Collection[Line]) -> str:
    """For a person at a shell."""
    shown = [f"[{WORDS[line.level]}] {line.what}: {line.found}" + (f"\n    → {line.advice}" if line.advice else "") for line in lines]
    counts = {level: sum(line.level == level for line in lines) for level in EXIT}
    return "\n".join([*shown, "", f"{counts[OK]} tốt, {counts[WARNING]} cảnh báo, {counts[ERROR]} lỗi"])


def as_dicts(lines: Collection[Line]) -> list[dict[str, str]]:
    """For a script."""
    return [asdict(line) for line in lines]


def _secret(settings: Mapping[str, Any]) -> Line:
    key = str(settings["SECRET_KEY"])
    if len(key) < SHORTEST_KEY or len(set(key)) < 10:
        advice = "Bỏ LUANCHUYEN_SECRET_KEY để hệ thống tự tạo, hoặc đặt một chuỗi ngẫu nhiên ít nhất 32 ký tự."
        return Line("khóa bí mật", ERROR, f"quá ngắn hoặc dễ đoán ({len(key)} ký tự)", advice)
    file = Path(settings["FOLDER"]) / "secret-key"
    if file.exists() and file.stat().st_mode & 0o077:
        return Line("khóa bí mật", ERROR, f"tài khoản khác trên máy đọc được {file}", f"chmod 600 {file}")
    if settings.get("SECRET_KEY_FALLBACKS"):
        return Line("khóa bí mật", WARNING, "đang dùng cả khóa cũ", "Sau một ngày làm việc, bỏ LUANCHUYEN_SECRET_KEY_OLD.")
    return Line("khóa bí mật", OK, "đủ mạnh")


def _disk(settings: Mapping[str, Any]) -> Line:
    folder = Path(settings["FOLDER"])
    file = make_url(settings["SQLALCHEMY_DATABASE_URI"]).database
    if settings["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") and file:
        folder = Path(file).parent
    if not folder.is_dir():
        return Line("ổ đĩa", ERROR, f"không có thư mục {folder}", "Tạo thư mục này, hoặc đặt lại LUANCHUYEN_FOLDER.")
    free = shutil.disk_usage(folder).free
    level = ERROR if free < FULL else WARNING if free < NEARLY_FULL else OK
    return Line("ổ đĩa", level, f"còn {free / 1e9:.1f} GB ở {folder}", "" if level == OK else "Giải phóng hoặc mở rộng ổ đĩa.")


def _reached(engine: Engine) -> Iterator[Line]:
    name = engine.url.render_as_string(hide_password=True)
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and Path(file).exists()):
        yield Line("cơ sở dữ liệu", ERROR, f"chưa có {file}", "Chạy `luanchuyen serve` hoặc `luanchuyen migrate` để tạo.")
        return
    try:
        with engine.connect() as connection:
            found = migrations.revision(connection)
            mode = connection.scalar(text("PRAGMA journal_mode")) if engine.dialect.name == "sqlite" else "wal"
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).strip().splitlines()[0][:200]
        yield Line("cơ sở dữ liệu", ERROR, f"không kết nối được {name}: {said}", "Kiểm tra máy chủ và LUANCHUYEN_DATABASE_URL.")
        return
    yield Line("cơ sở dữ liệu", OK, name)
    if found != migrations.head():
        yield Line(
            "phiên bản bảng", ERROR, f"{found or 'chưa có bảng'}, cần {migrations.head()}", "Sao lưu, rồi chạy `luanchuyen migrate`."
        )
    else:
        yield Line("phiên bản bảng", OK, str(found))
    if str(mode).lower() != "wal":
        yield Line("chế độ WAL", ERROR, f"đang là {mode}", "Đặt tệp cơ sở dữ liệu trên ổ đĩa của máy này, không phải ổ đĩa mạng.")
    elif engine.dialect.name == "sqlite":
        yield Line("chế độ WAL", OK, "bật")


def _clock(session: Session) -> Iterator[Line]:
    """The clock of the database's machine, and whether anything was recorded later than now."""
    now = datetime.now(UTC)
    if session.get_bind().dialect.name == "postgresql":
        theirs: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        if abs(theirs - now) > SKEW:
            lag = abs((theirs - now).total_seconds())
            yield Line("đồng hồ", ERROR, f"lệch {lag:.0f} giây với máy cơ sở dữ liệu", "Bật đồng bộ giờ (NTP) trên các máy.")
            return
    latest = session.scalar(select(HistoryEvent.at).order_by(HistoryEvent.id.desc()).limit(1))
    if latest is not None and latest - now > SKEW:
        yield Line("đồng hồ", ERROR, f"nhật ký có sự kiện lúc {latest:%d/%m/%Y %H:%M} UTC, sau giờ hiện tại", "Chỉnh lại giờ máy (NTP).")
        return
    yield Line("đồng hồ", OK, f"{now:%d/%m/%Y %H:%M:%S} UTC")


def _workers(session: Session) -> Iterator[Line]:
    done_at = session.scalar(select(Chore.done_at).where(Chore.name == chores.WATCHDOG))
    now = datetime.now(UTC)
    if done_at is None or now - done_at > timedelta(minutes=15):
        found = "chưa từng chạy" if done_at is None else f"lần cuối {done_at:%d/%m/%Y %H:%M} UTC"
        yield Line("bộ chạy việc tự động", WARNING, found, "Chạy `luanchuyen serve` (có bộ chạy việc) hoặc `luanchuyen worker`.")
    else:
        yield Line("bộ chạy việc tự động", OK, f"lần cuối {done_at:%d/%m/%Y %H:%M} UTC")


def _jobs(session: Session) -> Iterator[Line]:
    overdue = session.scalar(select(func.count(Job.id)).where(Job.next_at <= datetime.now(UTC) - OVERDUE)) or 0
    if overdue:
        yield Line("việc quá hạn", ERROR, f"{overdue} việc tự động chưa được chạy", "Chạy thêm `luanchuyen worker`; xem nhật ký của nó.")
    else:
        yield Line("việc quá hạn", OK, "không có")
    failed = session.scalars(select(Job.id).where(Job.retries <= 0).order_by(Job.id).limit(1001)).all()
    if failed:
        few = ", ".join(str(number) for number in failed[:5])
        found = f"{len(failed) if len(failed) <= 1000 else 'hơn 1000'} việc đã hết lần thử ({few}…)"
        yield Line("việc hỏng", WARNING, found, "Xem `luanchuyen job list`; sửa nguyên nhân rồi `luanchuyen job retry`.")
    suspended = session.scalar(select(func.count(Job.id)).where(Job.suspended.is_(True))) or 0
    if suspended:
        yield Line("việc tạm dừng", WARNING, f"{suspended} việc", "Khi xong, `luanchuyen job activate <số>`.")


def _incidents(session: Session) -> Iterator[Line]:
    number = session.scalar(select(func.count(Incident.id)).where(Incident.resolved_at.is_(None))) or 0
    if number:
        yield Line("sự cố", WARNING, f"{number} sự cố chưa xử lý", "Mở hồ sơ có sự cố, sửa nguyên nhân rồi bấm thử lại.")
    else:
        yield Line("sự cố", OK, "không có")


def _stalled(session: Session) -> Iterator[Line]:
    found = watchdog.stalled(session)
    if found:
        few = ", ".join(str(stall.instance_id) for stall in found[:5])
        yield Line("hồ sơ bị treo", ERROR, f"{len(found)} hồ sơ ({few})", "Báo người phát triển kèm bản sao lưu; bộ canh sẽ ghi sự cố.")
    else:
        yield Line("hồ sơ bị treo", OK, "không có")


LOOKS: tuple[Callable[[Session], Iterator[Line]], ...] = (_clock, _workers, _jobs, _incidents, _stalled)


def _handlers(session: Session, topics: Collection[str]) -> Iterator[Line]:
    """Topics of the newest versions and of those that cases still run on."""
    running = select(ProcessInstance.definition_id).where(ProcessInstance.state.in_(("active", "suspended")))
    definitions = {definition.id: definition for definition in deployments.current(session)}
    definitions |= {d.id: d for d in session.scalars(select(ProcessDefinition).where(ProcessDefinition.id.in_(running)))}
    missing: dict[str, str] = {}
    for definition in definitions.values():
        for element in deployments.diagram(session, definition).elements.values():
            topic = element.camunda("topic")
            if topic and "${" not in topic and topic not in topics:
                missing.setdefault(topic, f"{topic} ({definition.key}, phần tử {element.id})")
    if missing:
        advice = "Cài hàm xử lý vào handlers/, hoặc sửa chủ đề trong sơ đồ rồi triển khai lại."
        yield Line("hàm xử lý", ERROR, "thiếu cho chủ đề " + ", ".join(missing.values()), advice)
    else:
        yield Line("hàm xử lý", OK, ", ".join(sorted(topics)))


def _mail(settings: Mapping[str, Any]) -> Line:
    host, port = settings.get("MAIL_HOST"), int(settings.get("MAIL_PORT") or 25)
    if not host:
        return Line(
            "thư điện tử", WARNING, "chưa cấu hình: thông báo chỉ được ghi là chưa gửi", "Đặt LUANCHUYEN_MAIL_HOST nếu cần gửi thư."
        )
    try:
        kind = smtplib.SMTP_SSL if port == 465 else smtplib.SMTP
        with kind(host, port, timeout=5) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Line("thư điện tử", ERROR, f"{host}:{port} không trả lời ({type(error).__name__})", "Kiểm tra LUANCHUYEN_MAIL_HOST, _PORT.")
    return Line("thư điện tử", OK, f"{host}:{port}")


def _broker(settings: Mapping[str, Any]) -> Iterator[Line]:
    if not settings.get("BROKER"):
        return
    address = urlsplit(settings["BROKER"])
    host, port = address.hostname or "localhost", address.port or {"amqp": 5672}.get(address.scheme, 6379)
    try:
        with socket.create_connection((host, port), timeout=5):
            yield Line("hàng đợi", OK, f"{host}:{port}")
    except OSError as error:
        advice = "Khởi động Redis. Trong lúc đó chạy `luanchuyen worker`: việc nằm trong cơ sở dữ liệu, không mất."
        yield Line("hàng đợi", ERROR, f"{host}:{port} không kết nối được ({type(error).__name__})", advice)
