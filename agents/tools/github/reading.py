"""Read from GitHub by REST or GraphQL."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.github.api import GitHubApi, class_of, limited, no_answer, rate_limit
from agents.tools.github.models import GitHubAnswer, GitHubArguments
from domain.recovery import ErrorClass

ENTRIES = ("items", "workflow_runs", "jobs", "artifacts", "check_runs", "repositories", "workflows", "secrets")
"""Where an object has its entries, of an answer that comes in pages and is no list."""


class GitHub(Tool[GitHubArguments, GitHubAnswer]):
    """Reads only, so it may be repeated."""

    name = "github"
    version = "1.0"
    purpose = "Reads from GitHub by its REST API or by GraphQL: repositories, issues, pull requests, runs, searches."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=130), max_output=48 * 2**20)
    arguments_model = GitHubArguments
    result_model = GitHubAnswer

    async def run(self, scope: ToolScope, arguments: GitHubArguments) -> GitHubAnswer:
        """Ask, page by page.

        Raises:
            EgressRefused: api.github.com must not be reached.
            ToolFailure: the secret is none, GitHub refuses it, its limit is used up (the message says until when), or
                it does not answer in time or with something that is no JSON.
        """
        seconds = arguments.timeout_seconds
        try:
            async with asyncio.timeout(seconds), GitHubApi(scope, arguments.credential) as api:
                if arguments.graphql is not None:
                    return await _by_graphql(api, arguments.graphql, arguments.variables)
                return await _by_rest(api, arguments)
        except (httpx.HTTPError, OSError) as error:
            raise ToolFailure(f"{no_answer(error, seconds)}.", error_class=class_of(error)) from None


async def _by_rest(api: GitHubApi, arguments: GitHubArguments) -> GitHubAnswer:
    query = {"per_page": str(arguments.per_page), **arguments.query}
    url: httpx.URL | None = api.rest(arguments.path or "/", query)
    document: Any = None
    first = None
    pages = 0
    while url is not None and pages < arguments.pages:
        answer = await api.send("GET", url, etag=arguments.etag if first is None else None)
        first = first or answer
        document = _together(document, answer.document) if pages else answer.document
        pages += 1
        following = (
            httpx.Response(200, headers={"link": answer.headers.get("link", "")}).links.get("next", {}).get("url")
        )
        url = api.within(url.join(following)) if following else None
    assert first is not None  # noqa: S101 - there is at least one page
    return GitHubAnswer(
        status=first.status,
        data=document,
        not_modified=first.status == 304,
        etag=first.headers.get("etag"),
        pages=pages,
        next_path=_path(api, url) if url is not None else None,
        rate_limit=rate_limit(answer.headers),
    )


def _together(before: Any, page: Any) -> Any:
    """The entries of both; an object keeps what the first page says beside them."""
    if isinstance(before, list) and isinstance(page, list):
        return [*before, *page]
    if isinstance(before, dict) and isinstance(page, dict):
        for name in ENTRIES:
            if isinstance(before.get(name), list) and isinstance(page.get(name), list):
                return {**before, name: [*before[name], *page[name]]}
    raise ToolFailure("GitHub answered pages that cannot be put together: ask for one page at a time.")


def _path(api: GitHubApi, url: httpx.URL) -> str:
    return url.raw_path.decode("ascii").removeprefix(api.base.path.rstrip("/"))


async def _by_graphql(api: GitHubApi, query: str, variables: dict[str, Any]) -> GitHubAnswer:
    _require_query(query)
    answer = await api.send("POST", api.graphql, body={"query": query, "variables": variables})
    document = answer.document if isinstance(answer.document, dict) else {}
    errors = [one for one in document.get("errors") or () if isinstance(one, dict)]
    limit = rate_limit(answer.headers)
    if any(one.get("type") == "RATE_LIMITED" for one in errors) and limit is not None:
        raise limited(limit.resets_at, f"rate limit of {limit.limit:,} points")
    said = [str(one.get("message", "an error without a message"))[:500] for one in errors[:20]]
    if document.get("data") is None:
        why = "; ".join(said) or "there is no data in the answer"
        raise ToolFailure(f"GitHub did not answer the query: {why.rstrip('.')}.", error_class=ErrorClass.BAD_INPUT)
    return GitHubAnswer(
        status=answer.status,
        data=document["data"],
        not_modified=False,
        etag=None,
        pages=1,
        next_path=None,
        rate_limit=limit,
        errors=said,
    )


def _require_query(text: str) -> None:
    try:
        document = parse(text, no_location=True)
    except (GraphQLError, RecursionError) as error:
        said = str(error).partition("\n")[0] or "it is nested too deeply"
        raise ToolFailure(f"The query cannot be read: {said}", error_class=ErrorClass.BAD_INPUT) from None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if any(one.operation is not OperationType.QUERY for one in operations) or len(operations) != 1:
        raise ToolFailure(
            "This tool sends one query and no mutation. To write, use github_write.", error_class=ErrorClass.BAD_INPUT
        )
