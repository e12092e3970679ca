"""``/errors/<CODE>``: what an error code means and what to do about it."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from domain.error_codes import ErrorCode

PACKAGED = Path(__file__).parent / "pages"
IN_CHECKOUT = Path(__file__).parents[2] / "docs" / "errors"
"""A wheel carries the pages beside this module; a checkout has them where they are written."""


def routes() -> list[Route]:
    """The pages, in Markdown as they are written."""
    return [Route("/errors/{code}", _page)]


def text_of(code: ErrorCode) -> str:
    """The page of a code, in Markdown."""
    folder = PACKAGED if PACKAGED.is_dir() else IN_CHECKOUT
    return (folder / f"{code.value}.md").read_text(encoding="utf-8")


async def _page(request: Request) -> PlainTextResponse:
    try:
        code = ErrorCode(request.path_params["code"])
    except ValueError:
        return PlainTextResponse("There is no such error code.\n", status_code=404)
    return PlainTextResponse(text_of(code), media_type="text/markdown; charset=utf-8")
