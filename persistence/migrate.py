"""Bringing a database to the tables of this version."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from persistence.addresses import DatabaseUnavailable
from persistence.engines import open_engine
from persistence.tables import metadata

APPLICATION_ROLE = "wrenchai_app"
LOCK = 0x77_72_65_6E_63_68
"""Key of the advisory lock that lets one process migrate at a time."""

Result = TypeVar("Result")


async def upgrade(owner_url: str, target: str = "head") -> None:
    """Apply what is missing, and let the application's role use the tables.

    Raises:
        DatabaseUnavailable: a newer version of WrenchAI has migrated the database.
    """
    await _on_connection(owner_url, lambda connection: _upgrade(connection, target))


async def current(owner_url: str) -> str | None:
    """The revision the database is at; ``None`` when it is empty."""
    return await _on_connection(owner_url, _current)


async def differences(owner_url: str) -> list[Any]:
    """What differs between the database and the tables this version defines; empty when they agree."""
    return await _on_connection(owner_url, _differences)


async def write_revision(owner_url: str, message: str) -> Path:
    """Write a new revision from the differences between the database and the tables, and return its file."""
    return await _on_connection(owner_url, lambda connection: _write_revision(connection, message))


def head() -> str:
    """The newest revision that this version knows."""
    revision = ScriptDirectory.from_config(_config(None)).get_current_head()
    if revision is None:
        raise DatabaseUnavailable("This installation has no migrations: install WrenchAI again.")
    return revision


def is_known(revision: str) -> bool:
    """Whether this version knows a revision: it wrote it, or can bring it up to date."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}


def _upgrade(connection: Connection, target: str) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
    try:
        _refuse_newer(connection)
        connection.commit()
        command.upgrade(_config(connection), target)
        connection.commit()
        _grant(connection)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
        connection.commit()


def _refuse_newer(connection: Connection) -> None:
    revision = _current(connection)
    if revision is not None and not is_known(revision):
        raise DatabaseUnavailable(
            f"The database is at revision {revision}, which a newer version of WrenchAI wrote: start that version."
        )


def _grant(connection: Connection) -> None:
    role = connection.execute(
        text("SELECT 1 FROM pg_roles WHERE rolname = :role AND rolname <> current_user"), {"role": APPLICATION_ROLE}
    ).first()
    if role is None:
        return
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION_ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION_ROLE}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {APPLICATION_ROLE}",
    ):
        connection.execute(text(statement))


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _write_revision(connection: Connection, message: str) -> Path:
    following = f"{len(list(ScriptDirectory.from_config(_config(None)).walk_revisions())) + 1:04d}"
    script = command.revision(_config(connection), message, autogenerate=True, rev_id=following)
    if not isinstance(script, Script):
        raise DatabaseUnavailable("No revision was written: the database is not at the newest one.")
    return Path(script.path)


def _config(connection: Connection | None) -> Config:
    config = Config(stdout=StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


async def _on_connection(url: str, work: Callable[[Connection], Result]) -> Result:
    engine = open_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
