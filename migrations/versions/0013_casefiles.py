"""Complete files of cases made piece by piece, what looks at the history have found, and from where a batch was started."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("batch", sa.Column("address", sa.String(length=60), nullable=True))
    op.create_table(
        "export_piece",
        sa.Column("export_id", ID, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_export_piece_export_id_export"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("export_id", "part", "number", name=op.f("pk_export_piece")),
    )
    op.create_table(
        "audit_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("case_number", ID, nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_audit_run_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_run")),
    )
    op.create_index(op.f("ix_audit_run_case_number_id"), "audit_run", ["case_number", "id"])
    op.create_table(
        "audit_finding",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("entry", ID, nullable=True),
        sa.Column("case_number", ID, nullable=True),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["audit_run.id"], name=op.f("fk_audit_finding_run_id_audit_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_audit_finding")),
    )
    op.create_index(op.f("ix_audit_finding_run_id_case_number"), "audit_finding", ["run_id", "case_number"])


def downgrade() -> None:
    for table in ("audit_finding", "audit_run", "export_piece"):
        op.drop_table(table)
    with op.batch_alter_table("batch") as batch:
        batch.drop_column("address")
