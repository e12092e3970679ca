"""The screen query and one task by id, against one statement by asyncpg and against a fixed body by Starlette."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import asyncpg
import httpx

from benchmarks.data import fill
from benchmarks.measure import Row, per_second
from benchmarks.processes import Ground, peer

SCREEN = """
{ tasks(first: 50) { nodes {
  key title status
  dependencies { nodes { dependsOn { key status } } }
  executions(first: 5) { nodes { number status agent { kind title } } }
} } }
"""
POINT = '{ task(by: { key: "BN-77" }) { key title status version } }'

ONE_STATEMENT = """
SELECT json_agg(row_to_json(screen)) FROM (
  SELECT t.key, t.title, t.status,
    (SELECT json_agg(json_build_object('key', o.key, 'status', o.status))
       FROM dependencies d JOIN tasks o ON o.id = d.depends_on_id WHERE d.task_id = t.id) AS dependencies,
    (SELECT json_agg(json_build_object('number', e.number, 'status', e.status, 'agent', e.agent)) FROM
      (SELECT * FROM executions e WHERE e.task_id = t.id ORDER BY created_at DESC, id DESC LIMIT 5) e) AS executions
  FROM tasks t ORDER BY t.created_at DESC, t.id DESC LIMIT 50
) screen
"""
SECONDS = 4.0


async def run(here: Ground) -> list[Row]:
    """Requests per second at 1 and at 16 connections."""
    dsn = here.platform.addresses.owner_dsn
    await fill(dsn)
    rows = []
    async with (
        httpx.AsyncClient(base_url=here.address, headers=here.headers, trust_env=False) as http,
        asyncpg.create_pool(dsn, min_size=16, max_size=16) as pool,
        peer(here.folder) as fixed_address,
    ):
        await http.put(fixed_address, content=(await _post(http, SCREEN)).content)
        for connections in (1, 16):
            limit = await per_second(lambda: pool.fetchval(ONE_STATEMENT), seconds=SECONDS, connections=connections)
            fixed = await per_second(lambda: http.get(fixed_address), seconds=SECONDS, connections=connections)
            for name, document in (("screen query", SCREEN), ("task by key", POINT)):
                ours = await per_second(_asking(http, document), seconds=SECONDS, connections=connections)
                if document is SCREEN:
                    rows.append(
                        _row(
                            f"{name}, {connections} connection{'s' if connections > 1 else ''}",
                            ours,
                            "one SQL by asyncpg",
                            limit,
                        )
                    )
                rows.append(
                    _row(
                        f"{name}, {connections} connection{'s' if connections > 1 else ''}",
                        ours,
                        "a fixed body by Starlette",
                        fixed,
                    )
                )
    return rows


def _asking(http: httpx.AsyncClient, document: str) -> Callable[[], Awaitable[httpx.Response]]:
    return lambda: _post(http, document)


async def _post(http: httpx.AsyncClient, document: str) -> httpx.Response:
    response = await http.post("/graphql", json={"query": document})
    answer = json.loads(response.content)
    if "errors" in answer:
        raise RuntimeError(answer["errors"])
    return response


def _row(what: str, ours: float, against: str, limit: float) -> Row:
    return Row(what, f"{ours:.0f}/s", f"{against}: {limit:.0f}/s", f"{ours / limit:.3f}")
