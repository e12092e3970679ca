"""language models, which of them agents use, and tokens as units of the ledger"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

BEFORE = "unit IN ('COST', 'CPU_SECONDS', 'BYTES', 'TOOL_CALLS', 'UNPRICED_CALLS')"
UNITS = (
    "unit IN ('COST', 'CPU_SECONDS', 'BYTES', 'TOOL_CALLS', 'UNPRICED_CALLS', 'INPUT_TOKENS', 'OUTPUT_TOKENS', "
    "'CACHED_TOKENS')"
)


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "models",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=True),
        sa.Column("key_secret", sa.Text(), nullable=True),
        sa.Column("max_output_tokens", sa.Integer(), nullable=False),
        sa.Column("timeout", sa.Interval(), nullable=False),
        sa.Column("max_requests", sa.Integer(), nullable=False),
        sa.Column("answer_mode", sa.Text(), nullable=False),
        sa.Column("input_price", sa.BigInteger(), nullable=True),
        sa.Column("output_price", sa.BigInteger(), nullable=True),
        sa.Column("fallback_id", sa.Uuid(), nullable=True),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("provider IN ('OPENAI', 'OPENAI_COMPATIBLE', 'ANTHROPIC')", name=op.f("ck_models_provider")),
        sa.CheckConstraint("answer_mode IN ('TOOL', 'NATIVE', 'PROMPTED')", name=op.f("ck_models_answer_mode")),
        sa.CheckConstraint("num_nulls(input_price, output_price) IN (0, 2)", name=op.f("ck_models_price")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_models_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["fallback_id"], ["models.id"], name=op.f("fk_models_fallback_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_models_workspace_id_name")),
    )
    op.create_index(op.f("ix_models_fallback_id"), "models", ["fallback_id"])
    op.create_table(
        "model_choices",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_model_choices_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.id"], name=op.f("fk_model_choices_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "agent", name=op.f("pk_model_choices")),
    )
    op.create_index(op.f("ix_model_choices_model_id"), "model_choices", ["model_id"])
    _units(UNITS)


def downgrade() -> None:
    """Take the revision back; tokens that were counted go with it."""
    for table in ("accounts", "ledger_entries"):
        op.execute(f"DELETE FROM {table} WHERE NOT ({BEFORE})")  # noqa: S608 - the names are ours
    _units(BEFORE)
    op.drop_table("model_choices")
    op.drop_table("models")


def _units(allowed: str) -> None:
    for table in ("accounts", "ledger_entries"):
        op.drop_constraint(op.f(f"ck_{table}_unit"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_unit"), table, allowed)
