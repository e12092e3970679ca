"""playbooks with their versions, and executions that wait for the tasks they have started"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0012"
branch_labels = None
depends_on = None

TASKS = "'PENDING', 'BLOCKED', 'QUEUED', 'IN_PROGRESS', 'AWAITING_APPROVAL'{}, 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'"
EXECUTIONS = (
    "'QUEUED', 'RUNNING', 'AWAITING_APPROVAL'{}, 'SUCCEEDED', 'CLAIMED_UNVERIFIED', 'FAILED', 'CANCELLED', 'TIMED_OUT'"
)
WAITS = ", 'AWAITING_CHILDREN'"


def upgrade() -> None:
    """Apply the revision."""
    _states(WAITS)
    op.create_table(
        "children",
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("awaited", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_children_execution_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_children_task_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("execution_id", "batch", "position", name=op.f("pk_children")),
    )
    op.create_index("ix_children_awaited", "children", ["execution_id"], postgresql_where=sa.text("awaited"))
    op.create_index("ix_children_by_task", "children", ["task_id"])
    op.create_table(
        "playbooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_playbooks_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbooks")),
        sa.UniqueConstraint("workspace_id", "name", name=op.f("uq_playbooks_workspace_id_name")),
    )
    op.create_table(
        "playbook_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("playbook_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_playbook_versions_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["playbook_id"], ["playbooks.id"], name=op.f("fk_playbook_versions_playbook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_versions")),
        sa.UniqueConstraint("playbook_id", "version", name=op.f("uq_playbook_versions_playbook_id_version")),
    )


def downgrade() -> None:
    """Take the revision back; what waits for its children is cancelled."""
    op.drop_table("playbook_versions")
    op.drop_table("playbooks")
    op.drop_table("children")
    op.execute(
        "UPDATE executions SET status = 'CANCELLED', finished_at = now(), paused_at = NULL "
        "WHERE status = 'AWAITING_CHILDREN'"
    )
    op.execute("UPDATE tasks SET status = 'CANCELLED' WHERE status = 'AWAITING_CHILDREN'")
    _states("")


def _states(waits: str) -> None:
    """Let tasks and executions have these states, with those that wait for children or without."""
    for table, allowed in (("tasks", TASKS), ("executions", EXECUTIONS)):
        op.drop_constraint(op.f(f"ck_{table}_status"), table)
        op.create_check_constraint(op.f(f"ck_{table}_status"), table, f"status IN ({allowed.format(waits)})")
    op.drop_index("uq_executions_live_per_task", "executions")
    live = sa.text(f"status IN ('QUEUED', 'RUNNING', 'AWAITING_APPROVAL'{waits})")
    op.create_index("uq_executions_live_per_task", "executions", ["task_id"], unique=True, postgresql_where=live)
