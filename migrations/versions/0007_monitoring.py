"""Tables of monitoring: searchable variables, saved filters, visits, exports; and the indexes that its lists and counts are read from."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXES = (
    ("process_instance", ("ended_at",)),
    ("history_event", ("kind", "at")),
    ("user_task", ("state", "ended_at")),
    ("job", ("kind", "due_at")),
    ("incident", ("resolved_at", "raised_at")),
)


def _moment(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.add_column("process_instance", sa.Column("keywords", sa.String(length=16), nullable=False, server_default=""))
    for table, columns in INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))
    op.create_table(
        "keyword",
        sa.Column("instance_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Float(), nullable=True),
        sa.Column("shown", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name=op.f("fk_keyword_instance_id_process_instance")),
        sa.PrimaryKeyConstraint("instance_id", "name", name=op.f("pk_keyword")),
    )
    for column in ("text", "number"):
        op.create_index(op.f(f"ix_keyword_name_{column}"), "keyword", ["name", column])
    op.create_table(
        "saved_filter",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("shared_with", sa.String(length=200), nullable=True),
        _moment("saved_at"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_filter_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_filter_user_id_name")),
    )
    op.create_index(op.f("ix_saved_filter_shared_with"), "saved_filter", ["shared_with"])
    op.create_table(
        "visit",
        sa.Column("user_id", ID, nullable=False),
        _moment("at"),
        _moment("before"),
        _moment("seen_at"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_visit_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_visit")),
    )
    _exports()


def _exports() -> None:
    op.create_table(
        "export",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("arguments", sa.LargeBinary(), nullable=False),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("has_gaps", sa.Boolean(), nullable=False, server_default=sa.false()),
        _moment("created_at"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_export_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    op.create_index(op.f("ix_export_user_id_id"), "export", ["user_id", "id"])
    op.create_index(op.f("ix_export_created_at"), "export", ["created_at"])
    op.create_table(
        "export_part",
        sa.Column("export_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_export_part_export_id_export"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_part")),
    )


def downgrade() -> None:
    for table in ("export_part", "export", "visit", "saved_filter", "keyword"):
        op.drop_table(table)
    for table, columns in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    op.drop_column("process_instance", "keywords")
