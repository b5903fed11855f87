"""Tables of studio: drafts of process folders, and what of them is released."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _rehearsals() -> None:
    op.create_table(
        "rehearsal",
        sa.Column("id", _id(), nullable=False),
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("scenario", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_rehearsal_user_id_user")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_rehearsal_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal")),
        sa.UniqueConstraint("workspace_id", "user_id", name=op.f("uq_rehearsal_workspace_id_user_id")),
    )
    op.create_table(
        "verdict",
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("ran_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_verdict_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "key", name=op.f("pk_verdict")),
    )
    op.create_index(op.f("ix_verdict_ran_at"), "verdict", ["ran_at"])


def _no_drafts_among_deployments() -> None:
    """The first release kept drawings with to-dos as deployments without a process. They stay, but are no more taken for what they would be
    once they can run: their digest is that of nothing.
    """
    op.execute(
        "UPDATE deployment SET digest = 'draft-' || CAST(id AS VARCHAR)"
        " WHERE id IN (SELECT deployment_id FROM resource WHERE name LIKE '%.bpmn' OR name LIKE '%.bpmn20.xml')"
        " AND id NOT IN (SELECT deployment_id FROM process_definition)"
    )


def upgrade() -> None:
    _no_drafts_among_deployments()
    op.create_table(
        "workspace",
        sa.Column("id", _id(), nullable=False),
        sa.Column("folder", sa.String(length=120), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("deployment_id", _id(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name=op.f("fk_workspace_created_by_id_user")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_workspace_deployment_id_deployment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("folder", name=op.f("uq_workspace_folder")),
    )
    op.create_index(op.f("ix_workspace_deployment_id"), "workspace", ["deployment_id"])
    op.create_table(
        "workspace_revision",
        sa.Column("id", _id(), nullable=False),
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=False),
        sa.Column("tree", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", _id(), nullable=True),
        sa.Column("brought", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_workspace_revision_user_id_user")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_workspace_revision_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_revision")),
        sa.UniqueConstraint("workspace_id", "number", name=op.f("uq_workspace_revision_workspace_id_number")),
    )
    op.create_index(op.f("ix_workspace_revision_workspace_id_aside"), "workspace_revision", ["workspace_id", "aside"])
    op.create_table(
        "workspace_content",
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_workspace_content_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "sha256", name=op.f("pk_workspace_content")),
    )
    op.create_table(
        "workspace_lock",
        sa.Column("workspace_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_workspace_lock_user_id_user")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_workspace_lock_workspace_id_workspace")),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_workspace_lock")),
    )
    _releases()
    _rehearsals()


def _releases() -> None:
    """Versions that are valid from a date, and what is proposed to be one."""
    op.add_column("deployment", sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deployment", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "release",
        sa.Column("id", _id(), nullable=False),
        sa.Column("folder", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("base", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by_id", _id(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", _id(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deployment_id", _id(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user.id"], name=op.f("fk_release_decided_by_id_user")),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.id"], name=op.f("fk_release_deployment_id_deployment")),
        sa.ForeignKeyConstraint(["proposed_by_id"], ["user.id"], name=op.f("fk_release_proposed_by_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("deployment_id", name=op.f("uq_release_deployment_id")),
    )
    op.create_index(op.f("ix_release_folder_id"), "release", ["folder", "id"])
    waiting = sa.text("state = 'proposed'")
    op.create_index("uq_release_proposed", "release", ["folder"], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "release_file",
        sa.Column("release_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_release_file_release_id_release")),
        sa.PrimaryKeyConstraint("release_id", "name", name=op.f("pk_release_file")),
    )


def _no_releases() -> None:
    op.drop_table("release_file")
    op.drop_table("release")
    for column in ("withdrawn_at", "valid_from"):
        op.drop_column("deployment", column)


def downgrade() -> None:
    _no_releases()
    for table in ("verdict", "rehearsal", "workspace_lock", "workspace_content", "workspace_revision", "workspace"):
        op.drop_table(table)
