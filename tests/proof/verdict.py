"""Are the sums exact? Whatever is not as it must be becomes a sentence of the report."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import audit, db, executions, watchdog
from engine.models import BufferedMessage, HistoryEvent, Incident, Job, ProcessDefinition, ProcessInstance, User, UserTask
from tests.proof import load
from tests.proof.board import key
from tests.proof.ledger import Ledger
from tests.proof.staff import Staff

if TYPE_CHECKING:
    from tests.proof.play import Report


def judge(report: Report, sessions: sessionmaker[Session], staff: Staff, ledger: Ledger, struck: list[float]) -> None:
    """Fill the figures and the faults of `report`."""
    with sessions() as session:
        _cases(report, session)
        _passages(report, session)
        _answers(report, session, staff)
        _left_over(report, session)
        _history(report, session)
    _ledger(report, ledger, struck)


def _cases(report: Report, session: Session) -> None:
    """Every case once, ended, with the right sum; and one answering case for each."""
    query = select(ProcessInstance, ProcessDefinition.key).join(ProcessInstance.definition)
    found: dict[str, Counter[str]] = {"chinh": Counter(), "phu": Counter()}
    for instance, process in session.execute(query):
        found[process][instance.business_key] += 1
        if instance.state != "completed":
            places = sorted({wait.element_id for wait in executions.load(session, instance).waits.values()})
            report.faults.append(f"Case {instance.business_key} of {process} is {instance.state}, waiting at {places}")
        elif process == "chinh":
            number, sum_ = int(instance.business_key.partition("-")[2]), executions.load(session, instance).variables["tong"]
            if sum_ != load.total(number):
                report.faults.append(f"Case {instance.business_key} counts {sum_}, expected {load.total(number)}")
    wanted = {key(number): 1 for number in range(1, report.cases + 1)}
    for process, keys in found.items():
        wrong = {name for name in {**wanted, **keys} if keys[name] != wanted.get(name, 0)}
        report.faults += [f"{keys[name]} cases {name} of {process}, expected {wanted.get(name, 0)}" for name in sorted(wrong)[:10]]


def _passages(report: Report, session: Session) -> None:
    """Every element of every case once."""
    counted = (
        select(HistoryEvent.element_id, HistoryEvent.instance_id, func.count())
        .where(HistoryEvent.kind == "element.completed", HistoryEvent.element_id.in_(load.PASSED))
        .group_by(HistoryEvent.element_id, HistoryEvent.instance_id)
    )
    passed: Counter[str] = Counter()
    for element, instance_id, times in session.execute(counted):
        passed[element] += 1
        if times != 1:
            report.faults.append(f"Element {element} of case {instance_id} was passed {times} times")
    report.faults += [
        f"Element {name} was passed in {passed[name]} cases of {report.cases}" for name in load.PASSED if passed[name] != report.cases
    ]
    doubled = select(HistoryEvent.user_task_id).where(HistoryEvent.kind == "task.completed").group_by(HistoryEvent.user_task_id)
    report.faults += [f"User task {id_} was completed twice" for id_ in session.scalars(doubled.having(func.count() > 1))]
    jobs = ("timer.fired", "message.received", "http.called")
    kinds = select(HistoryEvent.kind, func.count()).where(HistoryEvent.kind.in_((*jobs, "task.completed"))).group_by(HistoryEvent.kind)
    number = {kind: count for kind, count in session.execute(kinds)}  # noqa: C416 - rows are no pairs to a type checker
    report.figures["state changes by people"] = number.get("task.completed", 0) + passed["dau"]
    report.figures["jobs"] = sum(number.get(kind, 0) for kind in jobs) + passed["p_dau"]


def _answers(report: Report, session: Session, staff: Staff) -> None:
    """Whatever was answered with success is in the database, and once."""
    names = {id_: name for id_, name in session.execute(select(User.id, User.username))}  # noqa: C416
    tasks = {row.id: row for row in session.execute(select(UserTask.id, UserTask.state, UserTask.ended_by_id))}
    for task_id, username in staff.done.handed_in:
        task = tasks.get(task_id)
        if task is None or task.state != "completed" or names.get(task.ended_by_id) != username:
            report.faults.append(f"{username} was told that user task {task_id} is handed in, but the database holds {task}")
    told = Counter(task_id for task_id, _ in staff.done.handed_in)
    report.faults += [f"{times} people were told that they handed in user task {id_}" for id_, times in told.items() if times > 1]
    keys = {id_: name for id_, name in session.execute(select(ProcessInstance.id, ProcessInstance.business_key))}  # noqa: C416
    for number, instance_id in staff.done.started:
        if keys.get(instance_id) != key(number):
            report.faults.append(f"Case {key(number)} was answered as {instance_id}, but the database holds {keys.get(instance_id)}")
    report.faults += [f"A person was shown: {page[:300]}" for page in staff.pages[:5]]
    report.figures["answered with success"] = len(staff.done.started) + len(staff.done.handed_in)


def _left_over(report: Report, session: Session) -> None:
    """No incident, no job, no message, no stalled case."""
    report.faults += [f"Case {stall.instance_id} is stalled: {stall.reason}" for stall in watchdog.stalled(session)]
    report.faults += [f"Incident: {message}" for message in session.scalars(select(Incident.message).limit(5))]
    for what in (Job, BufferedMessage):
        if number := session.scalar(select(func.count()).select_from(what)):
            report.faults.append(f"{number} rows of {what.__tablename__} are left")


def _history(report: Report, session: Session) -> None:
    """Whatever was killed, the chain of every case is whole."""
    with db.snapshot(session.get_bind().engine) as connection:
        report.faults += [finding.sentence() for finding, _ in zip(audit.verify(connection), range(10), strict=False)]


def _ledger(report: Report, ledger: Ledger, struck: list[float]) -> None:
    """One key for every case, with one amount; called again only where something was killed after the call before."""
    calls: dict[str, list[tuple[int, int, float]]] = {}
    for call in ledger.calls:
        calls.setdefault(call.key, []).append((call.number, call.amount, call.at))
    for name, made in calls.items():
        if len({(number, amount) for number, amount, _ in made}) != 1:
            report.faults.append(f"Key {name} of the ledger stands for different work: {made}")
        for (_, _, before), (_, _, after) in pairwise(made):
            if not any(before - 1 < moment < after for moment in struck):
                report.faults.append(f"Key {name} was called again after {after - before:.1f} s although nothing was struck in between")
    sums = sum(made[0][1] for made in calls.values())
    expected = sum(load.noted(number) for number in range(1, report.cases + 1))
    if (len(calls), sums) != (report.cases, expected):
        report.faults.append(f"The ledger holds {len(calls)} keys with {sums}, expected {report.cases} with {expected}")
    report.figures["calls of the ledger repeated"] = len(ledger.calls) - len(calls)
