"""What Alembic runs: on the connection that :mod:`persistence.migrate` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from persistence.tables import Xid8, metadata


def _render(kind: str, value: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(value, Xid8):
        autogenerate.imports.add("from persistence.tables import Xid8")
        return "Xid8()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=True,
    render_item=_render,
    transaction_per_migration=True,
)

with context.begin_transaction():
    context.run_migrations()
