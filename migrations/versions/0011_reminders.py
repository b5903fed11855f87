"""Reminders of user tasks, changes of the calendar, and when running cases are expected to end."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
UNPLANNED = sa.text("state = 'open' AND due_at IS NOT NULL AND (planned_for IS NULL OR planned_for <> due_at)")
REMINDED = sa.text("state = 'open' AND remind_at IS NOT NULL")


def upgrade() -> None:
    for name in ("planned_for", "remind_at", "reminded_at"):
        op.add_column("user_task", sa.Column(name, INSTANT, nullable=True))
    op.add_column("user_task", sa.Column("reminded", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_user_task_unplanned", "user_task", ["state", "due_at"], sqlite_where=UNPLANNED, postgresql_where=UNPLANNED)
    op.create_index(
        op.f("ix_user_task_state_remind_at"), "user_task", ["state", "remind_at"], sqlite_where=REMINDED, postgresql_where=REMINDED
    )
    for name in ("stay", "rest"):
        op.add_column("step_time", sa.Column(name, sa.Float(), nullable=False, server_default="0"))
    op.create_table(
        "calendar_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_calendar_change_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_change")),
    )
    op.create_table(
        "forecast",
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("expected_at", INSTANT, nullable=True),
        sa.Column("basis", sa.Integer(), nullable=False),
        sa.Column("tardy", sa.Boolean(), nullable=False),
        sa.Column("computed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_forecast_instance_id_process_instance"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_forecast")),
    )
    op.create_index(op.f("ix_forecast_expected_at"), "forecast", ["expected_at"])


def downgrade() -> None:
    op.drop_table("forecast")
    op.drop_table("calendar_change")
    for name in ("rest", "stay"):
        op.drop_column("step_time", name)
    op.drop_index(op.f("ix_user_task_state_remind_at"), table_name="user_task")
    op.drop_index("ix_user_task_unplanned", table_name="user_task")
    for name in ("reminded", "reminded_at", "remind_at", "planned_for"):
        op.drop_column("user_task", name)
