"""every secret has an id, so that it can be asked for again like everything else"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    given = sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False)
    op.add_column("secrets", given)
    op.alter_column("secrets", "id", server_default=None)
    op.create_unique_constraint("uq_secrets_id", "secrets", ["id"])


def downgrade() -> None:
    """Take the revision back."""
    op.drop_constraint("uq_secrets_id", "secrets")
    op.drop_column("secrets", "id")
