"""What the server's own views say, as typed rows, and the statements that ask them.

Sources: the statistics views of PostgreSQL (``pg_stat_activity``, ``pg_stat_database``, ``pg_stat_user_tables``,
``pg_locks``, ``pg_stat_replication``, ``pg_replication_slots``) and the extension ``pg_stat_statements``. Times are
seconds unless a name says otherwise, sizes bytes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, LiteralString

from pydantic import BaseModel, Field

QUERY = "The beginning of its statement; it may hold values."


class Section(StrEnum):
    """A part of what is looked at."""

    CONNECTIONS = "connections"
    ACTIVITY = "activity"
    DATABASES = "databases"
    TABLES = "tables"
    LOCKS = "locks"
    STATEMENTS = "statements"
    REPLICAS = "replicas"
    SLOTS = "slots"


class View(BaseModel):
    """Rows of one part. The one parameter of ``statement`` is the most rows."""

    statement: ClassVar[LiteralString]


class Connections(View):
    """How many connections are in one state."""

    statement: ClassVar[LiteralString] = """
        SELECT coalesce(state, 'hidden') AS state, count(*) AS count FROM pg_stat_activity
        WHERE backend_type = 'client backend' GROUP BY 1 ORDER BY 2 DESC LIMIT %s
    """

    state: str = Field(description="As in pg_stat_activity; `hidden` where our role may not see it.")
    count: int


class Activity(View):
    """A connection that is doing something, or holds a transaction open; the longest transaction comes first."""

    statement: ClassVar[LiteralString] = """
        SELECT pid, usename AS user, datname AS database, application_name AS application, state,
        nullif(concat_ws(': ', wait_event_type, wait_event), '') AS waits_for,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
        extract(epoch FROM clock_timestamp() - query_start)::float8 AS query_seconds,
        left(query, 500) AS query FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND state IS DISTINCT FROM 'idle' AND pid <> pg_backend_pid()
        ORDER BY xact_start NULLS LAST LIMIT %s
    """

    pid: int
    user: str | None
    database: str | None
    application: str | None
    state: str | None
    waits_for: str | None = Field(description="The kind and name of what it waits for.")
    transaction_seconds: float | None
    query_seconds: float | None
    query: str | None = Field(description=QUERY)


class DatabaseUse(View):
    """A database of the cluster since its statistics began."""

    statement: ClassVar[LiteralString] = """
        SELECT datname AS name,
        CASE WHEN has_database_privilege(datid, 'CONNECT') THEN pg_database_size(datid) END AS size,
        numbackends AS connections, xact_commit AS commits, xact_rollback AS rollbacks,
        blks_hit::float8 / nullif(blks_hit + blks_read, 0) AS cache_hit_ratio,
        deadlocks, temp_bytes AS temporary_bytes, conflicts
        FROM pg_stat_database WHERE datname IS NOT NULL ORDER BY 2 DESC NULLS LAST LIMIT %s
    """

    name: str
    size: int | None = Field(description="`None` where our role may not connect.")
    connections: int
    commits: int
    rollbacks: int
    cache_hit_ratio: float | None = Field(description="Of the blocks that were read, those from the cache: 0 to 1.")
    deadlocks: int
    temporary_bytes: int
    conflicts: int


class TableUse(View):
    """A table of the database that is connected to, the largest first."""

    statement: ClassVar[LiteralString] = """
        SELECT schemaname AS schema_name, relname AS name, pg_total_relation_size(relid) AS size,
        pg_indexes_size(relid) AS index_size, n_live_tup AS live_rows, n_dead_tup AS dead_rows,
        coalesce(seq_scan, 0) AS sequential_scans, coalesce(idx_scan, 0) AS index_scans,
        greatest(last_vacuum, last_autovacuum)::text AS last_vacuum,
        greatest(last_analyze, last_autoanalyze)::text AS last_analyze
        FROM pg_stat_user_tables ORDER BY 3 DESC LIMIT %s
    """

    schema_name: str
    name: str
    size: int = Field(description="With its indexes and what is stored out of line.")
    index_size: int
    live_rows: int
    dead_rows: int
    sequential_scans: int
    index_scans: int
    last_vacuum: str | None
    last_analyze: str | None


class LockWait(View):
    """A connection that waits for a lock, and those that hold it."""

    statement: ClassVar[LiteralString] = """
        SELECT waiting.pid, pg_blocking_pids(waiting.pid) AS blocked_by, waiting.mode,
        waiting.relation::regclass::text AS relation,
        extract(epoch FROM clock_timestamp() - waiting.waitstart)::float8 AS waiting_seconds,
        left(query, 500) AS query FROM pg_locks AS waiting JOIN pg_stat_activity USING (pid)
        WHERE NOT waiting.granted ORDER BY waiting.waitstart LIMIT %s
    """

    pid: int
    blocked_by: list[int]
    mode: str
    relation: str | None
    waiting_seconds: float | None
    query: str | None = Field(description=QUERY)


class StatementUse(View):
    """A statement of pg_stat_statements in this database, the one that took the most time first."""

    statement: ClassVar[LiteralString] = """
        SELECT left(query, 500) AS query, calls, total_exec_time AS total_milliseconds, mean_exec_time AS
        mean_milliseconds,
        rows, shared_blks_hit::float8 / nullif(shared_blks_hit + shared_blks_read, 0) AS cache_hit_ratio
        FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        ORDER BY total_exec_time DESC LIMIT %s
    """

    query: str
    calls: int
    total_milliseconds: float
    mean_milliseconds: float
    rows: int
    cache_hit_ratio: float | None


class Replica(View):
    """A server that follows this one."""

    statement: ClassVar[LiteralString] = """
        SELECT application_name AS application, state, sync_state AS sync,
        CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::int8 END AS
        lag_bytes,
        extract(epoch FROM replay_lag)::float8 AS replay_lag_seconds FROM pg_stat_replication ORDER BY 1 LIMIT %s
    """

    application: str | None
    state: str | None
    sync: str | None
    lag_bytes: int | None
    replay_lag_seconds: float | None


class Slot(View):
    """A replication slot, and what the server keeps because of it."""

    statement: ClassVar[LiteralString] = """
        SELECT slot_name AS name, slot_type AS kind, active, CASE WHEN NOT pg_is_in_recovery()
        THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 END AS retained_bytes
        FROM pg_replication_slots ORDER BY 1 LIMIT %s
    """

    name: str
    kind: str
    active: bool
    retained_bytes: int | None


VIEWS: dict[Section, type[View]] = {
    Section.CONNECTIONS: Connections,
    Section.ACTIVITY: Activity,
    Section.DATABASES: DatabaseUse,
    Section.TABLES: TableUse,
    Section.LOCKS: LockWait,
    Section.STATEMENTS: StatementUse,
    Section.REPLICAS: Replica,
    Section.SLOTS: Slot,
}
