"""A server over streamable HTTP: only where the egress policy lets us, at the address that it has checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from agents.contract.egress import Egress
from agents.mcp.stdio import LONGEST_LINE

DEFAULT_PORTS = {"http": 80, "https": 443}
MOST_BODY = LONGEST_LINE
"""Bytes of the body of a response: as many as one message of a program may have."""
LEAVING = timedelta(seconds=5)
"""How long a server may take to hear that we leave."""
NOT_TAKEN = "its answer is not taken: "
"""What a failure says whose reason is ours, whatever the SDK puts around it."""


class AnswerNotTaken(httpx2.SSEError, httpx2.StreamError):
    """A response is refused while it is read. It is of both kinds that the SDK makes the end of one request, and not
    of the whole connection."""


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Sends a request to an address that the policy has checked; the request still says and proves the name.

    What is answered comes as it is, uncompressed, and has at most ``MOST_BODY`` bytes.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the policy, then send. Reading what is answered may raise ``AnswerNotTaken``.

        Raises:
            EgressRefused: the place must not be reached.
            TimeoutError: the server did not hear in time that we leave.
        """
        request.headers["accept-encoding"] = "identity"
        if request.method != "DELETE":
            response = await self._sent(request)
            response.stream = _Checked(response)
            return response
        async with asyncio.timeout(LEAVING.total_seconds()):
            response = await self._sent(request)
            await response.aclose()
        return httpx2.Response(response.status_code)  # nobody reads more of it

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        addresses = await self._egress.addresses(url.host, url.port or DEFAULT_PORTS[url.scheme])
        if url.scheme == "https":
            request.extensions = {**request.extensions, "sni_hostname": url.raw_host.decode("ascii")}
        request.url = url.copy_with(host=addresses[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


class _Checked(httpx2.AsyncByteStream):
    """The body of a response, as far as it is taken."""

    def __init__(self, response: httpx2.Response) -> None:
        self._coding = response.headers.get("content-encoding", "identity").strip().lower()
        self._stream = response.stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._coding not in {"", "identity"}:
            raise AnswerNotTaken(f"{NOT_TAKEN}it is encoded ({self._coding[:50]}), although it was not to be.")
        assert isinstance(self._stream, httpx2.AsyncByteStream)  # noqa: S101 - that of an asynchronous transport is
        size = 0
        async for part in self._stream:
            size += len(part)
            if size > MOST_BODY:
                raise AnswerNotTaken(f"{NOT_TAKEN}it has more than {MOST_BODY:,} bytes.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()  # type: ignore[union-attr]


async def check_url(egress: Egress, url: str) -> None:
    """Ask the policy before anything is set up: what it says is then heard, and not the SDK's words about it.

    Raises:
        EgressRefused: the place must not be reached.
    """
    place = httpx2.URL(url)
    await egress.addresses(place.host, place.port or DEFAULT_PORTS[place.scheme])


def http_client(egress: Egress, headers: Mapping[str, str], timeout: timedelta) -> httpx2.AsyncClient:
    """A client whose every request goes through the policy. ``timeout`` is the longest silence of a response."""
    seconds = timeout.total_seconds()
    return httpx2.AsyncClient(
        transport=CheckedTransport(egress),
        headers=dict(headers),
        timeout=httpx2.Timeout(30, read=seconds),
        trust_env=False,
        follow_redirects=False,
    )


def http_transport(url: str, client: httpx2.AsyncClient) -> AbstractAsyncContextManager[Any]:
    """The transport of the SDK on our client, which bounds all that is answered, and so each event as well."""
    return streamable_http_client(url, http_client=client, max_sse_event_size=None)
