"""Wake-ups over Redis: the same payloads on a channel of the same name, for many replicas."""

from __future__ import annotations

from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from persistence.wakeup_listener import WakeupListener
from persistence.wakeup_topics import CHANNEL, payload, topics_of

PING_EVERY = 10.0
"""Seconds between two signs of life, for a connection can die without a word."""

log = structlog.stdlib.get_logger(__name__)


class RedisWakeups(WakeupListener):
    """Implements the port ``Wakeups`` with Redis' publish and subscribe; ``publish`` is called after the commit."""

    def __init__(self, url: str) -> None:
        super().__init__()
        # Without retries of its own: a silent reconnection would hide that something was missed.
        self._redis = Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=5,
            socket_timeout=5,
            client_name="wrenchai-wake-ups",
        )

    @property
    def _losses(self) -> tuple[type[BaseException], ...]:
        return (RedisError, OSError, TimeoutError)

    async def publish(self, workspace_id: UUID, task_id: UUID | None = None, execution_id: UUID | None = None) -> None:
        """Wake the readers of a committed change. A Redis that is down costs latency, so it is only logged."""
        try:
            await self._redis.publish(CHANNEL, payload(workspace_id, task_id, execution_id))
        except self._losses as error:
            log.warning("wake-up not sent", reason=type(error).__name__)

    async def stop(self) -> None:
        """Close the connections and end the task."""
        await super().stop()
        await self._redis.aclose()

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            silent_for = 0.0
            while True:
                message = await pubsub.get_message(timeout=PING_EVERY)
                if message is None:
                    silent_for += PING_EVERY
                    if silent_for > 2 * PING_EVERY:
                        return
                    await pubsub.ping()
                    continue
                silent_for = 0.0
                if message["type"] == "subscribe":
                    self._listening()
                elif message["type"] == "message":
                    self._topics.wake(topics_of(message["data"]))
