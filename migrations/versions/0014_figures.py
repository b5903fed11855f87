"""Figures of a period are read out of one index over tasks that were handed in, and one over elements that were completed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_user_task_completed", "user_task", ("ended_at", "instance_id", "due_at", "organisation_id", "ended_by_id"), "state = 'completed'"),
    ("ix_history_event_completed", "history_event", ("at", "instance_id", "id"), "kind = 'element.completed'"),
    ("ix_history_event_moved", "history_event", ("at",), "kind IN ('task.due_date_moved', 'timer.moved')"),
)
# Each entry of history was in the second, of which only these two kinds were asked for.
FORMER = (
    ("ix_user_task_state_ended_at", "user_task", ("state", "ended_at")),
    ("ix_history_event_kind_at", "history_event", ("kind", "at")),
)


def upgrade() -> None:
    for name, table, columns, which in INDEXES:
        op.create_index(name, table, list(columns), sqlite_where=sa.text(which), postgresql_where=sa.text(which))
    for name, table, _ in FORMER:
        op.drop_index(name, table)


def downgrade() -> None:
    for name, table, columns in FORMER:
        op.create_index(name, table, list(columns))
    for name, table, _, _ in INDEXES:
        op.drop_index(name, table)
