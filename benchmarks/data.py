"""The data of the benchmarks: of 10,000 tasks each has 5 executions, and depends on the 2 tasks before it."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from server.platform.wiring import DEFAULT_WORKSPACE

PROJECT = "00000000-0000-7000-8000-0000000000aa"
POINT_ID = UUID("00000000-0000-7001-8000-000000000077")

STATEMENTS = (
    """
    INSERT INTO projects (id, workspace_id, key, name, description, gate, last_number, version, created_at, updated_at)
    VALUES ($1::uuid, $2::uuid, 'BN', 'bench', '', '{}', $3, 1, now(), now())
    """,
    """
    INSERT INTO tasks (id, workspace_id, project_id, number, key, title, description, status, priority, agent, inputs,
      requirements, constraints, labels, metadata, retry, acceptance_checks, attempts, version, created_at, updated_at)
    SELECT ('00000000-0000-7001-8000-' || lpad(n::text, 12, '0'))::uuid, $2::uuid, $1::uuid, n, 'BN-' || n,
      'Task ' || n, '', 'COMPLETED', 3, 'inspector', '{}', '{}', '{}', '{}', '{}',
      '{"maxAttempts": 1, "backoffSeconds": 5}', '[]', 5, 1, now() + n * interval '1 ms', now()
    FROM generate_series(1, $3) n
    """,
    """
    INSERT INTO executions (id, workspace_id, project_id, task_id, number, agent, status, progress_done,
      progress_total, progress_message, inputs, epoch, crashes, timeout, started_at, finished_at, created_at)
    SELECT gen_random_uuid(), $2::uuid, $1::uuid, ('00000000-0000-7001-8000-' || lpad(n::text, 12, '0'))::uuid, k,
      'inspector', CASE WHEN k = 5 THEN 'SUCCEEDED' ELSE 'FAILED' END, 1, 1, '', '{}', 1, 0, interval '30 min',
      now(), now(), now() + k * interval '1 s'
    FROM generate_series(1, $3) n, generate_series(1, 5) k
    """,
    """
    INSERT INTO dependencies (id, workspace_id, task_id, depends_on_id, on_failure, created_at)
    SELECT gen_random_uuid(), $2::uuid, ('00000000-0000-7001-8000-' || lpad(n::text, 12, '0'))::uuid,
      ('00000000-0000-7001-8000-' || lpad((n - k)::text, 12, '0'))::uuid, 'BLOCK', now()
    FROM generate_series(3, $3) n, generate_series(1, 2) k
    WHERE $1::uuid IS NOT NULL
    """,
)


async def fill(owner_dsn: str, tasks: int) -> None:
    """Write so many tasks, and what belongs to them, straight into the tables: what is measured is reading them."""
    connection = await asyncpg.connect(owner_dsn)
    try:
        for statement in STATEMENTS:
            await connection.execute(statement, PROJECT, DEFAULT_WORKSPACE, tasks)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
