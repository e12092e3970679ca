"""``GET /metrics``: what this process has counted, and how full the house is, for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.actor import Actor, Permission
from persistence.census import Census
from server.security.authentication import Authenticator

LONGEST = 5.0
"""Seconds that the database may take; after that the page goes without what is counted there."""

Count = Callable[[], Awaitable[Census]]


def routes(registry: CollectorRegistry | None, authenticate: Authenticator[Actor], count: Count) -> list[Route]:
    """The page, when there is one. It tells how much is going on here, so it wants the local token as the API does."""
    if registry is None:
        return []

    async def shown(request: Request) -> Response:
        actor = await authenticate(request, None)
        if actor is None or not actor.may(Permission.READ):
            text = "Send 'Authorization: Bearer <local token>'; in Prometheus that is authorization.credentials_file.\n"
            return PlainTextResponse(text, status_code=401, headers={"www-authenticate": "Bearer"})
        counted = CollectorRegistry(auto_describe=False)
        counted.register(_Counted(await _in_time(count)))
        page = await asyncio.to_thread(lambda: generate_latest(registry) + generate_latest(counted))
        return Response(page, media_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"cache-control": "no-store"})

    return [Route("/metrics", shown)]


async def _in_time(count: Count) -> Census | None:
    try:
        async with asyncio.timeout(LONGEST):
            return await count()
    except Exception:  # noqa: BLE001 - the page is most wanted when the database is away
        return None


class _Counted(Collector):
    """What was counted in the database for one reading of the page."""

    def __init__(self, census: Census | None) -> None:
        self._census = census

    def collect(self) -> Iterable[Metric]:
        """The gauges; without a database only the one that says so."""
        up = GaugeMetricFamily("wrenchai_database_up", "1 when the database answered.")
        up.add_metric([], 0 if self._census is None else 1)
        yield up
        if self._census is None:
            return
        live = GaugeMetricFamily(
            "wrenchai_executions_live", "Executions that have not ended.", labels=["agent", "status"]
        )
        for (agent, status), number in sorted(self._census.executions.items()):
            live.add_metric([agent, status], number)
        yield live
        workers = GaugeMetricFamily("wrenchai_workers_alive", "Workers whose last beat is younger than the lease.")
        workers.add_metric([], self._census.workers)
        yield workers
        slots = GaugeMetricFamily("wrenchai_worker_slots", "Executions that the living workers can run at once.")
        slots.add_metric([], self._census.slots)
        yield slots
