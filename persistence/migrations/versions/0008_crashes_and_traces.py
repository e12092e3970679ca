"""what is known of crashes, how grave an error is, and the trace an execution belongs to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("executions", sa.Column("error_severity", sa.Text(), nullable=True))
    reports = sa.Column("crash_reports", postgresql.JSONB(), server_default="[]", nullable=False)
    op.add_column("executions", reports)
    op.add_column("executions", sa.Column("traceparent", sa.Text(), nullable=True))
    op.add_column("executions", sa.Column("segment_traceparent", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take the revision back."""
    op.drop_column("executions", "segment_traceparent")
    op.drop_column("executions", "traceparent")
    op.drop_column("executions", "crash_reports")
    op.drop_column("executions", "error_severity")
