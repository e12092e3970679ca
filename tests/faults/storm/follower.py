"""A client that follows the feed of the workspace all through a storm, from API to API."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import AsyncExitStack

from domain.reads import FeedFilter
from resolvers.cursors import decode
from resolvers.events import feed_scope
from server.client.graphql_client import GraphQLErrors
from server.platform.wiring import DEFAULT_WORKSPACE
from tests.faults.checker import Checker
from tests.faults.platform_processes import until
from tests.faults.storm.fleet import Post
from tests.streams.subscribers import GONE, WORKSPACE, over_sse, over_websocket

SCOPE = feed_scope(DEFAULT_WORKSPACE, FeedFilter())
PAUSE = 0.2


class Follower:
    """Reads over WebSocket and over server-sent events by turns; ``cuts`` counts how often it had to resume."""

    def __init__(self, apis: Sequence[Post]) -> None:
        self._apis = apis
        self.positions: list[tuple[int, ...]] = []
        self._cursor: str | None = None
        self.cuts = 0
        self.refusals: list[str] = []
        """Errors that a client would not have gone on after."""

    async def follow(self) -> None:
        """Follow until cancelled."""
        ways = itertools.cycle([over_websocket, over_sse])
        for turn, way in enumerate(ways):
            try:
                async with AsyncExitStack() as stack:
                    process = self._apis[turn % len(self._apis)].process
                    stream = await stack.enter_async_context(way(process, WORKSPACE, {}, self._cursor))
                    async for update in stream:
                        self._cursor = update["cursor"]
                        self.positions.append(decode(SCOPE, update["cursor"]))
            except GONE:
                pass
            except GraphQLErrors as errors:
                if not errors.retryable:
                    self.refusals.append(str(errors))
            self.cuts += 1
            await asyncio.sleep(PAUSE)

    async def check(self, checker: Checker, within: float) -> None:
        """Wait until it has the last event, then assert that it got each one exactly once, in order."""
        if not self.positions:
            raise AssertionError("the follower saw nothing")
        rows = await checker.rows(
            "SELECT xact::text::bigint AS xact, id FROM events WHERE in_feed AND workspace_id = $1"
            " AND (xact, id) >= ($2::text::xid8, $3) ORDER BY events.xact, events.id",
            DEFAULT_WORKSPACE,
            str(self.positions[0][0]),
            self.positions[0][1],
        )
        expected = [(row["xact"], row["id"]) for row in rows]

        async def has_caught_up() -> bool:
            return self.positions[-1] >= expected[-1]

        await until(has_caught_up, within, "the follower has caught up")
        assert self.positions == expected, _difference(self.positions, expected)


def _difference(seen: list[tuple[int, ...]], expected: list[tuple[int, int]]) -> str:
    missing, doubled = set(expected) - set(seen), len(seen) - len(set(seen))
    return f"the follower missed {sorted(missing)[:10]} of {len(expected)} events, and saw {doubled} twice"
