"""``/healthz`` and ``/readyz``: whether this process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Checks = Mapping[str, Callable[[], Awaitable[None]]]
"""By name; a check that fails raises, and its message is shown."""

LONGEST = 5.0
"""Seconds a check may take."""


def routes(checks: Checks) -> list[Route]:
    """Both pages. ``/healthz`` asks nothing of anybody; ``/readyz`` is 503 while a check fails."""

    async def alive(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def ready(_: Request) -> JSONResponse:
        answers = await asyncio.gather(*(_ask(check) for check in checks.values()))
        results = dict(zip(checks, answers, strict=True))
        failed = any(answer != "ok" for answer in results.values())
        return JSONResponse(
            {"status": "unavailable" if failed else "ok", "checks": results}, status_code=503 if failed else 200
        )

    return [Route("/healthz", alive), Route("/readyz", ready)]


async def _ask(check: Callable[[], Awaitable[None]]) -> str:
    try:
        async with asyncio.timeout(LONGEST):
            await check()
    except TimeoutError:
        return f"no answer within {LONGEST:g} seconds"
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is that this part is not ready
        return type(error).__name__
    return "ok"
