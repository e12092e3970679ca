"""The server of this machine: found through the settings and the local token, or started for the time being."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from server.client.graphql_client import GraphQLClient, ServerUnreachable
from server.process import running
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
    async with GraphQLClient(address, _token(settings)) as client:
        yield client


@asynccontextmanager
async def connected_or_started(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[GraphQLClient]:
    """A client of the server that the settings name; one that is not running is run until the context is left."""
    if await answers(address_of(settings)):
        async with connected(settings) as client:
            yield client
        return
    say("WrenchAI is not running: starting it for this command")
    async with running(settings, api=True, worker=True, migrate=True, say=say) as here:
        if here.address is None:
            raise ServerUnreachable("The API could not be started.")
        async with GraphQLClient(here.address, _token(settings)) as client:
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


def _token(settings: Settings) -> str:
    return LocalToken.read(settings.data_dir).value
