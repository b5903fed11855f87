"""Tables of operations: versions that rest, legal holds, archives."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "definition_event",
        sa.Column("id", _id(), nullable=False),
        sa.Column("definition_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor_id", _id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user.id"], name=op.f("fk_definition_event_actor_id_user")),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["process_definition.id"], name=op.f("fk_definition_event_definition_id_process_definition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition_event")),
    )
    op.create_index(op.f("ix_definition_event_definition_id_id"), "definition_event", ["definition_id", "id"])
    op.create_table(
        "legal_hold",
        sa.Column("instance_id", _id(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("placed_by_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_legal_hold_instance_id_process_instance")),
        sa.ForeignKeyConstraint(["placed_by_id"], ["user.id"], name=op.f("fk_legal_hold_placed_by_id_user")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_legal_hold")),
    )
    op.create_table(
        "archive",
        sa.Column("id", _id(), nullable=False),
        sa.Column("case_number", _id(), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file", sa.String(length=300), nullable=False),
        sa.Column("size", _id(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
    )
    op.create_index(op.f("ix_archive_case_number"), "archive", ["case_number"])


def downgrade() -> None:
    for table in ("archive", "legal_hold", "definition_event"):
        op.drop_table(table)
