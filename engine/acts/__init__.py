"""Acts: what can be done to many cases at once. Each can be looked at before (plan) and done to one case, one task or one incident (do)."""

from __future__ import annotations

from collections.abc import Mapping

from engine import executions, instances
from engine.acts import back, cases, moving, tasks
from engine.acts.outlook import CANNOT, DECISION, GOES, Act, Outlook, problems

__all__ = ["ACTS", "CANNOT", "DECISION", "GOES", "Act", "Outlook", "problems"]

ACTS: Mapping[str, Act] = {
    "migrate": Act(moving.plan, moving.do, moving.back),
    "suspend": Act(cases.of_state(executions.ACTIVE), cases.steer(instances.suspend), lambda _: ("activate", {})),
    "activate": Act(cases.of_state(executions.SUSPENDED), cases.steer(instances.activate), lambda _: ("suspend", {})),
    "cancel": Act(cases.of_state(executions.ACTIVE), cases.steer(instances.cancel)),
    "set_variables": Act(cases.plan_data, cases.correct, back.of),
    "modify": Act(cases.plan_tokens, cases.modify, back.of),
    "restart": Act(cases.plan_tokens, cases.modify),
    "message": Act(cases.plan_messages, cases.hand_over),
    "assign": Act(tasks.plan, tasks.assign, back.of, on="task"),
    "set_due_date": Act(tasks.plan, tasks.set_due_date, back.of, on="task"),
    "set_priority": Act(tasks.plan, tasks.set_priority, back.of, on="task"),
    "remind": Act(tasks.plan_reminders, tasks.remind, on="task"),
    "retry": Act(tasks.plan_incidents, tasks.retry, on="incident"),
    "put_back": Act(back.plan, back.do, on="item"),
}
"""By the kind of a batch."""
