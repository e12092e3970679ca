"""A client that follows a stream to its end, whatever becomes of its servers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.client.graphql_client import GraphQLErrors
from tests.faults.platform_processes import PlatformProcess
from tests.streams.subscribers import GONE, Subscriber, Update, Variables

PAUSE = 0.1


@dataclass
class Following:
    """What came, and how often it had to resume."""

    updates: list[Update] = field(default_factory=list)
    cuts: int = 0

    @property
    def sequences(self) -> list[int]:
        """The sequence numbers of what came."""
        return [update["event"]["sequence"] for update in self.updates]

    async def to_the_end(
        self, ways: Sequence[Subscriber], processes: Sequence[PlatformProcess], document: str, variables: Variables
    ) -> None:
        """Follow until the server completes the stream, by each way in turn and from each process in turn."""
        for turn, way in enumerate(itertools.cycle(ways)):
            after = self.updates[-1]["cursor"] if self.updates else None
            try:
                async with way(processes[turn % len(processes)], document, variables, after) as stream:
                    async for update in stream:
                        self.updates.append(update)
                return
            except GONE:
                pass
            except GraphQLErrors as errors:
                if not errors.retryable:
                    raise
            self.cuts += 1
            await asyncio.sleep(PAUSE)
