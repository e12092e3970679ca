"""A PostgreSQL server of the tests' own, on loopback and with passwords: a database that belongs to somebody else."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from persistence.embedded import programs
from persistence.embedded.account import server_account
from tests.warden import watch

PASSWORD = "p@ss word/of the owner"
SETTINGS = (
    "fsync=off",
    "shared_preload_libraries=pg_stat_statements",
    "shared_buffers=16MB",
    "max_connections=30",
    "timezone=UTC",
)
TABLES = """
CREATE EXTENSION pg_stat_statements;
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE orders
    (id int PRIMARY KEY, total numeric(10, 2), paid_at timestamptz, tags text[], extra jsonb, mood mood);
INSERT INTO orders VALUES
    (1, 10.50, '2026-11-01 12:00:00.5+00', '{a,b}', '{"n": [1, null]}', 'happy'),
    (2, 99.99, NULL, '{}', NULL, 'sad'),
    (3, 'NaN', 'infinity', NULL, 'true', NULL);
CREATE TABLE counter (n int CHECK (n < 100));
INSERT INTO counter VALUES (0);
CREATE ROLE reader LOGIN PASSWORD 'reading';
GRANT SELECT ON orders TO reader;
"""


@dataclass(frozen=True)
class PostgresServer:
    """Where it is. ``url`` is for its owner."""

    port: int

    def url(self, user: str = "owner", password: str = "p%40ss%20word%2Fof%20the%20owner", name: str = "shop") -> str:
        """The address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{name}"

    def owner(self) -> psycopg.Connection:
        """A connection that commits each statement."""
        return psycopg.connect(self.url(), autocommit=True)


@contextmanager
def postgres_server(factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Make a cluster and run its server."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-shop-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        watch(folder, remove=True)
        cluster = folder / "cluster"
        cluster.mkdir()
        account = server_account(cluster)
        account.own(cluster)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        options = ["-D", str(cluster), "-U", "owner", "--auth=scram-sha-256", f"--pwfile={password}", "--no-sync"]
        settings = [part for one in SETTINGS for part in ("--set", one)]
        made = programs.run(
            "initdb", [*options, "--encoding=UTF8", "--locale=C", *settings], account=account, timeout=120
        )
        assert made.exit_code == 0, made.output
        port = _free_port()
        start = ["start", "-w", "-D", str(cluster), "-l", str(cluster / "log"), "-o"]
        started = programs.run("pg_ctl", [*start, f"-h 127.0.0.1 -p {port} -k {cluster}"], account=account, timeout=120)
        assert started.exit_code == 0, started.output
        server = PostgresServer(port)
        try:
            with psycopg.connect(server.url(name="postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            with server.owner() as connection:
                connection.execute(TABLES)
            yield server
        finally:
            programs.run("pg_ctl", ["stop", "-m", "immediate", "-D", str(cluster)], account=account, timeout=60)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
