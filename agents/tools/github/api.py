"""The API of GitHub: where it is, how it is asked, and what its refusals mean.

Sources: docs.github.com, "Getting started with the REST API", "Best practices for using the REST API", "Rate limits for
the REST API", "Troubleshooting the REST API".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from agents.contract import ToolFailure, ToolScope
from agents.recovery import classify
from agents.tools.github.models import RateLimit
from agents.tools.web_services import USER_AGENT, parsed, read_whole, service_client
from domain.recovery import ErrorClass

PUBLIC = "https://api.github.com"
VERSION = "2022-11-28"
MOST_BYTES = 8 * 2**20
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 307, 308})
SECONDARY = timedelta(minutes=1)
"""What to wait after a secondary limit that does not say: at least one minute, says GitHub."""
SHORT = timedelta(minutes=2)
"""A limit that ends later is not waited for: GitHub shuts out who goes on asking meanwhile."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, with headers whose names are in lower case."""

    status: int
    headers: Mapping[str, str]
    document: Any
    who: str


class GitHubApi:
    """One call's connection.

    Entering its asynchronous context reads the token.

    Raises:
        ToolFailure: the secret is not there, or is no token.
    """

    def __init__(self, scope: ToolScope, token: str | None) -> None:
        self.base = httpx.URL(scope.services.github_url or PUBLIC)
        self._scope = scope
        self._token = token
        self._headers: dict[str, str] = {}
        # An address that the owner has set is the owner's word; else it has to be a public one.
        self._http = service_client(None if scope.services.github_url else scope.egress)

    async def __aenter__(self) -> GitHubApi:
        self._headers = await self._said()
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._http.__aexit__(*error)

    def rest(self, path: str, query: Mapping[str, str] = {}) -> httpx.URL:
        """The address of a path of the REST API."""
        asked = httpx.URL(path)
        found = self.base.copy_with(raw_path=self.base.raw_path.rstrip(b"/") + asked.raw_path)
        return found.copy_merge_params(dict(query)) if query else found

    @property
    def graphql(self) -> httpx.URL:
        """The address of the GraphQL API: of Enterprise it is beside the REST API, and not below it."""
        path = self.base.path.rstrip("/")
        return self.base.copy_with(path=path.removesuffix("/v3") + "/graphql")

    async def send(self, method: str, url: httpx.URL, *, body: Any = None, etag: str | None = None) -> Answer:
        """Ask, and follow redirects within the API: to another host the token must not go.

        Raises:
            ToolFailure: it was refused, and so not done.
            httpx.HTTPError: no answer came, or none that can be used: it may have been done.
        """
        headers = {**self._headers, **({"if-none-match": etag} if etag is not None else {})}
        for _ in range(MOST_REDIRECTS + 1):
            async with self._http.stream(method, url, headers=headers, json=body) as response:
                where = response.headers.get("location")
                if response.status_code in REDIRECTS and where:
                    url = self.within(url.join(where))
                    continue
                content = await read_whole(response, MOST_BYTES, "GitHub")
                answer = Answer(response.status_code, response.headers, None, url.path)
            if answer.status == 304:
                return answer
            _require(answer, content)
            return Answer(answer.status, answer.headers, parsed(content, "GitHub") if content else None, answer.who)
        raise ToolFailure(
            f"GitHub redirects {url.path} more than {MOST_REDIRECTS} times.", error_class=ErrorClass.BAD_INPUT
        )

    def within(self, url: httpx.URL) -> httpx.URL:
        """The address, which has to be one of the API.

        Raises:
            ToolFailure: it is not.
        """
        same = (url.scheme, url.host, url.port) == (self.base.scheme, self.base.host, self.base.port)
        if not same or url.userinfo:
            raise ToolFailure(
                f"GitHub leads to another place, {url.host}: the token does not go there. Fetch it with web_fetch.",
                error_class=ErrorClass.BAD_INPUT,
            )
        return url

    async def _said(self) -> dict[str, str]:
        headers = {
            "accept": "application/vnd.github+json",
            "x-github-api-version": VERSION,
            "user-agent": USER_AGENT,
        }
        if self._token is not None:
            value = (await self._scope.secret(self._token)).strip()
            if not value.isascii() or not value.isprintable() or " " in value or not value:
                raise ToolFailure(
                    f"The secret {self._token!r} is no token of GitHub.", error_class=ErrorClass.BAD_INPUT
                )
            headers["authorization"] = f"Bearer {value}"
        return headers


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """What the headers say about the limit, when they do."""
    try:
        return RateLimit(
            limit=int(headers["x-ratelimit-limit"]),
            remaining=int(headers["x-ratelimit-remaining"]),
            resets_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            resource=headers.get("x-ratelimit-resource"),
        )
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def limited(until: datetime, which: str) -> ToolFailure:
    """The failure of a call for which there is nothing left at the moment."""
    soon = until - datetime.now(UTC) <= SHORT
    return ToolFailure(
        f"GitHub's {which} is used up: try again after {until:%Y-%m-%d %H:%M:%S} UTC.",
        error_class=ErrorClass.RATE_LIMITED if soon else ErrorClass.REFUSED,
    )


def no_answer(error: Exception, seconds: float) -> str:
    """What to say when no answer came."""
    if isinstance(error, TimeoutError):
        return f"GitHub did not answer within {seconds:g} seconds"
    return f"GitHub could not be asked: {str(error) or type(error).__name__}"


def class_of(error: Exception) -> ErrorClass:
    """The class of an error of the connection."""
    return classify(error)


def _require(answer: Answer, content: bytes) -> None:
    """Raise what a refusal means; nothing was done then."""
    if answer.status < 400:
        return
    if answer.status in {403, 429}:
        _require_not_limited(answer, content)
    said = _message(content)
    shown = f": {said}" if said else ""
    if answer.status == 401:
        text = f"GitHub does not accept the token{shown}. Set its secret anew"
    elif answer.status == 403:
        needed = answer.headers.get("x-accepted-github-permissions") or answer.headers.get("x-accepted-oauth-scopes")
        text = f"The token may not do that{shown}" + (f". It needs {needed[:200]}" if needed else "")
    elif answer.status in {404, 410}:
        text = f"There is no {answer.who[:200]} at GitHub, or the token must not see it"
    elif answer.status >= 500:
        text = f"GitHub is in trouble (status {answer.status}){shown}"
    else:
        text = f"GitHub refuses it (status {answer.status}){shown}"
    found = ErrorClass.CONNECTION_LOST if answer.status >= 500 else ErrorClass.BAD_INPUT
    raise ToolFailure(f"{text}.", error_class=found)


def _require_not_limited(answer: Answer, content: bytes) -> None:
    now = datetime.now(UTC)
    pause = answer.headers.get("retry-after", "")
    secondary = "secondary rate limit" in content[:2_000].decode("utf-8", "replace").lower()
    if pause.isdecimal() and len(pause) < 7:
        raise limited(now + timedelta(seconds=int(pause)), "secondary rate limit")
    limit = rate_limit(answer.headers)
    if limit is not None and limit.remaining == 0:
        raise limited(limit.resets_at, f"rate limit of {limit.limit:,} requests")
    if secondary or answer.status == 429:
        raise limited(now + SECONDARY, "secondary rate limit")


def _message(content: bytes) -> str:
    """What GitHub says about a refusal: the message, and which fields are wrong."""
    try:
        document = parsed(content, "GitHub")
    except ToolFailure:
        return ""
    if not isinstance(document, dict):
        return ""
    wrong = [_field_error(one) for one in document.get("errors") or () if isinstance(one, dict | str)]
    texts = [str(document.get("message") or ""), *wrong[:5]]
    return "; ".join(text.rstrip(".") for text in texts if text)[:600]


def _field_error(error: dict[str, Any] | str) -> str:
    if isinstance(error, str):
        return error
    return str(error.get("message") or f"{error.get('field')} is {error.get('code')}")
