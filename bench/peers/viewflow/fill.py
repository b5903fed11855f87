"""Make the accounts, or cases: python fill.py accounts | cases NUMBER. The task numbers of what was made go to standard output."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django wants to be set up first
from django.utils import timezone  # noqa: E402
from flows.flow import RequestFlow  # noqa: E402
from flows.models import Request  # noqa: E402
from viewflow.workflow.models import Task  # noqa: E402


def accounts():
    """The person who asks holds every right, so that no check fails; the other one is never signed in."""
    User.objects.create_superuser("nguoi", password="mat-khau-rat-dai-2026")
    User.objects.create_user("truong_phong")
    User.objects.create_user("nguoi_khac")


def cases(number):
    """Run the flow to its first task."""
    for _ in range(number):
        RequestFlow.make.run()
    for task in Task.objects.filter(flow_task=RequestFlow.soan, status="ASSIGNED").order_by("-id")[:number]:
        print(task.process_id, task.id)


def tasks(number, mine):
    """Open tasks up to `number`, of which `mine` are the person's: rows copied from one real case, as our own filling does."""
    RequestFlow.make.run()
    task = Task.objects.filter(flow_task=RequestFlow.soan).latest("id")
    other = User.objects.get(username="nguoi_khac")
    model = Request.objects.get(pk=task.process_id)
    now = timezone.now()
    have = Task.objects.filter(flow_task=RequestFlow.soan, status="ASSIGNED").count()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "WITH made AS (INSERT INTO viewflow_process (flow_class, status, created, data, parent_task_id) "
            "SELECT flow_class, status, %s, data, NULL FROM viewflow_process, generate_series(1, %s) WHERE id = %s RETURNING id), "
            "asked AS (INSERT INTO flows_request (process_ptr_id, noi_dung, so_tien, can_xet) "
            "SELECT id, %s || id, 0, true FROM made RETURNING process_ptr_id) "
            "INSERT INTO viewflow_task (flow_task, flow_task_type, status, created, assigned, token, process_id, owner_id, data) "
            "SELECT t.flow_task, t.flow_task_type, t.status, %s, %s, t.token, a.process_ptr_id, "
            "CASE WHEN row_number() OVER () <= %s THEN t.owner_id ELSE %s END, t.data FROM viewflow_task t, asked a WHERE t.id = %s",
            [now, number - have, model.pk, "Kinh phí số ", now, now, mine - have, other.pk, task.pk],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    {"accounts": accounts, "cases": cases, "tasks": tasks}[sys.argv[1]](*map(int, sys.argv[2:]))
