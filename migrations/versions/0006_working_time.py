"""Tables of working time."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("body", sa.String(length=80), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["user.id"], name=op.f("fk_calendar_day_changed_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        sa.UniqueConstraint("day", "body", name=op.f("uq_calendar_day_day_body")),
    )
    op.create_table(
        "working_hours",
        sa.Column("body", sa.String(length=80), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("body", name=op.f("pk_working_hours")),
    )
    op.create_table(
        "deadline",
        sa.Column("id", ID, nullable=False),
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("wait_id", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.LargeBinary(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_deadline_instance_id_process_instance"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
        sa.UniqueConstraint("instance_id", "wait_id", "field", name=op.f("uq_deadline_instance_id_wait_id_field")),
    )
    op.create_table(
        "reminder",
        sa.Column("id", ID, nullable=False),
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("user_task_id", ID, nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_reminder_instance_id_process_instance"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_task_id"], ["user_task.id"], name=op.f("fk_reminder_user_task_id_user_task"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint("user_task_id", "stage", "due_at", name=op.f("uq_reminder_user_task_id_stage_due_at")),
    )
    op.create_index(op.f("ix_reminder_instance_id"), "reminder", ["instance_id"])
    op.create_table(
        "step_time",
        sa.Column("id", ID, nullable=False),
        sa.Column("process_key", sa.String(length=200), nullable=False),
        sa.Column("element_id", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("median", sa.Float(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_time")),
        sa.UniqueConstraint("process_key", "element_id", name=op.f("uq_step_time_process_key_element_id")),
    )


def downgrade() -> None:
    for table in ("step_time", "reminder", "deadline", "working_hours", "calendar_day"):
        op.drop_table(table)
