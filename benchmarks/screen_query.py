"""The screen query and one task by its id: against PostGraphile on the same database, and against the limits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack

import asyncpg
import httpx

from benchmarks.http_connection import HttpConnection, connections, get, post
from benchmarks.measure import Row, Target
from benchmarks.postgraphile.serving import postgraphile
from benchmarks.processes import Ground, fixed_body
from benchmarks.questions import ONE_STATEMENT, PEER_POINT, PEER_SCREEN, POINT, SCREEN, Question
from benchmarks.turns import Contender, Score, Work, in_turns
from server.platform.wiring import DEFAULT_WORKSPACE

OURS, PEER, FIXED, SQL = "WrenchAI", "PostGraphile", "a fixed body by Starlette", "one SQL by asyncpg"
TARGETS = {"screen query": Target(0.2), "task by id": Target(1.0)}


async def run(here: Ground) -> list[Row]:
    """Requests per second at 1 and at 16 connections, over keep-alive HTTP/1.1."""
    addresses = here.platform.addresses
    ours = f"{here.address}/graphql"
    rows = []
    async with AsyncExitStack() as stack:
        pool_size = here.platform.settings.database_pool_size
        peer = await stack.enter_async_context(postgraphile(addresses.app_dsn, pool_size=pool_size, folder=here.folder))
        pool = await stack.enter_async_context(asyncpg.create_pool(addresses.app_dsn, min_size=10, max_size=10))
        fixed = await stack.enter_async_context(fixed_body(here.folder))
        for name, question, peers in (("screen query", SCREEN, PEER_SCREEN), ("task by id", POINT, PEER_POINT)):
            requests = {OURS: post(ours, question.content, here.headers), PEER: post(peer.address, peers.content, {})}
            body = await _agreed(requests, {OURS: question, PEER: peers}, {OURS: ours, PEER: peer.address})
            async with httpx.AsyncClient(trust_env=False) as http:
                (await http.put(fixed, content=body)).raise_for_status()
            for count in here.scale.connections:
                async with AsyncExitStack() as lines:
                    contenders = {
                        OURS: Contender(lanes=await _lanes(lines, ours, requests[OURS], count), pid=here.pid),
                        PEER: Contender(lanes=await _lanes(lines, peer.address, requests[PEER], count), pid=peer.pid),
                        FIXED: Contender(lanes=await _lanes(lines, fixed, get(fixed), count)),
                    }
                    if question is SCREEN:
                        contenders[SQL] = Contender(
                            lanes=[lambda: pool.fetchval(ONE_STATEMENT, DEFAULT_WORKSPACE)] * count
                        )
                    scores = await in_turns(contenders, here.scale.pace)
                rows += _rows(name, count, scores)
    return rows


async def _agreed(
    requests: Mapping[str, bytes], questions: Mapping[str, Question], addresses: Mapping[str, str]
) -> bytes:
    """Our answer, once it is certain that the peer's holds the same facts.

    Raises:
        ValueError: it does not, and a comparison would be void.
    """
    bodies = {}
    for name, request in requests.items():
        with connections(addresses[name], 1) as (connection,):
            bodies[name] = await connection.send(request)
    ours, peer = (questions[name].read(bodies[name]) for name in (OURS, PEER))
    if ours != peer:
        raise ValueError(f"the answers differ: {ours[:1]} is not {peer[:1]}")
    return bodies[OURS]


async def _lanes(stack: AsyncExitStack, address: str, request: bytes, count: int) -> list[Work]:
    opened = stack.enter_context(connections(address, count))
    first = await opened[0].send(request)

    def lane(connection: HttpConnection) -> Work:
        async def ask() -> None:
            if await connection.send(request) != first:
                raise ValueError(f"{address} does not give the same answer each time")

        return ask

    return [lane(connection) for connection in opened]


def _rows(name: str, count: int, scores: Mapping[str, Score]) -> list[Row]:
    ours = scores[OURS]
    return [
        Row(
            f"{name}, {count} connection{'s' if count > 1 else ''}",
            _shown(ours),
            f"{against}: {_shown(score)}",
            f"{ours.per_second / score.per_second:.3f}",
        ).aiming(TARGETS[name] if against == PEER else None, ours.per_second / score.per_second)
        for against, score in scores.items()
        if against != OURS
    ]


def _shown(score: Score) -> str:
    return f"{score.per_second:.0f}/s" + ("" if score.cpu_each is None else f" (CPU each: {score.cpu_each:.1f} ms)")
