"""The built front end over HTTP: the console's page, and the hashed files it loads."""

from functools import partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB: Final = Path(__file__).parent / "web"

_POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # Monaco writes its themes and its layout into style elements
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}

PAGE_HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": "; ".join(f"{directive} {value}" for directive, value in _POLICY.items()),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

_ASSET_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; script-src 'self'",  # what a worker may do is said by its own file
    "x-content-type-options": "nosniff",
}

_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}

_NOT_BUILT: Final = "The web pages have not been built: run `make frontend`, then load this page again.\n"


class HashedFiles(StaticFiles):
    """Files whose names change with their content: a client may keep them for ever."""

    async def check_config(self) -> None:
        """Accept a folder that does not exist: then each file is missing, and a build may still come."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at `path`; raises `HTTPException` 404 where there is none and 405 for other verbs."""
        response = await super().get_response(path, scope)
        response.headers.update(_ASSET_HEADERS)
        # The table of the operating system may lack a type or have another one, and `nosniff` makes that fatal.
        if media_type := _MEDIA_TYPES.get(Path(path).suffix):
            response.headers["content-type"] = media_type
        return response


async def _console(request: Request, web: Path) -> Response:
    page = web / "console.html"
    if not page.is_file():
        return PlainTextResponse(_NOT_BUILT, status_code=503, headers={"cache-control": "no-store"})
    return FileResponse(page, headers=PAGE_HEADERS)


def routes(web: Path = WEB) -> list[BaseRoute]:
    """Return the routes `/console` and `/assets/*` for the build in the folder `web`.

    A build that appears or changes later is picked up; without one, `/console` answers 503 and says how to make it.
    """
    return [
        Route("/console", partial(_console, web=web), methods=["GET"]),
        Mount("/assets", HashedFiles(directory=web / "assets", check_dir=False)),
    ]
