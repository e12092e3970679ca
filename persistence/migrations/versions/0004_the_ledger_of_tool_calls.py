"""the ledger of tool calls, and secrets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = "'STARTED', 'SUCCEEDED', 'FAILED', 'INTERRUPTED', 'UNCERTAIN'"


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("tool_calls", sa.Column("state", sa.Text(), server_default="SUCCEEDED", nullable=False))
    op.add_column("tool_calls", sa.Column("attempt", sa.Integer(), server_default="1", nullable=False))
    op.add_column("tool_calls", sa.Column("idempotency_key", sa.Text(), nullable=True))
    op.add_column("tool_calls", sa.Column("repeatable", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("tool_calls", sa.Column("result", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("tool_calls", sa.Column("cpu_seconds", sa.Double(), nullable=True))
    op.add_column("tool_calls", sa.Column("sandbox", sa.Text(), nullable=True))
    op.add_column("tool_calls", sa.Column("secrets", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.alter_column("tool_calls", "finished_at", nullable=True)
    op.execute("UPDATE tool_calls SET state = 'FAILED' WHERE error IS NOT NULL")
    op.create_check_constraint(op.f("ck_tool_calls_state"), "tool_calls", f"state IN ({STATES})")
    op.create_unique_constraint(
        op.f("uq_tool_calls_execution_id_idempotency_key_attempt"),
        "tool_calls",
        ["execution_id", "idempotency_key", "attempt"],
    )
    op.create_table(
        "secrets",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_secrets_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_secrets")),
    )


def downgrade() -> None:
    """Take the revision back. Secrets are lost. Calls whose end nobody saw are given the time at which they began for it."""
    op.drop_table("secrets")
    op.drop_constraint(op.f("uq_tool_calls_execution_id_idempotency_key_attempt"), "tool_calls", type_="unique")
    op.drop_constraint(op.f("ck_tool_calls_state"), "tool_calls", type_="check")
    op.execute("UPDATE tool_calls SET finished_at = started_at WHERE finished_at IS NULL")
    op.alter_column("tool_calls", "finished_at", nullable=False)
    for column in ("secrets", "sandbox", "cpu_seconds", "result", "repeatable", "idempotency_key", "attempt", "state"):
        op.drop_column("tool_calls", column)
