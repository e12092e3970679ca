"""evidence and receipts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "evidence",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("claims", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('VERIFIED', 'UNVERIFIED', 'NOTHING_CLAIMED', 'NOT_JUDGED')", name=op.f("ck_evidence_verdict")
        ),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_evidence_execution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_evidence")),
    )
    op.create_table(
        "acceptance_results",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("sandbox", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("duration", sa.Interval(), nullable=False),
        sa.CheckConstraint("kind IN ('FINDINGS', 'COMMAND', 'FILE', 'QUERY')", name=op.f("ck_acceptance_results_kind")),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_acceptance_results_execution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("execution_id", "position", name=op.f("pk_acceptance_results")),
    )
    op.create_table(
        "receipts",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_receipts_execution_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("execution_id", name=op.f("pk_receipts")),
    )
    op.add_column("tool_calls", sa.Column("tests_passed", sa.Integer(), nullable=True))
    op.add_column("tool_calls", sa.Column("tests_failed", sa.Integer(), nullable=True))
    # Those that have begun already keep NULL: a chain has to have all events from the first.
    op.add_column("executions", sa.Column("event_head", sa.LargeBinary(), nullable=True))
    op.alter_column("executions", "event_head", server_default=sa.text("'\\x'::bytea"))


def downgrade() -> None:
    """Take the revision back."""
    op.drop_column("executions", "event_head")
    op.drop_column("tool_calls", "tests_failed")
    op.drop_column("tool_calls", "tests_passed")
    op.drop_table("receipts")
    op.drop_table("acceptance_results")
    op.drop_table("evidence")
