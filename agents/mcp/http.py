"""A server over streamable HTTP: only where the egress policy lets us, at the address that it has checked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from agents.contract.egress import Egress

DEFAULT_PORTS = {"http": 80, "https": 443}


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Sends a request to an address that the policy has checked; the request still says and proves the name."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Ask the policy, then send.

        Raises:
            EgressRefused: the place must not be reached.
        """
        url = request.url
        addresses = await self._egress.addresses(url.host, url.port or DEFAULT_PORTS[url.scheme])
        if url.scheme == "https":
            request.extensions = {**request.extensions, "sni_hostname": url.raw_host.decode("ascii")}
        request.url = url.copy_with(host=addresses[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


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
    """The transport of the SDK on our client."""
    return streamable_http_client(url, http_client=client)
