"""GraphQL over HTTP, and subscriptions over server-sent events that resume where they were cut."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

CLIENT = {"x-wrenchai-client": "cli"}
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0)
"""Seconds between tries to get a cut stream back."""


class ServerUnreachable(Exception):
    """Nobody answers at the address. The message is one sentence."""


class GraphQLErrors(Exception):
    """The API answered with errors. ``errors`` are those of the response, each with ``message`` and ``extensions``."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message")) for error in errors))
        self.errors = errors

    @property
    def code(self) -> str:
        """The code of the first error."""
        return str(self.errors[0].get("extensions", {}).get("code", ""))

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later: the database was away, say."""
        return all(error.get("extensions", {}).get("retryable") is True for error in self.errors)


class Refused(Exception):
    """A mutation would not do it; the message is that of its errors."""


class NobodyTakes(Exception):
    """What was dispatched waits for a worker, and none came. The message is one sentence."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream: its name, the cursor it can be resumed after, and its JSON."""

    name: str
    cursor: str | None
    data: Any


class GraphQLClient:
    """Talks to one server with one token. Use it as an async context manager."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        headers = {**CLIENT, "authorization": f"Bearer {token}"}
        # No proxy of the environment: the server is on this machine.
        self._http = httpx.AsyncClient(base_url=address, headers=headers, timeout=60, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def respond(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole response to a query or mutation, errors included.

        Raises:
            ServerUnreachable: nobody answers, or not with GraphQL.
        """
        body = {"query": document, "variables": dict(variables or {})}
        accept = {"accept": "application/graphql-response+json, application/json;q=0.9"}
        try:
            response = await self._http.post("/graphql", json=body, headers=accept)
            answer: dict[str, Any] = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ServerUnreachable(
                f"WrenchAI does not answer at {self._address}: start it with `wrenchai up`."
            ) from error
        return answer

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of a query or mutation.

        Raises:
            ServerUnreachable: nobody answers.
            GraphQLErrors: the response has errors.
        """
        answer = await self.respond(document, variables)
        if answer.get("errors"):
            raise GraphQLErrors(answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    async def subscribe(
        self, document: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The data of each event of a subscription, until the server completes it.

        A stream that breaks, or ends with errors that may pass, is resumed after the last cursor that came: nothing is
        lost and nothing comes twice.

        Raises:
            ServerUnreachable: it broke and could not be had again.
            GraphQLErrors: the server ended it with errors.
        """
        cursor: str | None = None
        tried = 0
        while True:
            try:
                async for event in self._events(document, variables, cursor):
                    if event.name == "complete":
                        return
                    if event.data.get("errors"):
                        raise GraphQLErrors(event.data["errors"])
                    tried = 0
                    cursor = event.cursor or cursor
                    yield event.data["data"]
            except httpx.HTTPError:
                pass  # what was cut is tried again below
            except GraphQLErrors as errors:
                if not errors.retryable or tried == len(PAUSES):
                    raise
            if tried == len(PAUSES):
                raise ServerUnreachable(f"The connection to {self._address} was lost and cannot be had again.")
            await asyncio.sleep(PAUSES[tried])
            tried += 1

    async def download(self, path: str) -> bytes:
        """The bytes behind a path of the server, such as an artifact's URL.

        Raises:
            Refused: the server does not give them; the message is what it says.
            ServerUnreachable: it went away meanwhile.
        """
        try:
            response = await self._http.get(path)
        except httpx.HTTPError as error:
            raise ServerUnreachable(f"WrenchAI went away at {self._address} before {path} was there.") from error
        if response.is_error:
            raise Refused(_sentence_in(response.text) or f"The server answers {response.status_code} for {path}.")
        return response.content

    async def _events(
        self, document: str, variables: Mapping[str, Any] | None, cursor: str | None
    ) -> AsyncIterator[ServerEvent]:
        headers = {"accept": "text/event-stream"}
        if cursor is not None:
            headers["last-event-id"] = cursor
        body = {"query": document, "variables": dict(variables or {})}
        timeout = httpx.Timeout(60, read=60)
        async with self._http.stream("POST", "/graphql", json=body, headers=headers, timeout=timeout) as response:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                raise GraphQLErrors(_errors_in(await response.aread()))
            async for event in _parse(response.aiter_lines()):
                yield event


def _sentence_in(body: str) -> str:
    """What the answer to a download that was refused says: the message of an error, or a line of text."""
    try:
        error = json.loads(body)["error"]
        return f"{error['message']} ({error['code']})"
    except (ValueError, KeyError, TypeError):
        return body.partition("\n")[0]


def _errors_in(body: bytes) -> list[dict[str, Any]]:
    """The errors of a response that should have been a stream."""
    try:
        errors = json.loads(body).get("errors")
    except (ValueError, AttributeError):
        errors = None
    return errors or [{"message": "The server did not open a stream."}]


async def _parse(lines: AsyncIterator[str]) -> AsyncIterator[ServerEvent]:
    """Server-sent events, as the HTML standard frames them."""
    name: str = "message"
    cursor: str | None = None
    data: list[str] = []
    async for line in lines:
        if not line:
            if data or name == "complete":
                yield ServerEvent(name, cursor, json.loads("\n".join(data)) if "".join(data) else {})
            name, cursor, data = "message", None, []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "id":
            cursor = value
        elif field == "data":
            data.append(value)
