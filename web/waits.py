"""What cases wait for that is no task of a person: automatic work, timers, messages, called cases. When, how often tried, what to do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from engine import db as clock
from engine import deployments, jobs
from engine.models import Job, MessageSubscription, ProcessInstance
from web.database import db
from web.language import gettext as _
from web.words import write_moment

KINDS = {
    jobs.SERVICE: _l("việc tự động"),
    jobs.TIMER: _l("hẹn giờ"),
    jobs.CALL: _l("gọi hồ sơ con"),
    jobs.RETURN: _l("hồ sơ con trả về"),
    jobs.MESSAGE: _l("gửi thông điệp"),
    jobs.BUFFERED: _l("nhận thông điệp đã đến"),
    jobs.SIGNAL: _l("tín hiệu"),
    jobs.ESCALATION: _l("báo lên hồ sơ gọi"),
    jobs.CANCEL: _l("hủy hồ sơ con"),
    jobs.LETTER: _l("thư báo"),
}
OF_A_CASE = tuple(kind for kind in KINDS if kind != jobs.TIMER)
STOPPED, FAILING, RESTING, RUNNING, LATE, WAITING = "stopped", "failing", "resting", "running", "late", "waiting"
STATES = {
    STOPPED: _l("đã dừng vì lỗi"),
    FAILING: _l("lỗi, sẽ thử lại"),
    RESTING: _l("tạm dừng"),
    RUNNING: _l("đang thực hiện"),
    LATE: _l("chậm"),
    WAITING: _l("đang chờ"),
}
LOOKS = {STOPPED: "failed", FAILING: "late", RESTING: "suspended", RUNNING: "active", LATE: "late", WAITING: "open"}
"""State -> how states of cases look (words.STATES)."""


@dataclass(frozen=True)
class Waiting:
    """One thing that is waited for. `due`: when it should happen; `tries`: how many are left; `advice`: what to do, or that nothing is."""

    instance_id: int
    kind: str
    step: str
    what: str
    state: str
    due: datetime | None
    tries: int | None
    error: str
    advice: str
    since: datetime | None = None

    @property
    def kind_words(self) -> str:
        return str(KINDS.get(self.kind) or {"message": _("thông điệp")}.get(self.kind, self.kind))

    @property
    def state_words(self) -> str:
        return str(STATES[self.state])

    @property
    def look(self) -> str:
        return LOOKS[self.state]


def of_case(instance: ProcessInstance) -> list[Waiting]:
    """All that one case waits for, what is due first. For who sees the whole case."""
    query = select(Job).where(Job.instance_id == instance.id, Job.kind.in_(KINDS)).order_by(Job.due_at, Job.id)
    found = of_jobs(db.session.scalars(query).all(), {instance.id: instance})
    listening = select(MessageSubscription).where(MessageSubscription.instance_id == instance.id).order_by(MessageSubscription.id)
    return [*found, *(_listening(instance, one) for one in db.session.scalars(listening)), *_called(instance, found)]


def of_jobs(rows: Iterable[Job], cases: Mapping[int, ProcessInstance]) -> list[Waiting]:
    """`cases`: those of the rows, with their definitions."""
    now = clock.now(db.session())
    return [_job(job, cases[job.instance_id], now) for job in rows if job.instance_id is not None and job.instance_id in cases]


def state_of(job: Job, instance: ProcessInstance, now: datetime) -> str:
    if job.retries <= 0:
        return STOPPED
    if job.suspended or instance.state == "suspended" or instance.definition.suspended:
        return RESTING
    if job.owner is not None:
        return RUNNING
    if job.error:
        return FAILING
    return LATE if job.due_at <= now else WAITING


def _job(job: Job, instance: ProcessInstance, now: datetime) -> Waiting:
    state = state_of(job, instance, now)
    advice = {
        STOPPED: _("Đã thử hết số lần. Sửa nguyên nhân, rồi chọn “Thử lại” ở mục Sự cố."),
        FAILING: _("Hệ thống tự thử lại lúc %(time)s.", time=write_moment(job.next_at)),
        RESTING: _("Chạy tiếp khi hồ sơ hoặc quy trình hết tạm dừng."),
        RUNNING: _("Không phải làm gì."),
        LATE: _("Đến lượt sẽ chạy. Nếu đứng yên lâu, báo người quản trị hệ thống."),
        WAITING: _("Không phải làm gì: tự chạy khi đến giờ."),
    }[state]
    what = job.topic or str(job.payload.get("called") or job.payload.get("name") or "")
    step = element_name(instance, job.element_id or job.payload.get("element") or "")
    return Waiting(instance.id, job.kind, step, what, state, job.due_at, max(job.retries, 0), job.error, advice, job.created_at)


def _listening(instance: ProcessInstance, one: MessageSubscription) -> Waiting:
    keys = ", ".join(f"{name} = {value}" for name, value in one.keys.items())
    what = f"{one.name} ({keys})" if keys else one.name
    advice = _("Chờ nơi khác gửi đến. Nếu không đến được, người giám sát có thể nhập bằng tay ở trang điều hành.")
    state = RESTING if instance.state == "suspended" else WAITING
    return Waiting(instance.id, one.kind, element_name(instance, one.element_id), what, state, None, None, "", advice)


def _called(instance: ProcessInstance, known: Collection[Waiting]) -> Iterable[Waiting]:
    """Called cases that still run: their call activities wait for them, without any job."""
    query = select(ProcessInstance.title, ProcessInstance.business_key, ProcessInstance.started_at).where(
        ProcessInstance.parent_id == instance.id, ProcessInstance.state.in_(("active", "suspended"))
    )
    for title, key, since in db.session.execute(query.order_by(ProcessInstance.id)):
        advice = _("Hồ sơ đi tiếp khi hồ sơ con kết thúc.")
        yield Waiting(instance.id, jobs.CALL, "", title or key, WAITING, None, None, "", advice, since)


def incident_advice(kind: str) -> str:
    """What is to be done about an incident."""
    if kind in ("deadlock", "stalled"):
        return _("Hồ sơ không tự đi tiếp được: chuyển bước bằng tay, hoặc chuyển hồ sơ sang bản quy trình đã sửa.")
    if kind == "endless_loop":
        return _("Sơ đồ quay vòng không dừng: chuyển hồ sơ sang bản quy trình đã sửa, rồi thử lại.")
    if kind.startswith("job."):
        return _("Sửa nguyên nhân (dịch vụ bên ngoài, dữ liệu của hồ sơ), rồi thử lại.")
    return _("Sửa dữ liệu của hồ sơ, hoặc chuyển hồ sơ sang bản quy trình đã sửa, rồi thử lại.")


def element_name(instance: ProcessInstance, element_id: str) -> str:
    element = deployments.diagram(db.session(), instance.definition).elements.get(element_id)
    return element.name or element_id if element else element_id
