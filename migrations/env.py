"""Run by Alembic for every command: on the connection that migrations.upgrade hands over, or on the one of `-x url=...`."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from engine import db, models
from migrations import connected


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Column types of the engine are written as what they are in the database, so that old revisions do not change with the code."""
    if kind == "type" and item is models.Id:
        return "sa.BigInteger().with_variant(sa.Integer(), 'sqlite')"
    if kind == "type" and isinstance(item, db.Instant):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, db.Json):
        return "sa.LargeBinary()"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        # All revisions in one transaction, on SQLite too: our engine begins for real there.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with connected(context.get_x_argument(as_dictionary=True)["url"]) as connection:
        migrate(connection)
