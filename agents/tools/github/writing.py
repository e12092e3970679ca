"""Write to GitHub: an issue, a comment, a pull request."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.contract.egress import EgressRefused
from agents.tools.github.api import Answer, GitHubApi, class_of, no_answer
from agents.tools.github.models import Comment, CreateIssue, GitHubWriteArguments, Written
from domain.recovery import ErrorClass

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class WritingNotSeen(Exception):
    """It was sent, and no answer came that says what has become of it."""


class GitHubWrite(Tool[GitHubWriteArguments, Written]):
    """Must not be done twice: GitHub takes no idempotency keys, and would have two issues then.

    Instead the key is written into the body, where nobody sees it. Whoever is asked about a call whose end nobody saw
    looks for it in the repository.
    """

    name = "github_write"
    version = "1.0"
    purpose = "Writes an issue, a comment or a pull request to GitHub."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK, SideEffect.CHANGES_OTHERS)
    repeatable = False
    limits = ToolLimits(timeout=timedelta(seconds=130), max_output=2**20)
    arguments_model = GitHubWriteArguments
    result_model = Written

    async def run(self, scope: ToolScope, arguments: GitHubWriteArguments) -> Written:
        """Send it once.

        Raises:
            EgressRefused: api.github.com must not be reached.
            ToolFailure: it was not done: the secret is none, GitHub refuses it, or its limit is used up.
            WritingNotSeen: it may have been done.
        """
        mark = f"<!-- wrenchai {scope.idempotency_key} -->"
        path, body = _request(arguments, mark)
        seconds = arguments.timeout_seconds
        async with GitHubApi(scope, arguments.credential) as api:
            try:
                async with asyncio.timeout(seconds):
                    return _written(await api.send("POST", api.rest(path), body=body), mark)
            except NEVER_SENT as error:
                raise ToolFailure(f"{no_answer(error, seconds)}.", error_class=class_of(error)) from None
            except (httpx.HTTPError, OSError) as error:
                raise WritingNotSeen(f"{no_answer(error, seconds)}. Look for {mark} in {path}.") from None
            except EgressRefused:
                raise
            except ToolFailure as failure:
                if failure.error_class in {
                    ErrorClass.CONNECTION_LOST,
                    ErrorClass.TOOL_FAILED,
                }:  # it says nothing of use
                    raise WritingNotSeen(f"{failure} Look for {mark} in {path}.") from None
                raise


def _request(arguments: GitHubWriteArguments, mark: str) -> tuple[str, dict[str, Any]]:
    """The path, and what is sent to it."""
    action = arguments.action
    base = f"/repos/{action.owner}/{action.repository}"
    body = {"body": f"{action.body}\n\n{mark}".strip()}
    if isinstance(action, Comment):
        return f"{base}/issues/{action.number}/comments", body
    if isinstance(action, CreateIssue):
        return f"{base}/issues", {
            **body,
            "title": action.title,
            "labels": action.labels,
            "assignees": action.assignees,
        }
    return f"{base}/pulls", {
        **body,
        "title": action.title,
        "head": action.head,
        "base": action.base,
        "draft": action.draft,
    }


def _written(answer: Answer, mark: str) -> Written:
    document = answer.document
    if answer.status != 201 or not isinstance(document, dict) or not isinstance(document.get("id"), int):
        raise ToolFailure(f"GitHub answered something else than what was written (status {answer.status}).")
    number = document.get("number")
    return Written(
        url=str(document.get("html_url", "")),
        id=document["id"],
        number=number if isinstance(number, int) else None,
        mark=mark,
    )
