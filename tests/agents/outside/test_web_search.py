"""Searching the web, against a server on loopback that speaks SearXNG's documented API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from agents.contract import Services, ToolFailure, ToolMissing
from agents.tools.web_search import WebSearch
from tests.agents.outside.conftest import Bench, serving

FOUND = {
    "query": "postgres",
    "number_of_results": 0,
    "results": [
        {
            "url": f"https://example.org/{number}",
            "title": f"Result {number}",
            "content": "x" * 2_000,
            "engine": "brave",
            "engines": ["brave", "mojeek"],
            "score": 2.5,
            "category": "general",
            "publishedDate": "2026-11-01T00:00:00",
            "parsed_url": ["https", "example.org", f"/{number}", "", "", ""],
            "template": "default.html",
            "positions": [1],
        }
        for number in range(3)
    ]
    + [{"url": "magnet:?xt=1", "title": "No page", "engine": "torrent"}, {"title": "No address"}],
    "answers": [{"answer": "42", "url": None}, "an older one"],
    "corrections": [],
    "infoboxes": [],
    "suggestions": ["postgresql"],
    "unresponsive_engines": [["google", "too many requests"]],
}


@dataclass
class SearXNG:
    """What it answers, and what it was asked."""

    asked: list[dict[str, str]] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)

    async def search(self, request: Request) -> Response:
        """``/search``."""
        self.asked.append(dict(request.query_params))
        match request.query_params["q"]:
            case "no json":
                return PlainTextResponse("", 403)
            case "limited":
                return PlainTextResponse("Too Many Requests", 429)
            case "broken":
                return PlainTextResponse("", 500)
            case "malformed":
                return PlainTextResponse("<html></html>")
            case "another":
                return JSONResponse({"hits": []})
            case "hanging":
                await self.hold.wait()
        return JSONResponse(FOUND)


@pytest.fixture
async def searxng(bench: Bench) -> AsyncIterator[SearXNG]:
    server = SearXNG()
    async with serving(Starlette(routes=[Route("/search", server.search)])) as address:
        bench.services = Services(search_url=address)
        try:
            yield server
        finally:
            server.hold.set()


async def test_results_are_typed_and_limited(bench: Bench, searxng: SearXNG) -> None:
    found = await bench.call(
        WebSearch, query="postgres", categories=["it", "general"], language="de", time_range="year", max_results=2
    )
    assert searxng.asked == [
        {
            "q": "postgres",
            "format": "json",
            "categories": "it,general",
            "language": "de",
            "time_range": "year",
            "safesearch": "0",
            "pageno": "1",
        }
    ]
    assert ([hit.url for hit in found.results], found.truncated) == (
        ["https://example.org/0", "https://example.org/1"],
        True,
    )
    first = found.results[0]
    assert (first.title, len(first.snippet), first.engine, first.score) == ("Result 0", 1_000, "brave", 2.5)
    assert (found.answers, found.suggestions) == (["42", "an older one"], ["postgresql"])
    assert found.unresponsive == {"google": "too many requests"}
    assert len((await bench.call(WebSearch, query="postgres")).results) == 3


async def test_without_a_search_engine_it_says_what_to_set(bench: Bench) -> None:
    with pytest.raises(ToolMissing, match="set WRENCHAI_SEARCH_URL"):
        await bench.call(WebSearch, query="postgres")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("no json", "name it under search.formats"),
        ("limited", "asked too often"),
        ("broken", "status 500"),
        ("malformed", "did not answer JSON"),
        ("another", "no SearXNG"),
        ("hanging", "did not answer within 0.3 seconds"),
    ],
)
async def test_what_goes_wrong_is_said(bench: Bench, searxng: SearXNG, query: str, says: str) -> None:
    with pytest.raises(ToolFailure, match=says):
        await bench.call(WebSearch, query=query, timeout_seconds=0.3)


async def test_nobody_there_is_said(bench: Bench) -> None:
    bench.services = Services(search_url="http://127.0.0.1:9")
    with pytest.raises(ToolFailure, match="cannot be asked"):
        await bench.call(WebSearch, query="postgres")


@pytest.mark.parametrize("wrong", [{}, {"query": ""}, {"query": "a", "language": "d;e"}, {"query": "a", "page": 0}])
def test_what_is_no_search_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WebSearch.arguments_model.model_validate(wrong)
