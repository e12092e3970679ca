"""The tools for GitHub, against a server on loopback that speaks the documented API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from agents.contract import AgentFailure, Services, ToolFailure
from agents.contract.egress import EgressRefused
from agents.tools.github.reading import GitHub
from agents.tools.github.writing import GitHubWrite
from domain.recovery import ErrorClass
from domain.states import ToolCallState
from tests.agents.outside.conftest import Bench, serving
from tests.agents.outside.github_server import ETAG, GitHubServer

ISSUES = "/repos/octocat/hello/issues"


@pytest.fixture
async def github(bench: Bench) -> AsyncIterator[GitHubServer]:
    server = GitHubServer()
    async with serving(server.app) as address:
        bench.services = Services(github_url=f"{address}/api/v3")
        bench.secrets = {"github-token": f"{server.token}\n", "old-token": "ghp_this_was_revoked"}
        try:
            yield server
        finally:
            server.hold.set()


async def test_pages_are_put_together_and_the_rest_is_led_to(bench: Bench, github: GitHubServer) -> None:
    found = await bench.call(GitHub, path=ISSUES, per_page=2, pages=2)
    assert [one["number"] for one in found.data] == [1, 2, 3, 4]
    assert (found.pages, found.etag, found.next_path) == (2, ETAG, f"{ISSUES}?per_page=2&page=3")
    assert found.rate_limit is not None
    assert (found.rate_limit.remaining, found.rate_limit.resource) == (4_999, "core")
    rest = await bench.call(GitHub, path=found.next_path, per_page=2)
    assert ([one["number"] for one in rest.data], rest.next_path) == ([5], None)
    search = await bench.call(GitHub, path="/search/issues", query={"q": "is:open"}, pages=5)
    assert search.data == {"total_count": 2, "items": [{"number": 1}, {"number": 2}]}
    assert bench.calls[0].secrets == ("github-token",)


async def test_an_etag_spares_the_answer_and_a_renamed_repository_is_followed(
    bench: Bench, github: GitHubServer
) -> None:
    same = await bench.call(GitHub, path=ISSUES, etag=ETAG)
    assert (same.not_modified, same.status, same.data) == (True, 304, None)
    moved = await bench.call(GitHub, path="/repos/octocat/old/issues")
    assert len(moved.data) == 5
    assert github.asked[-1] == ("GET", "/api/v3/repos/octocat/new/issues")


async def test_graphql_is_asked_and_never_told(bench: Bench, github: GitHubServer) -> None:
    found = await bench.call(GitHub, graphql="query($n: Int) { echo(n: $n) }", variables={"n": 7})
    assert found.data == {"echo": {"n": 7}}
    partly = await bench.call(GitHub, graphql="{ partly }")
    assert (partly.data, partly.errors) == ({"a": None}, ["no a"])
    asked = len(github.asked)
    for query, says in (
        ("mutation { addStar(input: {}) { clientMutationId } }", "no mutation"),
        ("query A { a } mutation B { b }", "no mutation"),
        ("query {", "cannot be read"),
    ):
        with pytest.raises(ToolFailure, match=says):
            await bench.call(GitHub, graphql=query)
    assert len(github.asked) == asked
    with pytest.raises(ToolFailure, match="doesn't exist"):
        await bench.call(GitHub, graphql="{ wrong }")
    with pytest.raises(ToolFailure, match="5,000 points is used up"):
        await bench.call(GitHub, graphql="{ limited }")


@pytest.mark.parametrize(
    ("path", "says", "error_class"),
    [
        ("/trouble/forbidden", "not accessible by personal access token. It needs administration=read", "BAD_INPUT"),
        ("/trouble/secondary", "secondary rate limit is used up: try again after 20", "RATE_LIMITED"),
        ("/trouble/silent-secondary", "secondary rate limit is used up", "RATE_LIMITED"),
        ("/trouble/too-many", "secondary rate limit is used up", "RATE_LIMITED"),
        ("/trouble/malformed", "did not answer JSON", "CONNECTION_LOST"),
        ("/trouble/down", r"in trouble \(status 503\)", "CONNECTION_LOST"),
        ("/trouble/elsewhere", "the token does not go there", "BAD_INPUT"),
        ("/trouble/round", "redirects .* more than 3 times", "BAD_INPUT"),
        ("/repos/octocat/nothing", "There is no /api/v3/repos/octocat/nothing", "BAD_INPUT"),
    ],
)
async def test_each_refusal_says_what_it_means(
    bench: Bench, github: GitHubServer, path: str, says: str, error_class: str
) -> None:
    with pytest.raises(ToolFailure, match=says) as failed:
        await bench.call(GitHub, path=path)
    assert failed.value.error_class is ErrorClass(error_class)
    assert github.token not in bench.error


async def test_a_limit_says_until_when_and_a_long_one_is_not_waited_for(bench: Bench, github: GitHubServer) -> None:
    until = f"{datetime.fromtimestamp(github.resets_at, UTC):%Y-%m-%d %H:%M:%S} UTC"
    with pytest.raises(
        ToolFailure, match=f"rate limit of 5,000 requests is used up: try again after {until}"
    ) as failed:
        await bench.call(GitHub, path="/trouble/primary")
    assert failed.value.error_class is ErrorClass.REFUSED


async def test_tokens_that_are_none_or_not_accepted(bench: Bench, github: GitHubServer) -> None:
    with pytest.raises(ToolFailure, match=r"does not accept the token: Bad credentials. Set its secret anew"):
        await bench.call(GitHub, path=ISSUES, credential="old-token")
    with pytest.raises(ToolFailure, match="There is no secret 'missing'"):
        await bench.call(GitHub, path=ISSUES, credential="missing")
    bench.secrets = {"github-token": "two words"}
    with pytest.raises(ToolFailure, match="is no token of GitHub"):
        await bench.call(GitHub, path=ISSUES)
    assert len((await bench.call(GitHub, path=ISSUES, credential=None)).data) == 5
    with pytest.raises(ToolFailure, match=r"did not answer within 0.2 seconds"):
        await bench.call(GitHub, path="/trouble/hanging", credential=None, timeout_seconds=0.2)


async def test_without_a_setting_the_address_has_to_be_a_public_one(bench: Bench) -> None:
    class Nowhere:
        async def addresses(self, host: str, port: int) -> list[str]:
            raise EgressRefused(f"{host}:{port} is not for us")

    bench.egress = Nowhere()
    with pytest.raises(ToolFailure, match=r"api.github.com:443 is not for us"):
        await bench.call(GitHub, path=ISSUES, credential=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"path": "/user", "graphql": "{ viewer { login } }"},
        {"path": "user"},
        {"path": "//evil.example/user"},
        {"path": "https://evil.example/user"},
        {"path": "/repos/../../admin"},
        {"path": "/repos/%2e%2e/admin"},
        {"path": "/user", "pages": 0},
    ],
)
def test_what_is_no_question_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitHub.arguments_model.model_validate(wrong)


async def test_what_is_written_has_the_key_of_its_call(bench: Bench, github: GitHubServer) -> None:
    where = {"owner": "octocat", "repository": "hello"}
    issue = await bench.call(GitHubWrite, action={"kind": "create_issue", **where, "title": "A", "labels": ["bug"]})
    assert (issue.number, issue.url) == (1, "https://github.example/x/1")
    assert github.written[0] == {"title": "A", "labels": ["bug"], "assignees": [], "body": issue.mark}
    assert (bench.calls[0].idempotency_key or "nothing") in issue.mark
    await bench.call(GitHubWrite, action={"kind": "comment", **where, "number": 1, "body": "Done"})
    assert github.written[1]["body"].startswith("Done\n\n<!-- wrenchai ")
    pull = {"kind": "create_pull_request", **where, "title": "B", "head": "fix", "base": "main", "draft": True}
    await bench.call(GitHubWrite, action=pull)
    assert (github.written[2]["head"], github.written[2]["draft"]) == ("fix", True)


async def test_what_github_refuses_was_not_written(bench: Bench, github: GitHubServer) -> None:
    bad = {"kind": "create_issue", "owner": "octocat", "repository": "hello", "title": "bad"}
    with pytest.raises(ToolFailure, match="Validation Failed; title is invalid"):
        await bench.call(GitHubWrite, action=bad)
    with pytest.raises(ToolFailure, match="does not accept the token"):
        await bench.call(GitHubWrite, action={**bad, "title": "good"}, credential="old-token")
    bench.services = Services(github_url="http://127.0.0.1:9")
    with pytest.raises(ToolFailure, match="could not be asked"):
        await bench.call(GitHubWrite, action=bad)
    assert {call.state for call in bench.calls} == {ToolCallState.FAILED}
    for wrong in ({"kind": "delete"}, {**bad, "owner": "a/b"}, {**bad, "title": ""}):
        with pytest.raises(ValidationError):
            await bench.call(GitHubWrite, action=wrong)


@pytest.mark.parametrize("repository", ["broken", "silent"])
async def test_of_what_is_not_answered_nobody_knows(bench: Bench, github: GitHubServer, repository: str) -> None:
    action = {"kind": "create_issue", "owner": "octocat", "repository": repository, "title": "A"}
    with pytest.raises(AgentFailure, match="Look whether it has happened"):
        await bench.call(GitHubWrite, action=action, timeout_seconds=0.5)
    assert len(github.written) == 1
    assert bench.calls[-1].state is ToolCallState.UNCERTAIN
    assert f"Look for {github.written[0]['body']}" in bench.error
