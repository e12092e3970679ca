"""Asking a web service for JSON: connected to what was checked, read up to a limit, and never more than it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from agents.contract import ToolFailure
from agents.contract.egress import Egress
from domain.recovery import ErrorClass

DEFAULT_PORTS = {"http": 80, "https": 443}
USER_AGENT = "WrenchAI"


class CheckedTransport(httpx.AsyncHTTPTransport):
    """Connects to an address that the egress policy has checked, and says and proves the name: nothing resolves the
    name again."""

    def __init__(self, egress: Egress) -> None:
        super().__init__()
        self._egress = egress

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it.

        Raises:
            EgressRefused: the host must not be reached.
        """
        url = request.url
        addresses = await self._egress.addresses(url.host, url.port or DEFAULT_PORTS[url.scheme])
        if url.scheme == "https":
            request.extensions = {**request.extensions, "sni_hostname": url.raw_host.decode("ascii")}
        request.url = url.copy_with(host=addresses[0])
        return await super().handle_async_request(request)


def service_client(egress: Egress | None, **how: Any) -> httpx.AsyncClient:
    """A client without redirects, proxies and limits of its own. Without ``egress`` the address is the owner's word."""
    transport = CheckedTransport(egress) if egress is not None else httpx.AsyncHTTPTransport()
    return httpx.AsyncClient(transport=transport, trust_env=False, timeout=None, follow_redirects=False, **how)  # noqa: S113


async def read_whole(response: httpx.Response, most: int, who: str) -> bytes:
    """The body, packed or not.

    Raises:
        ToolFailure: it is longer than ``most`` bytes.
    """
    content = bytearray()
    async for chunk in response.aiter_bytes(64 * 1024):
        content += chunk
        if len(content) > most:
            raise ToolFailure(f"{who} answered more than {most:,} bytes: ask for less at once.")
    return bytes(content)


def parsed(content: bytes, who: str) -> Any:
    """The JSON document.

    Raises:
        ToolFailure: it is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        shown = content[:80].decode("utf-8", "replace")
        raise ToolFailure(
            f"{who} did not answer JSON, but {shown!r}.", error_class=ErrorClass.CONNECTION_LOST
        ) from None
