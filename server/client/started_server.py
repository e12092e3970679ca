"""The server of this machine, started for as long as it is needed where it is not running."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from server.client.graphql_client import GraphQLClient, ServerUnreachable
from server.client.local_server import address_of, answers, connected, token_of
from server.settings import Settings


@asynccontextmanager
async def connected_or_started(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[GraphQLClient]:
    """A client of the server that the settings name; one that is not running is run until the context is left."""
    if await answers(address_of(settings)):
        async with connected(settings) as client:
            yield client
        return
    from server.process import running  # all of the server, which a command that finds one running does without

    say("WrenchAI is not running: starting it for this command")
    async with running(settings, api=True, worker=True, migrate=True, say=say) as here:
        if here.address is None:
            raise ServerUnreachable("The API could not be started.")
        async with GraphQLClient(here.address, token_of(settings)) as client:
            yield client
