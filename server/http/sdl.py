"""``/schema.graphql``: the published contract."""

from __future__ import annotations

from functools import cache

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from schema.print import sdl


def routes() -> list[Route]:
    """The page of the SDL. It is public on purpose."""
    return [Route("/schema.graphql", _page)]


async def _page(_: Request) -> PlainTextResponse:
    return PlainTextResponse(_text(), media_type="application/graphql; charset=utf-8")


@cache
def _text() -> str:
    return sdl()
