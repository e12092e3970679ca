"""The server of this machine, found through the settings and the local token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from server.client.graphql_client import GraphQLClient, ServerUnreachable
from server.security.local_token import LocalToken
from server.settings import Settings


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[GraphQLClient]:
    """A client of the server that the settings name.

    Raises:
        ServerUnreachable: it is not running, or its token is not there.
    """
    address = address_of(settings)
    if not await answers(address):
        raise ServerUnreachable(f"WrenchAI does not answer at {address}: start it with `wrenchai up`.")
    try:
        token = token_of(settings)
    except FileNotFoundError as error:
        raise ServerUnreachable(
            f"A WrenchAI answers at {address}, but this data folder ({settings.data_dir}) has no token: "
            "set WRENCHAI_DATA_DIR to the folder it was started with."
        ) from error
    async with GraphQLClient(address, token) as client:
        yield client


def address_of(settings: Settings) -> str:
    """Where the server of these settings listens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


async def answers(address: str) -> bool:
    """Whether a WrenchAI answers there."""
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            response = await http.get(f"{address}/healthz")
            return response.status_code == 200 and response.json() == {"status": "ok"}
    except (httpx.HTTPError, ValueError):
        return False


def token_of(settings: Settings) -> str:
    """The token of the data folder."""
    return LocalToken.read(settings.data_dir).value
