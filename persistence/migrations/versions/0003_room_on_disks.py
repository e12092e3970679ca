"""room on the disks of workers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("workers", sa.Column("short_of_room", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    """Take the revision back."""
    op.drop_column("workers", "short_of_room")
