"""A server that speaks what docs.github.com documents of the API, with what can go wrong there."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

ISSUES = 5
ETAG = 'W/"abc"'
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
REFUSALS: dict[str, tuple[dict[str, str], int, dict[str, str]]] = {
    "forbidden": (
        {"message": "Resource not accessible by personal access token"},
        403,
        {"X-Accepted-GitHub-Permissions": "administration=read"},
    ),
    "primary": ({"message": "API rate limit exceeded"}, 403, {}),
    "secondary": (SECONDARY, 403, {"Retry-After": "30"}),
    "silent-secondary": (SECONDARY, 403, {}),
    "too-many": ({"message": "Too many"}, 429, {}),
}
RAW = {
    "malformed": Response('{"a": ', media_type="application/json"),
    "down": Response("<html>unicorn</html>", 503),
    "elsewhere": Response(status_code=302, headers={"Location": "http://127.0.0.1:9/logs.txt"}),
    "round": Response(status_code=302, headers={"Location": "/api/v3/trouble/round"}),
}


@dataclass
class GitHubServer:
    """Give ``app`` to a server. ``token`` is the one that is accepted; ``asked`` are the requests that came."""

    token: str = "ghp_0123456789abcdefABCDEF"
    remaining: int = 4_999
    resets_at: int = field(default_factory=lambda: int(time.time()) + 3_600)
    asked: list[tuple[str, str]] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app(self) -> Starlette:
        """The application, below /api/v3 as of an Enterprise."""
        return Starlette(
            routes=[
                Route("/api/v3/repos/{owner}/{name}/issues", self._issues, methods=["GET", "POST"]),
                Route("/api/v3/repos/{owner}/{name}/pulls", self._create, methods=["POST"]),
                Route("/api/v3/repos/{owner}/{name}/issues/{number:int}/comments", self._create, methods=["POST"]),
                Route("/api/v3/search/issues", self._search),
                Route("/api/v3/trouble/{kind}", self._trouble, methods=["GET"]),
                Route("/api/graphql", self._graphql, methods=["POST"]),
                Route("/{rest:path}", lambda request: self._answer(request, {"message": "Not Found"}, 404)),
            ]
        )

    def _answer(self, request: Request, document: Any, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
        self.asked.append((request.method, str(request.url.path)))
        if request.headers.get("authorization", f"Bearer {self.token}") != f"Bearer {self.token}":
            document, status = {"message": "Bad credentials"}, 401
        limits = {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.resets_at),
            "X-RateLimit-Resource": "core",
        }
        return JSONResponse(document, status, {**limits, **headers})

    async def _issues(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._create(request)
        if request.path_params["name"] == "old":
            return RedirectResponse(str(request.url).replace("/old/", "/new/"), 301)
        if request.headers.get("if-none-match") == ETAG:
            return Response(status_code=304, headers={"ETag": ETAG})
        size, page = int(request.query_params["per_page"]), int(request.query_params.get("page", 1))
        entries = [{"number": number} for number in range(1, ISSUES + 1)][(page - 1) * size : page * size]
        more = _next(request, page + 1) if page * size < ISSUES else {}
        return self._answer(request, entries, headers={"ETag": ETAG, **more})

    async def _search(self, request: Request) -> Response:
        page = int(request.query_params.get("page", 1))
        found = {"total_count": 2, "items": [{"number": page}]}
        return self._answer(request, found, headers=_next(request, page + 1) if page < 2 else {})

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        if request.path_params["name"] == "silent":
            self.written.append(body)
            await self.hold.wait()
        if request.path_params["name"] == "broken":
            self.written.append(body)
            return Response("<html>502</html>", 502)
        if body.get("title") == "bad":
            wrong = [{"resource": "Issue", "field": "title", "code": "invalid"}]
            return self._answer(request, {"message": "Validation Failed", "errors": wrong}, 422)
        self.written.append(body)
        number = len(self.written)
        there = {"id": 1_000 + number, "number": number, "html_url": f"https://github.example/x/{number}"}
        return self._answer(request, there, 201)

    async def _trouble(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind == "hanging":
            await self.hold.wait()
        if kind == "primary":
            self.remaining = 0
        if kind in RAW:
            return RAW[kind]
        document, status, headers = REFUSALS.get(kind, ({"message": "Not Found"}, 404, {}))
        return self._answer(request, document, status, headers)

    async def _graphql(self, request: Request) -> Response:
        asked = await request.json()
        if "limited" in asked["query"]:
            self.remaining = 0
            return self._answer(request, {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]})
        if "partly" in asked["query"]:
            return self._answer(request, {"data": {"a": None}, "errors": [{"type": "FORBIDDEN", "message": "no a"}]})
        if "wrong" in asked["query"]:
            return self._answer(request, {"errors": [{"message": "Field 'wrong' doesn't exist"}]})
        return self._answer(request, {"data": json.loads(json.dumps({"echo": asked["variables"]}))})


def _next(request: Request, page: int) -> dict[str, str]:
    """The header that leads to another page."""
    return {"Link": f'<{request.url.include_query_params(page=page)}>; rel="next"'}
