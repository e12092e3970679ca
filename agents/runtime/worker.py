"""A worker: takes segments from the engine, beats, watches for cancellations, and reaps after dead workers."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog
from dbos import DBOSClient
from uuid_utils.compat import uuid7

from agents.homes import remove_orphaned_homes
from agents.process_family import end_orphans
from agents.runtime.containment import contain_tasks
from agents.runtime.engine import Engine
from agents.runtime.patience import patiently
from agents.runtime.reaper import give_back, reap
from agents.runtime.segment import SegmentRun, Stop, Workshop
from agents.tools.docker.orphans import daemon_set_up, remove_left_containers
from domain.errors import StoreLost
from domain.execution import Worker as WorkerFacts
from domain.message import MessageWait
from domain.ports import UnitOfWork
from domain.use_cases import children, lifecycle
from domain.use_cases.approvals import expire_approval
from domain.use_cases.messaging.overdue import end_wait, expire_message

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.5
CHILDREN_SECONDS = 0.5
"""How often it is looked for executions whose children have ended, and for children whose parent has."""
MOST_CHILDREN = 100
EXPIRY_SECONDS = 1.0
"""How often it is looked for approvals, messages and waits whose time has passed."""
MOST_EXPIRED = 100
ROOM_SECONDS = 1.0
"""How often it is looked whether there is room again."""
CONTAINERS_SECONDS = 60.0
"""How often the Docker daemon is asked for containers of workers that were killed, the first time at the start."""
FIRST_CHORES = 30.0
"""Seconds after the start: who starts the platform only now and then must not wait for a full interval."""
LONGEST_END = 15.0
"""Seconds for the segments that were stopped to end their processes and to go back to the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chores:
    """What a worker does now and then for the installation as a whole; several workers may do it at the same time."""

    work: Callable[[], Awaitable[None]]
    every: timedelta


class Worker:
    """One worker process (or the worker inside ``wrenchai up``)."""

    def __init__(
        self,
        workshop: Workshop,
        client: DBOSClient,
        *,
        dsn: str,
        version: str,
        slots: int,
        agent_concurrency: int,
        pool_size: int,
        lease: timedelta,
        drain: timedelta,
        require_room: Callable[[], None],
        chores: Chores | None = None,
    ) -> None:
        self.id: UUID = uuid7()
        self._workshop = workshop
        self._client = client
        self._lease = lease
        self._drain_seconds = drain.total_seconds()
        self._chores = chores
        self._require_room = require_room
        self._taken: set[tuple[UUID, int]] = set()
        self._running: dict[tuple[UUID, int], SegmentRun] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._stop_asked = asyncio.Event()
        self._loops: list[asyncio.Task[None]] = []
        self._engine = Engine(
            dsn, executor_id=self.id, slots=slots, agent_concurrency=agent_concurrency, pool_size=pool_size
        )
        now = workshop.clock.now()
        self._beaten_at = self._reap_from = workshop.clock.elapsed()
        self._facts = WorkerFacts(
            id=self.id,
            hostname=socket.gethostname(),
            pid=os.getpid(),
            version=version,
            slots=slots,
            agents=tuple(agent.kind for agent in workshop.agents.all()),
            started_at=now,
            beat_at=now,
        )

    @property
    def healthy(self) -> bool:
        """Whether it beats, watches and reaps."""
        return bool(self._loops) and not any(loop.done() for loop in self._loops)

    async def start(self) -> None:
        """Beat for the first time, clear away what a former run left, and begin to take segments."""
        contain_tasks(asyncio.get_running_loop())
        await asyncio.to_thread(end_orphans)
        await asyncio.to_thread(remove_orphaned_homes)
        await self._beat()
        await self._reap()
        await self._remove_old_checkouts()
        seconds = self._lease.total_seconds()
        self._loops = [
            asyncio.create_task(_every(seconds / 3, self._beat), name="beat"),
            asyncio.create_task(_every(WATCH_SECONDS, self._watch), name="watch"),
            asyncio.create_task(_every(seconds / 3, self._reap), name="reap"),
            asyncio.create_task(_every(EXPIRY_SECONDS, self._expire), name="expire"),
            asyncio.create_task(_every(CHILDREN_SECONDS, self._mind_children), name="children"),
            asyncio.create_task(_every(EXPIRY_SECONDS, self._expire_messages), name="expire messages"),
        ]
        if daemon_set_up(self._workshop.services):
            containers = _every(CONTAINERS_SECONDS, self._remove_left_containers, first=0)
            self._loops.append(asyncio.create_task(containers, name="containers"))
        if self._chores is not None:
            chores, every = self._chores.work, self._chores.every.total_seconds()
            first = min(FIRST_CHORES, every)
            self._loops.append(asyncio.create_task(_every(every, chores, first=first), name="chores"))
        await self._engine.start(self._take)
        log.info("worker_started", worker_id=str(self.id), slots=self._facts.slots)

    async def stop(self) -> None:
        """Take nothing more, let what is nearly done end, send the rest back to the queue, and sign off."""
        self._stop_asked.set()
        drain = math.ceil(self._drain_seconds + LONGEST_END) if self._taken else 0
        engine = asyncio.create_task(self._engine.stop(drain_seconds=drain))
        await self._drain(self._drain_seconds)
        for run in list(self._running.values()):
            run.stop(Stop.SHUTDOWN)
        await self._drain(LONGEST_END)
        await engine
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        try:
            await give_back(self._workshop.transactor, self._client, self.id, Stop.SHUTDOWN.value)
            await self._workshop.transactor.run(lambda uow: uow.workers.remove(self.id))
        except Exception as error:  # noqa: BLE001 - the database may be away: our beat grows old instead
            log.warning("worker_did_not_sign_off", error=f"{type(error).__name__}: {error}")
        log.info("worker_stopped", worker_id=str(self.id))

    async def _take(self, execution_id: UUID, epoch: int) -> None:
        if self._stop_asked.is_set():
            await self._requeue(execution_id, epoch, crashed=False, reason=Stop.SHUTDOWN.value)
            return
        taken = (execution_id, epoch)
        self._idle.clear()
        self._taken.add(taken)  # before the database knows, so that it is never seen as left lying
        try:
            if not await self._has_room():
                await self._requeue(execution_id, epoch, crashed=False, reason=Stop.SHUTDOWN.value)
                return
            segment = await self._workshop.transactor.run(
                lambda uow: lifecycle.start_execution(uow, execution_id, epoch, self.id)
            )
            if segment is not None:
                await self._run(taken, SegmentRun(segment, self._workshop))
        except StoreLost:  # it may have been started or not
            await self._requeue(execution_id, epoch, crashed=False, reason=Stop.STORE_LOST.value)
        finally:
            self._taken.discard(taken)
            if not self._taken:
                self._idle.set()

    async def _has_room(self) -> bool:
        """Wait until there is room on the disk for another execution; ``False`` when the worker stops before.

        Until then the execution is queued as before, and can be cancelled; what runs goes on.
        """
        while not self._stop_asked.is_set():
            try:
                await asyncio.to_thread(self._require_room)
            except Exception as error:  # noqa: BLE001 - a disk that does not answer has no room for us either
                if not self._facts.short_of_room:
                    log.warning("no_new_work", reason=str(error))
                    await self._say_room(short=True)
            else:
                if self._facts.short_of_room:
                    log.info("new_work_again")
                    await self._say_room(short=False)
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout(ROOM_SECONDS):
                    await self._stop_asked.wait()
        return False

    async def _say_room(self, *, short: bool) -> None:
        """Let waiting tasks say so at once; when the database is away, the next beat does."""
        self._facts = replace(self._facts, short_of_room=short)
        with suppress(StoreLost):
            await self._beat()

    async def _run(self, taken: tuple[UUID, int], run: SegmentRun) -> None:
        self._running[taken] = run
        if self._stop_asked.is_set():  # it was told so while the segment was being started
            run.stop(Stop.SHUTDOWN)
        try:
            await run.run()
        finally:
            del self._running[taken]

    async def _beat(self) -> None:
        await self._workshop.transactor.run(lambda uow: uow.workers.beat(self._facts))
        now = self._workshop.clock.elapsed()
        if now - self._beaten_at > self._lease.total_seconds():
            self._reap_from = now + self._lease.total_seconds()
        self._beaten_at = now

    async def _reap(self) -> None:
        """Take from dead workers what they held.

        When we could not beat for a lease ourselves (the database was away, the machine slept), the others could not
        either: they get another lease to show that they are alive. So they do when the database's clock was moved,
        which makes every beat look old, or from the future.
        """
        await self._workshop.clock.sync()
        now, steady = self._workshop.clock.elapsed(), self._workshop.clock.steady_for() >= self._lease
        if now - self._beaten_at < self._lease.total_seconds() and now >= self._reap_from and steady:
            await reap(self._workshop.transactor, self._client, self._lease)

    async def _expire(self) -> None:
        """Let the fallbacks count of what nobody has decided in time. Several workers may do it at the same time."""
        transactor = self._workshop.transactor
        for approval in await transactor.run(lambda uow: uow.approvals.due(uow.now, MOST_EXPIRED)):
            approval_id = approval.id
            await transactor.run(lambda uow, id_=approval_id: expire_approval(uow, id_))  # type: ignore[misc]

    async def _mind_children(self) -> None:
        """Send on their way whose children have ended, and cancel children whose parent has ended before them.

        Several workers may do it at the same time.
        """
        transactor = self._workshop.transactor
        for execution_id in await transactor.run(lambda uow: uow.children.ready(MOST_CHILDREN)):
            await transactor.run(lambda uow, id_=execution_id: children.resume_parent(uow, id_))  # type: ignore[misc]
        for orphan in await transactor.run(lambda uow: uow.children.orphans(MOST_CHILDREN)):
            await transactor.run(lambda uow, one=orphan: children.cancel_orphan(uow, one))  # type: ignore[misc]

    async def _expire_messages(self) -> None:
        """End messages that nobody took in time, and waits for what does not come. Several workers may do it."""
        transactor = self._workshop.transactor
        for message in await transactor.run(lambda uow: uow.messages.due(uow.now, MOST_EXPIRED)):
            message_id = message.id
            await transactor.run(lambda uow, id_=message_id: expire_message(uow, id_))  # type: ignore[misc]
        for wait in await transactor.run(_overdue):
            await transactor.run(lambda uow, wait=wait: end_wait(uow, wait))  # type: ignore[misc]

    async def _remove_left_containers(self) -> None:
        """Every worker of the machine does it: the one that made a container cannot do it any more."""
        await remove_left_containers(self._workshop.services)

    async def _watch(self) -> None:
        """Stop what was cancelled, and what has gone to another worker; send back what was left lying.

        What is ours and nobody runs is left lying: its end could not be written, the database being away.
        """
        known, taken = dict(self._running), set(self._taken)
        held = await self._workshop.transactor.run(lambda uow: uow.executions.held_by(self.id))
        for (execution_id, epoch), run in known.items():
            execution = held.get(execution_id)
            if execution is not None and execution.cancel_requested_at is not None:
                run.stop(Stop.CANCEL)
            elif (execution is None or execution.epoch != epoch) and not run.closing:
                run.stop(Stop.LEASE_LOST)
        for execution in held.values():
            if (execution.id, execution.epoch) not in taken | self._taken:
                log.warning("execution_left_lying", execution_id=str(execution.id), epoch=execution.epoch)
                reason = "its worker could not write its end"
                await self._requeue(execution.id, execution.epoch, crashed=True, reason=reason)

    async def _requeue(self, execution_id: UUID, epoch: int, *, crashed: bool, reason: str) -> None:
        await patiently(
            lambda: self._workshop.transactor.run(
                lambda uow: lifecycle.requeue_execution(uow, execution_id, epoch, crashed=crashed, reason=reason)
            )
        )

    async def _drain(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _remove_old_checkouts(self) -> None:
        kept = await asyncio.to_thread(self._workshop.checkouts.kept)
        ended = await self._workshop.transactor.run(lambda uow: uow.executions.ended_among(kept))
        for execution_id in ended:
            await self._workshop.checkouts.remove(execution_id)


async def _overdue(uow: UnitOfWork) -> list[MessageWait]:
    return [*await uow.waits.due(uow.now, MOST_EXPIRED), *await uow.waits.hopeless(MOST_EXPIRED)]


async def _every(seconds: float, work: Callable[[], Awaitable[None]], *, first: float | None = None) -> None:
    """Do the work again and again; a failure (the database is away, say) is logged and tried again."""
    failed = False
    pause = seconds if first is None else first
    while True:
        await asyncio.sleep(pause)
        pause = seconds
        try:
            await work()
            failed = False
        except Exception as error:  # noqa: BLE001 - the loop must outlive whatever the database does
            if not failed:
                log.warning("worker_loop_failed", work=work.__name__, error=f"{type(error).__name__}: {error}")
            failed = True
