"""Addresses in both spellings, and what is said when nobody answers."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from persistence.addresses import (
    DatabaseAddresses,
    DatabaseUnavailable,
    asyncpg_url,
    check_database,
    describe,
    libpq_url,
)
from persistence.embedded import EmbeddedPostgres


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def addresses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatabaseAddresses]:
    server = EmbeddedPostgres()
    yield await server.start(tmp_path_factory.mktemp("addresses"))
    await server.stop()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"])
def test_each_driver_gets_its_own_spelling(scheme: str) -> None:
    url = f"{scheme}://me:p%40ss@db.example:5433/wrenchai?sslmode=require&application_name=x"
    assert libpq_url(url) == "postgresql://me:p%40ss@db.example:5433/wrenchai?sslmode=require&application_name=x"
    assert asyncpg_url(url) == "postgresql+asyncpg://me:p%40ss@db.example:5433/wrenchai?ssl=require"
    assert libpq_url(asyncpg_url(url)) == "postgresql://me:p%40ss@db.example:5433/wrenchai?sslmode=require"


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/x", "secret", "postgresql://u:secret@h", "postgresql://u:secret@h:x/d"]
)
def test_what_is_no_postgresql_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="postgresql://user:password@host:5432/database") as refused:
        libpq_url(url)
    assert "secret" not in str(refused.value)


def test_neither_repr_nor_description_shows_a_password() -> None:
    addresses = DatabaseAddresses.external("postgresql://me:secret@db.example/wrenchai")
    assert "secret" not in repr(addresses)
    assert describe(addresses.app_dsn) == "db.example/wrenchai"
    assert addresses.owner_dsn == addresses.app_dsn


async def test_answering_database_says_its_version(addresses: DatabaseAddresses) -> None:
    assert (await check_database(addresses.app_url)).startswith("18.")


async def test_missing_database_is_named(addresses: DatabaseAddresses) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"There is no database at .*/nowhere: create it"):
        await check_database(addresses.app_dsn.replace("/wrenchai?", "/nowhere?"))


async def test_refused_role_is_said(addresses: DatabaseAddresses) -> None:
    with pytest.raises(DatabaseUnavailable, match="refuses the user or password"):
        await check_database(addresses.app_dsn.replace("wrenchai_app@", "stranger:secret@"))


async def test_nobody_at_the_port_is_one_sentence_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DatabaseUnavailable) as refused:
        await check_database(f"postgresql+asyncpg://me:secret@127.0.0.1:{port}/wrenchai")
    assert f"The database at 127.0.0.1:{port}/wrenchai cannot be reached (connection refused)" in refused.value.message
    assert "secret" not in refused.value.message


async def test_silent_server_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / ".s.PGSQL.5432"))
        silent.listen()
        with pytest.raises(DatabaseUnavailable, match=r"no answer within 0.3 seconds"):
            await check_database(f"postgresql://me@/wrenchai?host={tmp_path}", timeout=0.3)
