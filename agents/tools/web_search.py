"""Search the web with a SearXNG that the owner of the installation has named.

Source: docs.searxng.org, "Search API".
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import StrEnum
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolMissing, ToolScope
from agents.recovery import classify
from agents.tools.web_services import USER_AGENT, parsed, read_whole, service_client
from domain.recovery import ErrorClass

MOST_BYTES = 4 * 2**20
WEB = ("http://", "https://")


class TimeRange(StrEnum):
    """How old what is found may be."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class SearchArguments(BaseModel):
    """What to look for."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "asyncpg prepared statements pgbouncer", "max_results": 5}]}
    )

    query: str = Field(min_length=1, max_length=500, description="What to look for, as one types it.")
    categories: list[str] = Field(
        default_factory=list,
        max_length=10,
        description="Such as `general`, `it` or `science`; SearXNG's choice if none.",
    )
    language: str | None = Field(None, pattern=r"^[A-Za-z-]{2,12}$", description="Such as `en` or `de-CH`.")
    time_range: TimeRange | None = Field(None, description="How old it may be.")
    safe_search: int = Field(0, ge=0, le=2, description="0 leaves nothing out, 2 is strict.")
    page: int = Field(1, ge=1, le=100, description="Which page of the results.")
    max_results: int = Field(10, ge=1, le=100, description="Results that are answered at most.")
    timeout_seconds: float = Field(20, gt=0, le=60, description="How long it may take.")


class Hit(BaseModel):
    """One result, in the order of their score."""

    title: str
    url: str
    snippet: str = Field(description="A piece of the page, as the engine shows it.")
    engine: str = Field(description="The search engine that found it.")
    engines: list[str] = Field(description="All that found it.")
    score: float | None
    published: str | None = Field(description="When it was published, as the engine says.")


class SearchAnswer(BaseModel):
    """What was found."""

    query: str
    results: list[Hit]
    truncated: bool = Field(description="The page had more results than were asked for.")
    answers: list[str] = Field(description="Direct answers, such as a calculation.")
    suggestions: list[str] = Field(description="What else one could look for.")
    unresponsive: dict[str, str] = Field(description="Engines that did not answer, each with the reason.")


class WebSearch(Tool[SearchArguments, SearchAnswer]):
    """Reads only, so it may be repeated."""

    name = "web_search"
    version = "1.0"
    purpose = "Searches the web with the owner's SearXNG, and answers titles, addresses and snippets."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=70), max_output=4 * 2**20)
    arguments_model = SearchArguments
    result_model = SearchAnswer

    async def run(self, scope: ToolScope, arguments: SearchArguments) -> SearchAnswer:
        """Ask once.

        Raises:
            ToolMissing: the owner has named no SearXNG.
            ToolFailure: it refuses, or does not answer in time or with something that is no JSON.
        """
        base = scope.services.search_url
        if base is None:
            raise ToolMissing(
                "No search engine is set up: set WRENCHAI_SEARCH_URL to the address of a SearXNG whose settings name "
                "json under search.formats."
            )
        try:
            async with asyncio.timeout(arguments.timeout_seconds), service_client(None) as http:
                request = http.build_request(
                    "GET",
                    f"{base.rstrip('/')}/search",
                    params=_parameters(arguments),
                    headers={"accept": "application/json", "user-agent": USER_AGENT},
                )
                response = await http.send(request, stream=True)
                try:
                    _require(response)
                    document = parsed(await read_whole(response, MOST_BYTES, "The search engine"), "The search engine")
                finally:
                    await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            said = f"did not answer within {arguments.timeout_seconds:g} seconds"
            if not isinstance(error, TimeoutError):
                said = f"cannot be asked: {str(error) or type(error).__name__}"
            raise ToolFailure(f"The search engine {said}.", error_class=classify(error)) from None
        return _answer(arguments, document)


def _parameters(arguments: SearchArguments) -> dict[str, str]:
    given = {
        "q": arguments.query,
        "format": "json",
        "categories": ",".join(arguments.categories),
        "language": arguments.language or "",
        "time_range": arguments.time_range or "",
        "safesearch": str(arguments.safe_search),
        "pageno": str(arguments.page),
    }
    return {name: value for name, value in given.items() if value}


def _require(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 403:
        raise ToolFailure(
            "The search engine refuses the format json: name it under search.formats in its settings.yml.",
            error_class=ErrorClass.BAD_INPUT,
        )
    if status == 429:
        raise ToolFailure(
            "The search engine was asked too often: wait, or let its limiter pass this machine.",
            error_class=ErrorClass.RATE_LIMITED,
        )
    found = ErrorClass.CONNECTION_LOST if status >= 500 else ErrorClass.BAD_INPUT
    raise ToolFailure(f"The search engine answered with status {status}: see its log.", error_class=found)


def _answer(arguments: SearchArguments, document: Any) -> SearchAnswer:
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise ToolFailure("What answered is no SearXNG: there is no list of results in its answer.")
    hits = [hit for one in document["results"] if isinstance(one, dict) and (hit := _hit(one)) is not None]
    return SearchAnswer(
        query=arguments.query,
        results=hits[: arguments.max_results],
        truncated=len(hits) > arguments.max_results,
        answers=[text for one in _listed(document, "answers") if (text := _answer_text(one))][:20],
        suggestions=[str(one)[:200] for one in _listed(document, "suggestions")][:20],
        unresponsive={
            str(one[0])[:100]: str(one[1])[:200]
            for one in _listed(document, "unresponsive_engines")
            if isinstance(one, list) and len(one) > 1
        },
    )


def _listed(document: dict[str, Any], name: str) -> list[Any]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _hit(result: dict[str, Any]) -> Hit | None:
    """A result that leads somewhere in the web; others (a calculation, a torrent) are left out."""
    url = str(result.get("url") or "")
    if not url.lower().startswith(WEB):
        return None
    score = result.get("score")
    published = result.get("publishedDate")
    return Hit(
        title=str(result.get("title") or "")[:300],
        url=url[:2_000],
        snippet=str(result.get("content") or "")[:1_000],
        engine=str(result.get("engine") or "")[:100],
        engines=[str(one)[:100] for one in _listed(result, "engines")][:20],
        score=float(score) if isinstance(score, int | float) else None,
        published=str(published)[:50] if published else None,
    )


def _answer_text(answer: Any) -> str:
    """Newer releases answer objects, older ones texts."""
    return str(answer.get("answer") or "" if isinstance(answer, dict) else answer)[:1_000]
