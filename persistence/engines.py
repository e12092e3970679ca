"""Engines whose errors say what the database refused, and never the values that were to be written."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

VALUES = re.compile(r"\nDETAIL:.*|(?<=invalid input for query argument )(\$\d+).*", re.DOTALL)
"""Where PostgreSQL says the failing row, and asyncpg what it could not encode."""


def open_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine as ``create_async_engine`` makes it, whose errors have the statement without its parameters."""
    engine = create_async_engine(url, hide_parameters=True, **options)
    event.listen(engine.sync_engine, "handle_error", _forget_values)
    return engine


def _forget_values(context: ExceptionContext) -> None:
    """Cut the values out of the error, of SQLAlchemy's form of it, and of the driver's that it was raised from."""
    said = context.original_exception
    for error in (said.__cause__, said, context.sqlalchemy_exception):
        if error is None:
            continue
        if isinstance(getattr(error, "detail", None), str):
            error.detail = None  # type: ignore[attr-defined]  # asyncpg writes it behind the message
        error.args = tuple(VALUES.sub(r"\1", part) if isinstance(part, str) else part for part in error.args)
