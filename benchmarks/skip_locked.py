"""The limit of the engine, as a process: a loop that claims a row of a queue table, marks it running, and then done.

It keeps no lease, no attempt, no event and no report, and loses what it holds when it dies.
"""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import uvloop

NAME = "benchmarks.skip_locked"
CREATE = (
    "CREATE SCHEMA bench",
    """
    CREATE TABLE bench.queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, status text NOT NULL DEFAULT 'QUEUED',
      started_at timestamptz, finished_at timestamptz)
    """,
    "CREATE INDEX ON bench.queue (id) WHERE status = 'QUEUED'",
)
DROP = "DROP SCHEMA IF EXISTS bench CASCADE"
CLAIM = """
UPDATE bench.queue SET status = 'RUNNING', started_at = clock_timestamp() WHERE id =
  (SELECT id FROM bench.queue WHERE status = 'QUEUED' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""
FINISH = "UPDATE bench.queue SET status = 'DONE', finished_at = clock_timestamp() WHERE id = $1"
PAUSE = 0.005


async def main(dsn: str, slots: int) -> None:
    """Work with so many connections until the process is ended."""

    async def slot() -> None:
        connection = await asyncpg.connect(dsn, server_settings={"application_name": NAME})
        claim, finish = await connection.prepare(CLAIM), await connection.prepare(FINISH)
        while True:
            claimed = await claim.fetchval()
            if claimed is None:
                await asyncio.sleep(PAUSE)
            else:
                await finish.fetchval(claimed)

    await asyncio.gather(*(slot() for _ in range(slots)))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
