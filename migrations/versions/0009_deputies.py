"""Deputies: who does a person's work while he is away, and which tasks were taken in whose name."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
TAKEN = sa.text("on_behalf_of_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", ID, nullable=False),
        sa.Column("absent_id", ID, nullable=False),
        sa.Column("deputy_id", ID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("process_keys", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("appointed_at", INSTANT, nullable=False),
        sa.Column("appointed_by_id", ID, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_by_id", ID, nullable=True),
        *(
            sa.ForeignKeyConstraint([name], ["user.id"], name=op.f(f"fk_deputy_{name}_user"))
            for name in ("absent_id", "deputy_id", "appointed_by_id", "ended_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
    )
    op.create_index(op.f("ix_deputy_deputy_id_until"), "deputy", ["deputy_id", "until"])
    op.create_index(op.f("ix_deputy_absent_id_until"), "deputy", ["absent_id", "until"])
    op.add_column("user", sa.Column("deputy_until", INSTANT, nullable=True))
    with op.batch_alter_table("user_task") as batch:
        batch.add_column(sa.Column("on_behalf_of_id", ID, nullable=True))
        batch.create_foreign_key(op.f("fk_user_task_on_behalf_of_id_user"), "user", ["on_behalf_of_id"], ["id"])
    op.create_index(op.f("ix_user_task_on_behalf_of_id"), "user_task", ["on_behalf_of_id"], sqlite_where=TAKEN, postgresql_where=TAKEN)


def downgrade() -> None:
    op.drop_index(op.f("ix_user_task_on_behalf_of_id"), "user_task")
    with op.batch_alter_table("user_task") as batch:
        batch.drop_constraint(op.f("fk_user_task_on_behalf_of_id_user"), type_="foreignkey")
        batch.drop_column("on_behalf_of_id")
    op.drop_column("user", "deputy_until")
    op.drop_table("deputy")
