"""Steering: what a batch found before it changed it, and changes that wait to be applied together."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("batch_item", sa.Column("before", sa.LargeBinary(), nullable=True))
    op.create_table(
        "pending_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("arguments", sa.LargeBinary(), nullable=False),
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_pending_change_user_id_user")),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_pending_change_instance_id_process_instance"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_change")),
    )
    op.create_index(op.f("ix_pending_change_user_id_id"), "pending_change", ["user_id", "id"])
    op.create_index(op.f("ix_pending_change_instance_id"), "pending_change", ["instance_id"])


def downgrade() -> None:
    op.drop_table("pending_change")
    with op.batch_alter_table("batch_item") as batch:
        batch.drop_column("before")
