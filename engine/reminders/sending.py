"""Sends one letter of a reminder: the mail handler is called outside of any transaction, and what became of it is recorded after.

The letter may be sent twice when the process dies in between; it has the same Message-ID then. A mail server that is away is no incident
of a case: it is tried again for a day, then the history says that nothing was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from engine import db, deployments, executions, history, jobs, topics
from engine.errors import HandlerMissing
from engine.expressions import to_json
from engine.models import Job, UserTask
from engine.reminders.letters import TOPIC
from engine.reminders.rules import BEFORE, HAND, HEAD, LATE, SUPERVISOR

if TYPE_CHECKING:
    from engine.errands import Turn

AGAIN = timedelta(minutes=10)
PATIENCE = timedelta(days=1)
SUBJECTS = {
    BEFORE: "Có việc sắp đến hạn",
    LATE: "Có việc đã quá hạn",
    HEAD: "Cơ quan của đồng chí có việc đã quá hạn",
    SUPERVISOR: "Hồ sơ đồng chí giám sát có việc đã quá hạn",
    HAND: "Đồng chí được nhắc một việc đang chờ",
}


def sender(handlers: Mapping[str, topics.Handler], settings: Mapping[str, Any]) -> Callable[[Turn], None]:
    """The errand of kind letter. `settings`: TASK_ADDRESS, with {task} for its number; empty: the letter has no address."""

    def send(turn: Turn) -> None:
        handler = handlers.get(TOPIC)
        if handler is None:
            raise HandlerMissing(topic=TOPIC)
        with turn.reading() as session:
            posted = session.get_one(Job, turn.job_id).created_at
            waits, late = _waits(session, turn.work), db.now(session) > posted + PATIENCE
        call = topics.Job(id=f"nhac-{turn.job_id}-{posted:%Y%m%d%H%M%S%f}", topic=TOPIC, settings=settings)
        if waits:
            try:
                handler.call(call, _words(turn.work, str(settings.get("TASK_ADDRESS") or "")))
            except OSError as error:
                if not late:
                    with turn.writing() as session:
                        jobs.release(session, (turn.job_id,), turn.owner, AGAIN)
                    return
                call.record("notification.not_sent", to=turn.work["to"], reason=f"máy chủ thư không nhận: {type(error).__name__}")
        _told(turn, call)

    return send


def _waits(session: Session, work: Mapping[str, Any]) -> bool:
    """Whether the task still waits, until the same time: what was done or put off meanwhile is not spoken of."""
    task = session.get(UserTask, work["task"])
    if task is None or task.state != "open":
        return False
    return work["due"] is None or (task.due_at is not None and task.due_at == datetime.fromisoformat(work["due"]))


def _words(work: Mapping[str, Any], address: str) -> dict[str, str]:
    """Nothing of the case: mail leaves the house."""
    subject = SUBJECTS[work["stage"]]
    # A head sees what his body is asked, not necessarily this very case: he is led to the list of his tasks.
    where = (address.partition("/viec/")[0] if work["stage"] == HEAD else address.format(task=work["task"])) if address else ""
    text = f"{subject}. Mời đồng chí đăng nhập hệ thống để xem{':' if where else '.'}\n"
    return {"nguoi_nhan": work["to"], "tieu_de": subject, "noi_dung": text + (f"\n{where}\n" if where else "")}


def _told(turn: Turn, call: topics.Job) -> None:
    """The end of the job, and what became of the letter, in the history of its case. The case's row is locked first, as everywhere."""
    with turn.sessions.begin() as session:
        instance = executions.lock_of_job(session, turn.job_id)
        job = jobs.take(session, turn.job_id, turn.owner)
        if instance is None:
            return
        element = deployments.diagram(session, instance.definition).elements.get(job.element_id or "")
        for record in call.records:
            detail = to_json(dict(record.detail))
            history.record(session, instance.id, record.kind, element=element, user_task_id=job.payload["task"], detail=detail)
