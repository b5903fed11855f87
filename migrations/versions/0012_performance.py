"""What keeps lists and counts quick among many cases: who supervises and what is searched on the case's row, indexes."""

import hashlib
import itertools
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0013"
branch_labels = None
depends_on = None

OPEN = sa.text("state = 'open'")
INDEXES = (
    ("ix_user_task_open", "user_task", ("instance_id", "element_id", "due_at", "organisation_id", "assignee_id"), OPEN),
    ("ix_user_task_organisation_id_instance_id", "user_task", ("organisation_id", "instance_id"), None),
    ("ix_user_task_ended_by_id_ended_at", "user_task", ("ended_by_id", "ended_at"), None),
    ("ix_job_element_id", "job", ("element_id",), None),
    ("ix_message_subscription_element_id", "message_subscription", ("element_id",), None),
    ("ix_process_instance_supervisors_definition_id_state", "process_instance", ("supervisors", "definition_id", "state"), None),
    ("ix_keyword_name_text_instance_id", "keyword", ("name", "text", "instance_id"), None),
    ("ix_process_instance_title", "process_instance", ("title",), None),
)
AT_ONCE = 1_000


def fold(text: str) -> str:
    """Small letters without marks."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def upgrade() -> None:
    op.create_table(
        "supervision",
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("principal", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("digest", "principal", name=op.f("pk_supervision")),
    )
    op.create_index(op.f("ix_supervision_principal"), "supervision", ["principal"])
    op.add_column("process_instance", sa.Column("supervisors", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("process_instance", sa.Column("folded", sa.Text(), nullable=False, server_default=""))
    fill(op.get_bind())
    for name, table, columns, which in INDEXES:
        op.create_index(name, table, list(columns), postgresql_where=which, sqlite_where=which)
    # The longer ones serve them too.
    op.drop_index("ix_user_task_organisation_id", "user_task")
    op.drop_index("ix_keyword_name_text", "keyword")


def fill(connection: sa.Connection) -> None:
    """Write what the rows of cases, and of who takes part in them, say."""
    case = sa.table("process_instance", sa.column("id"), sa.column("title"), sa.column("business_key"))
    part = sa.table("participant", sa.column("instance_id"), sa.column("principal"), sa.column("scope"))
    written = sa.text("UPDATE process_instance SET supervisors = :supervisors, folded = :folded WHERE id = :id")
    entrusted = sa.text("INSERT INTO supervision (digest, principal) VALUES (:digest, :principal)")
    known: set[str] = set()
    after = 0
    while rows := connection.execute(sa.select(case).where(case.c.id > after).order_by(case.c.id).limit(AT_ONCE)).all():
        last = rows[-1].id
        within = (part.c.instance_id > after, part.c.instance_id <= last, part.c.scope == "supervise")
        found = connection.execute(sa.select(part.c.instance_id, part.c.principal).where(*within).order_by(part.c.instance_id)).all()
        sets = {
            number: sorted({row.principal for row in group}) for number, group in itertools.groupby(found, key=lambda row: row.instance_id)
        }
        values = []
        for row in rows:
            principals = sets.get(row.id, [])
            digest = hashlib.sha256("\n".join(principals).encode()).hexdigest()[:32] if principals else ""
            if digest and digest not in known:
                known.add(digest)
                connection.execute(entrusted, [{"digest": digest, "principal": one} for one in principals])
            values.append({"id": row.id, "supervisors": digest, "folded": fold(f"{row.title}\n{row.business_key}")})
        connection.execute(written, values)
        after = last


def downgrade() -> None:
    op.create_index("ix_user_task_organisation_id", "user_task", ["organisation_id"])
    op.create_index("ix_keyword_name_text", "keyword", ["name", "text"])
    for name, table, _columns, _which in INDEXES:
        op.drop_index(name, table)
    with op.batch_alter_table("process_instance") as batch:
        batch.drop_column("folded")
        batch.drop_column("supervisors")
    op.drop_table("supervision")
