"""The tools for databases, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from pydantic import ValidationError

from agents.contract import DatabaseIdentity, Services, ToolFailure
from agents.tools.database.monitoring import DatabaseMonitoring
from agents.tools.database.reading import Database
from agents.tools.database.writing import DatabaseWrite
from domain.states import ToolCallState
from tests.agents.outside.conftest import Bench
from tests.agents.outside.postgres import PostgresServer

pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def shop(bench: Bench, postgres: PostgresServer) -> Bench:
    bench.allow = (f"127.0.0.1:{postgres.port}",)
    bench.secrets = {"shop": postgres.url(), "reader": postgres.url("reader", "reading")}
    return bench


async def test_rows_are_typed(shop: Bench) -> None:
    found = await shop.call(
        Database,
        connection="shop",
        sql="/* all /* of */ them */ SELECT *, total > $1 AS dear, '\\x0102'::bytea AS raw, 0.5::float8 AS half,"
        " 'NaN'::float8 AS none FROM orders WHERE id = ANY($2) ORDER BY id",
        parameters=["50", [1, 2, 3]],
    )
    assert [(column.name, column.type) for column in found.columns] == [
        ("id", "integer"),
        ("total", "numeric"),
        ("paid_at", "timestamp with time zone"),
        ("tags", "text[]"),
        ("extra", "jsonb"),
        ("mood", "mood"),
        ("dear", "boolean"),
        ("raw", "bytea"),
        ("half", "double precision"),
        ("none", "double precision"),
    ]
    assert found.rows == [
        [1, "10.50", "2026-11-01 12:00:00.5+00", ["a", "b"], {"n": [1, None]}, "happy", False, "AQI=", 0.5, "nan"],
        [2, "99.99", None, [], None, "sad", True, "AQI=", 0.5, "nan"],
        [3, "NaN", "infinity", None, True, None, True, "AQI=", 0.5, "nan"],
    ]
    assert not found.truncated
    assert shop.calls[0].secrets == ("shop",)


async def test_rows_and_bytes_have_limits_and_nothing_found_has_columns(shop: Bench) -> None:
    many = "SELECT generate_series(1, 1000000000), repeat('x', 1000)"
    few = await shop.call(Database, connection="shop", sql=many, max_rows=3)
    assert ([row[0] for row in few.rows], few.truncated, len(few.columns)) == ([1, 2, 3], True, 2)
    small = await shop.call(Database, connection="shop", sql=many, max_bytes=2_500)
    assert ([row[0] for row in small.rows], small.truncated) == ([1, 2], True)
    nothing = await shop.call(Database, connection="shop", sql="SELECT id FROM orders WHERE id < 0")
    assert (nothing.rows, [one.name for one in nothing.columns]) == ([], ["id"])


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE counter SET n = 1", "'update' is none"),
        ("SELECT 1; DELETE FROM orders", "multiple commands"),
        ("WITH gone AS (DELETE FROM orders RETURNING 1) SELECT * FROM gone", "read-only transaction"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "25001"),
        ("COPY orders TO PROGRAM 'cat'", "'copy' is none"),
        ("DO $$ BEGIN DELETE FROM orders; END $$", "'do' is none"),
        ("EXPLAIN ANALYZE DELETE FROM orders", "read-only transaction"),
        ("-- nothing\n;", "there is none"),
        ("--\rCOPY (--\nSELECT 1) TO PROGRAM 'cat'", "'copy' is none"),
        ("/* /* */ */ --\rLOCK TABLE orders IN ACCESS SHARE MODE --\nSELECT 1", "'lock' is none"),
        ("--\r\n\f\v\tNOTIFY shop --\nSELECT 1", "'notify' is none"),
        ("\u00a0SELECT 1", "there is none"),
        ("SELECT nothing FROM orders", r'column "nothing" does not exist at character 8 \[42703\]'),
        ("SELECT $1::int", "there is no parameter|requires|parameters"),
    ],
)
async def test_what_is_no_reading_statement_is_refused(shop: Bench, sql: str, says: str) -> None:
    with pytest.raises(ToolFailure, match=says):
        await shop.call(Database, connection="shop", sql=sql)
    left = await shop.call(Database, connection="shop", sql="SELECT count(*), (SELECT n FROM counter) FROM orders")
    assert left.rows[0][0] == 3


async def test_a_comment_ends_where_the_server_ends_it(shop: Bench) -> None:
    for sql in ("--x\rSELECT 1", "--x\nSELECT 1", "--x\r\n--y\r((SELECT 1))", "\f\v /*--*/ SELECT 1"):
        assert (await shop.call(Database, connection="shop", sql=sql)).rows == [[1]]


async def test_a_statement_that_takes_too_long_is_stopped_at_the_server(shop: Bench, postgres: PostgresServer) -> None:
    with pytest.raises(ToolFailure, match=r"did not answer within|statement timeout"):
        await shop.call(Database, connection="shop", sql="SELECT pg_sleep(100)", timeout_seconds=0.5)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    with postgres.owner() as owner:
        async with asyncio.timeout(20):
            while owner.execute(running).fetchone() != (0,):
                await asyncio.sleep(0.02)


async def test_errors_say_nothing_of_the_url(shop: Bench, postgres: PostgresServer) -> None:
    port = postgres.port
    shop.secrets = {
        "wrong": f"postgresql://owner:SesameSesame@127.0.0.1:{port}/shop",
        "nowhere": f"postgresql://owner:SesameSesame@127.0.0.1:{port}/SesameSesame",
        "closed": "postgresql://owner:SesameSesame@127.0.0.1:1/shop",
        "odd": f"postgresql://owner:SesameSesame@127.0.0.1:{port}/shop?passfile=/etc/passwd",
        "none": "mysql://owner:SesameSesame@127.0.0.1/shop",
        "broken": "postgresql://owner:Sesame%Sesame@127.0.0.1/shop",
        "socket": "postgresql://owner:SesameSesame@/shop?host=/tmp",
        "private": "postgresql://owner:SesameSesame@10.0.0.1/shop",
    }
    shop.allow = ("127.0.0.1",)
    said = {
        "wrong": "password authentication failed",
        "nowhere": "cannot be opened",
        "closed": "refused",
        "odd": "sets passfile, which is not supported",
        "none": "is not the URL of a PostgreSQL",
        "broken": "cannot be read",
        "socket": "no socket of this machine",
        "private": "WRENCHAI_EGRESS_ALLOW",
        "missing": "There is no secret 'missing'",
    }
    for name, text in said.items():
        with pytest.raises(ToolFailure, match=text):
            await shop.call(Database, connection=name, sql="SELECT 1")
        assert "Sesame" not in shop.error
        assert "owner" not in shop.error
    with pytest.raises(ValidationError):
        await shop.call(Database, connection="", sql="SELECT 1")


async def test_the_platforms_own_database_is_never_opened(shop: Bench, postgres: PostgresServer) -> None:
    with postgres.owner() as owner:
        [(cluster,)] = owner.execute("SELECT system_identifier::text FROM pg_control_system()").fetchall()
    for tool in (Database, DatabaseWrite, DatabaseMonitoring):
        arguments = {} if tool is DatabaseMonitoring else {"sql": "SELECT 1"}
        for own in (DatabaseIdentity(cluster=cluster, name="shop"), DatabaseIdentity(cluster=None, name="shop")):
            shop.services = Services(own_database=own)
            with pytest.raises(ToolFailure, match="the platform's own database"):
                await shop.call(tool, connection="shop", **arguments)
    for other in (DatabaseIdentity(cluster=cluster, name="other"), DatabaseIdentity(cluster="1", name="shop")):
        shop.services = Services(own_database=other)
        assert (await shop.call(Database, connection="shop", sql="SELECT 1")).rows == [[1]]


async def test_a_change_is_made_once_and_whole(shop: Bench, postgres: PostgresServer) -> None:
    done = await shop.call(
        DatabaseWrite, connection="shop", sql="UPDATE counter SET n = n + $1 RETURNING n", parameters=[1]
    )
    assert (done.rows, done.affected, done.status) == ([[1]], 1, "UPDATE 1")
    plain = await shop.call(DatabaseWrite, connection="shop", sql="UPDATE counter SET n = n - 1")
    assert (plain.columns, plain.rows, plain.affected) == ([], [], 1)
    for sql, says in (
        ("UPDATE counter SET n = 1000", "check constraint"),
        ("UPDATE counter SET n = 1; UPDATE counter SET n = 2", "multiple commands"),
        ("UPDATE counter SET n = 5 FROM pg_sleep(100)", "did not answer within|statement timeout"),
    ):
        with pytest.raises(ToolFailure, match=says):
            await shop.call(DatabaseWrite, connection="shop", sql=sql, timeout_seconds=2)
    with pytest.raises(ToolFailure, match="permission denied"):
        await shop.call(DatabaseWrite, connection="reader", sql="DELETE FROM orders")
    assert {call.state for call in shop.calls[2:]} == {ToolCallState.FAILED}
    with postgres.owner() as owner:
        assert owner.execute("SELECT n FROM counter").fetchone() == (0,)


async def test_monitoring_says_what_goes_on(shop: Bench, postgres: PostgresServer) -> None:
    async with (
        await psycopg.AsyncConnection.connect(postgres.url()) as holder,
        await psycopg.AsyncConnection.connect(postgres.url()) as waiter,
    ):
        pid = holder.info.backend_pid
        await holder.execute("SELECT n FROM counter FOR UPDATE")
        waiting = asyncio.create_task(waiter.execute("SELECT n FROM counter FOR UPDATE"))
        report = await shop.call(DatabaseMonitoring, connection="shop")
        async with asyncio.timeout(20):
            while not report.locks:
                report = await shop.call(DatabaseMonitoring, connection="shop")
        await holder.rollback()
        await waiting
    [lock] = report.locks
    assert lock.blocked_by == [pid]
    marked = next(one for one in report.activity if one.pid == pid)
    assert (marked.state, marked.database) == ("idle in transaction", "shop")
    assert marked.transaction_seconds is not None
    assert {"orders", "counter"} <= {table.name for table in report.tables}
    assert {"shop", "postgres"} <= {one.name for one in report.databases}
    assert report.statements
    assert report.unavailable == {}
    assert (report.database, report.in_recovery, report.replicas, report.slots) == ("shop", False, [], [])
    seen = await shop.call(DatabaseMonitoring, connection="reader", sections=["connections", "statements"], limit=5)
    assert (seen.tables, seen.unavailable) == ([], {})


async def test_a_part_that_is_not_there_does_not_take_the_others_along(shop: Bench, postgres: PostgresServer) -> None:
    shop.secrets = {"other": postgres.url(name="postgres")}
    report = await shop.call(DatabaseMonitoring, connection="other", sections=["statements", "databases"])
    assert "pg_stat_statements" in report.unavailable["statements"]
    assert report.databases
    wrongs: list[dict[str, Any]] = [{"sections": ["weather"]}, {"sections": []}, {"limit": 0}]
    for wrong in wrongs:
        with pytest.raises(ValidationError):
            await shop.call(DatabaseMonitoring, connection="other", **wrong)
