"""approvals"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PENDING = sa.text("status = 'PENDING'")


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("executions", sa.Column("waited", sa.Interval(), server_default="0", nullable=False))
    op.add_column("executions", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("dispatched_by", sa.Text(), nullable=True))
    op.create_table(
        "approvals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("risk", sa.Text(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("quorum", sa.SmallInteger(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("self_approved", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('PENDING', 'APPROVED', 'REJECTED', 'EXPIRED', 'VOIDED', 'CANCELLED')",
            name=op.f("ck_approvals_status"),
        ),
        sa.CheckConstraint("fallback IN ('REJECT', 'APPROVE', 'FAIL')", name=op.f("ck_approvals_fallback")),
        sa.CheckConstraint("(status = 'PENDING') = (decided_at IS NULL)", name=op.f("ck_approvals_decided")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_approvals_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_approvals_task_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_approvals_execution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_by_execution", "approvals", ["execution_id", "requested_at", "id"])
    op.create_index(
        "ix_approvals_awaiting", "approvals", ["workspace_id", "requested_at", "id"], postgresql_where=PENDING
    )
    op.create_index("ix_approvals_by_task", "approvals", ["task_id", "status"])
    op.create_index("ix_approvals_due", "approvals", ["expires_at"], postgresql_where=PENDING)
    op.create_index(
        "uq_approvals_current",
        "approvals",
        ["execution_id", "name"],
        unique=True,
        postgresql_where=sa.text("status <> 'VOIDED'"),
    )
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decision IN ('APPROVE', 'REJECT')", name=op.f("ck_approval_votes_decision")),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name=op.f("fk_approval_votes_approval_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("approval_id", "actor", "decision", name=op.f("pk_approval_votes")),
    )
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("permissions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_members_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "actor", name=op.f("pk_members")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("members")
    op.drop_table("approval_votes")
    op.drop_table("approvals")
    op.drop_column("tasks", "dispatched_by")
    op.drop_column("executions", "paused_at")
    op.drop_column("executions", "waited")
