"""The chain of each case's history, seals over all cases, and who read what.

Entries of before are chained as they stand at this moment: what was changed in them earlier cannot be told.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 5_000


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _digest() -> sa.types.TypeEngine[str]:
    return sa.String(length=64)


def upgrade() -> None:
    op.add_column("history_event", sa.Column("address", sa.String(length=60), nullable=True))
    op.add_column("history_event", sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("history_event", sa.Column("digest", _digest(), nullable=False, server_default=""))
    op.add_column("process_instance", sa.Column("history_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("process_instance", sa.Column("history_head", _digest(), nullable=False, server_default=""))
    _seals()
    _accesses()
    _chain(op.get_bind())


def _seals() -> None:
    op.create_table(
        "seal",
        sa.Column("number", _id(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", _digest(), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("reads_digest", _digest(), nullable=False),
        sa.Column("digest", _digest(), nullable=False),
        sa.Column("mark", _digest(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
    )
    op.create_table(
        "sealed_head",
        sa.Column("seal_number", _id(), nullable=False),
        sa.Column("case_number", _id(), nullable=False, autoincrement=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("head", _digest(), nullable=False),
        sa.Column("rows", _digest(), nullable=False),
        sa.ForeignKeyConstraint(["seal_number"], ["seal.number"], name=op.f("fk_sealed_head_seal_number_seal")),
        sa.PrimaryKeyConstraint("seal_number", "case_number", name=op.f("pk_sealed_head")),
    )
    op.create_index(op.f("ix_sealed_head_case_number_seal_number"), "sealed_head", ["case_number", "seal_number"])


def _accesses() -> None:
    op.create_table(
        "case_access",
        sa.Column("id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", _id(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=120), nullable=False),
        sa.Column("case_number", _id(), nullable=True),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=60), nullable=True),
        sa.Column("digest", _digest(), nullable=False),
        sa.Column("seal_number", _id(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_case_access_user_id_user")),
        sa.ForeignKeyConstraint(["seal_number"], ["seal.number"], name=op.f("fk_case_access_seal_number_seal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_access")),
    )
    op.create_index(op.f("ix_case_access_case_number_id"), "case_access", ["case_number", "id"])
    op.create_index(op.f("ix_case_access_seal_number_id"), "case_access", ["seal_number", "id"])
    unsealed = sa.text("seal_number IS NULL")
    op.create_index("ix_case_access_unsealed", "case_access", ["id"], postgresql_where=unsealed, sqlite_where=unsealed)


def _chain(connection: sa.Connection) -> None:
    """Number and chain the entries that are there, as engine.chain does in format 1. Written out here: a migration never changes."""
    columns = "id instance_id at kind element_id element_name element_type wait_id user_task_id actor_id detail number digest"
    types: dict[str, Any] = {"at": sa.DateTime(timezone=True), "detail": sa.LargeBinary()}
    table = sa.table("history_event", *(sa.column(name, types.get(name)) for name in columns.split()))
    cases = sa.table("process_instance", *(sa.column(name) for name in ("id", "history_count", "history_head")))
    write = table.update().where(table.c.id == sa.bindparam("row")).values(number=sa.bindparam("n"), digest=sa.bindparam("d"))
    close = cases.update().where(cases.c.id == sa.bindparam("case")).values(history_count=sa.bindparam("n"), history_head=sa.bindparam("d"))
    case, row, number, digest = 0, 0, 0, ""
    while True:
        later = sa.tuple_(table.c.instance_id, table.c.id) > (case, row)
        found = connection.execute(sa.select(table).where(later).order_by(table.c.instance_id, table.c.id).limit(AT_ONCE)).all()
        entries, heads = [], {}
        for event in found:
            if event.instance_id != case:
                case, number, digest = event.instance_id, 0, ""
            row, number, digest = event.id, number + 1, _one(digest, number + 1, event)
            entries.append({"row": row, "n": number, "d": digest})
            heads[case] = {"case": case, "n": number, "d": digest}
        if not found:
            return
        connection.execute(write, entries)
        connection.execute(close, list(heads.values()))


def _one(previous: str, number: int, event: Any) -> str:
    at: datetime = event.at if event.at.tzinfo else event.at.replace(tzinfo=UTC)
    given = [1, previous, event.instance_id, number, at.astimezone(UTC).isoformat(), event.kind, event.element_id, event.element_name]
    given += [event.element_type, event.wait_id, event.user_task_id, event.actor_id, None, hashlib.sha256(event.detail).hexdigest()]
    return hashlib.sha256(json.dumps(given, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def downgrade() -> None:
    for table in ("case_access", "sealed_head", "seal"):
        op.drop_table(table)
    for table, columns in (("process_instance", ("history_head", "history_count")), ("history_event", ("digest", "number", "address"))):
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
