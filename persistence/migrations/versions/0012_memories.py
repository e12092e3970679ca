"""memories"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision. What memories are found by besides their words is made where the database is equipped."""
    op.create_table(
        "memories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=True),
        sa.Column("tool_call_id", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope IN ('AGENT', 'PROJECT', 'WORKSPACE')", name=op.f("ck_memories_scope")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_memories_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_memories_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_memories_execution_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["tool_call_id"], ["tool_calls.id"], name=op.f("fk_memories_tool_call_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memories")),
        sa.UniqueConstraint(
            "workspace_id", "place", "content_sha256", name=op.f("uq_memories_workspace_id_place_content_sha256")
        ),
    )
    op.create_index(op.f("ix_memories_project_id"), "memories", ["project_id"])
    op.create_index(op.f("ix_memories_execution_id"), "memories", ["execution_id"])
    op.create_index(op.f("ix_memories_tool_call_id"), "memories", ["tool_call_id"])
    op.create_index("ix_memories_by_created", "memories", ["workspace_id", "created_at", "id"])
    op.create_index("ix_memories_by_place", "memories", ["workspace_id", "place", "created_at", "id"])
    op.create_index("ix_memories_words", "memories", ["words"], postgresql_using="gin")
    op.create_index("ix_memories_by_expiry", "memories", ["expires_at"])
    op.create_index("ix_memories_by_age", "memories", ["updated_at"])


def downgrade() -> None:
    """Take the revision back. Memories are lost."""
    op.execute("DROP SCHEMA IF EXISTS memory_index CASCADE")
    op.drop_table("memories")
