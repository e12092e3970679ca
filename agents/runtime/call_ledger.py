"""The ledger of the tool calls in one run of a step: each is recorded before it begins and when it has ended."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from agents.runtime.meter import Meter, MeteredCall
from agents.runtime.uncertain_calls import UncertainCalls, uncertain
from domain.artifacts import ArtifactStore, StoredArtifact
from domain.events import Event
from domain.execution import Artifact, TestCounts, ToolCall
from domain.lease import Lease
from domain.ledger import Bill
from domain.ports import Clock, Transactor, UnitOfWork
from domain.prices import Price, Quote
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.text import storable
from domain.units import Unit
from domain.use_cases.tool_calls import Begun, Intent, Recorded, Uncertain, begin_tool_call, doubted, end_tool_call

MOST_SHOWN = 4_000
"""Characters of a call's arguments that are recorded; the hash covers all of them."""
MOST_SAID = 4_000
"""Characters of an error that are recorded."""
MOST_KEPT = 256 * 1024
"""Bytes of a result that are kept in the row of its call; a larger one becomes an artifact of the execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What is called, and with what: ``canonical`` stands for the arguments, ``shown`` is recorded of them.

    ``replayed``: after a crash the result of one that has succeeded is returned instead of calling it again. ``price``
    is what the tool itself says a call costs, ``quote`` what this one takes at worst. ``shared``: an equal call
    anywhere in the execution is the same call, so that its result is good for all of them.
    """

    tool: str
    version: str | None
    shown: tuple[str, ...]
    canonical: str
    repeatable: bool
    replayed: bool
    price: Price | None = None
    quote: Quote | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class CallArtifact:
    """A file that a typed tool has kept: its name among the artifacts of the execution, and where its bytes are."""

    name: str
    media_type: str
    stored: StoredArtifact


class Course(Enum):
    """How a call went, as far as its bill is concerned: one that was cut short is charged at its worst."""

    WHOLE = "it came to its end"
    CUT_SHORT = "it was stopped, so nobody knows what it did"
    NEVER_BEGAN = "its program could not be started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a call ended. ``output`` is what is hashed; ``result`` is the answer of a typed tool as JSON.

    ``took`` is what it took of its quote; ``events`` are written with its end.
    """

    state: ToolCallState
    output: bytes = b""
    exit_code: int | None = None
    error: str | None = None
    result: Any = None
    cpu_seconds: float | None = None
    sandbox: str | None = None
    secrets: tuple[str, ...] = ()
    tests: TestCounts | None = None
    course: Course = Course.WHOLE
    took: Mapping[Unit, int] | None = None
    events: tuple[Event, ...] = ()
    artifacts: tuple[CallArtifact, ...] = ()

    def bill(self, metered: MeteredCall) -> Bill:
        """What the call is charged."""
        if self.course is Course.NEVER_BEGAN:
            return metered.never_began()
        if self.course is Course.CUT_SHORT or self.state is ToolCallState.UNCERTAIN:
            return metered.cut_short()
        return metered.ended(cpu_seconds=self.cpu_seconds or 0.0, output_bytes=len(self.output), took=self.took)


class Ledger(Protocol):
    """Where the calls of one run of a step are recorded."""

    def intent(self, called: Called) -> Intent:
        """What is going to be recorded of a call, with its key: ask for it once for each call of the step."""

    async def begin(self, intent: Intent) -> Begun | Recorded:
        """Record the call as begun, or find the record of it. Asks about one of which nobody knows the end.

        Raises:
            BudgetExceeded: a budget does not allow it; it is not recorded, and must not be made.
            AgentFailure: nobody allowed a call again that may have been made (``TOOL_CALL_UNCERTAIN``).
        """

    async def end(self, call: ToolCall, ending: Ending) -> None:
        """Record how the call ended."""

    async def result_of(self, call: ToolCall) -> Any:
        """The recorded result of a call that has succeeded, or ``None`` when it had none.

        Raises:
            ArtifactMissing: it was a large one, and is not in the store any more.
        """


class CallLedger:
    """See :class:`Ledger`; this one writes to the database. Equal calls of a run are told apart by their order."""

    def __init__(
        self,
        step_name: str,
        lease: Lease,
        *,
        transactor: Transactor,
        store: ArtifactStore,
        clock: Clock,
        redactor: Redactor,
        uncertain_calls: UncertainCalls,
        meter: Meter,
    ) -> None:
        self._step_name = step_name
        self._lease = lease
        self._transactor = transactor
        self._store = store
        self._clock = clock
        self._redactor = redactor
        self._uncertain_calls = uncertain_calls
        self._meter = meter
        self._metered: dict[UUID, MeteredCall] = {}
        self._equal: Counter[tuple[str, str]] = Counter()
        self._under_way: set[UUID] = set()
        self._beginning = asyncio.Lock()

    def intent(self, called: Called) -> Intent:
        """What is going to be recorded of a call, with its key."""
        arguments_hash = hashlib.sha256(called.canonical.encode("utf-8", "surrogatepass")).hexdigest()
        parts: list[Any] = [str(self._lease.execution_id), called.tool, arguments_hash]
        if not called.shared:
            ordinal = self._equal[called.tool, arguments_hash]
            self._equal[called.tool, arguments_hash] += 1
            parts = [parts[0], self._step_name, *parts[1:], ordinal]
        return Intent(
            step_name=self._step_name,
            tool=called.tool,
            version=called.version,
            arguments=_cut(tuple(storable(self._redactor.text(one)) for one in called.shown)),
            arguments_hash=arguments_hash,
            idempotency_key=hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:40],
            repeatable=called.repeatable,
            replayed=called.replayed,
            price=called.price,
            quote=called.quote,
        )

    async def begin(self, intent: Intent) -> Begun | Recorded:
        """Record the call as begun, or find the record of it."""
        allowed: UUID | None = None
        price = await self._meter.price_of(intent.tool, intent.price)
        while True:
            # One at a time: what another call of this run has just committed must be known to be under way, or it would
            # be taken for one whose end nobody saw.
            async with self._beginning:
                begin = partial(self._begin, intent, price, frozenset(self._under_way), allowed)
                answer = await self._transactor.run(begin)
                if isinstance(answer, Begun):
                    self._under_way.add(answer.call.id)
            if isinstance(answer, Begun | Recorded):
                return answer
            if not await self._uncertain_calls.may_repeat(answer.call):
                raise uncertain(answer.call)
            allowed = answer.call.id

    async def _begin(
        self, intent: Intent, price: Price | None, under_way: frozenset[UUID], allowed: UUID | None, uow: UnitOfWork
    ) -> Begun | Recorded | Uncertain:
        answer = await begin_tool_call(uow, self._lease, intent, under_way=under_way, allowed=allowed)
        if isinstance(answer, Begun):
            self._metered[answer.call.id] = await self._meter.reserve(uow, answer.call.id, price, intent.quote)
        return answer

    async def end(self, call: ToolCall, ending: Ending) -> None:
        """Record how the call ended, and charge what it took."""
        kept, artifacts = await self._kept(call, ending)
        error = None if ending.error is None else storable(self._redactor.text(ending.error))[:MOST_SAID]
        ended = replace(
            call,
            state=ending.state,
            exit_code=ending.exit_code,
            error=error,
            output_sha256=hashlib.sha256(ending.output).hexdigest(),
            output_bytes=len(ending.output),
            result=kept,
            cpu_seconds=ending.cpu_seconds,
            sandbox=ending.sandbox,
            secrets=ending.secrets,
            tests=ending.tests,
            finished_at=self._clock.now(),
        )
        if ending.state is ToolCallState.UNCERTAIN:
            doubt = doubted(ended)
            known = f" What is known: {error}" if error else ""
            ended = replace(doubt, error=f"{doubt.error}{known}"[:MOST_SAID], finished_at=None)
        metered = self._metered.get(call.id)

        async def record(uow: UnitOfWork) -> None:
            await end_tool_call(uow, self._lease, ended, artifacts, ending.events)
            if metered is not None:
                await self._meter.charge(uow, ending.bill(metered))

        await self._transactor.run(record)
        self._under_way.discard(call.id)
        self._metered.pop(call.id, None)

    async def result_of(self, call: ToolCall) -> Any:
        """The recorded result of a call that has succeeded, or ``None`` when it had none."""
        if call.result is not None or call.error is not None or call.output_sha256 is None:
            return call.result
        return json.loads(await self._store.read(call.output_sha256))

    async def _kept(self, call: ToolCall, ending: Ending) -> tuple[Any, list[Artifact]]:
        """What is kept of the result in the row of its call, and the artifacts beside it."""
        artifacts = [self._artifact(call, one.name, one.media_type, one.stored) for one in ending.artifacts]
        if ending.result is None or len(ending.output) <= MOST_KEPT:
            return ending.result, artifacts
        stored = await self._store.put(ending.output)
        name = f"tool-calls/{call.tool}-{call.id}.json"
        return None, [*artifacts, self._artifact(call, name, "application/json", stored)]

    def _artifact(self, call: ToolCall, name: str, media_type: str, stored: StoredArtifact) -> Artifact:
        return Artifact(
            id=uuid7(),
            workspace_id=self._lease.subject.workspace_id,
            execution_id=call.execution_id,
            name=name,
            media_type=media_type,
            size=stored.size,
            sha256=stored.sha256,
            created_at=self._clock.now(),
        )


def _cut(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """As much of the arguments as is recorded."""
    kept: list[str] = []
    size = 0
    for argument in arguments:
        if size + len(argument) > MOST_SHOWN:
            beginning = (f"{argument[: MOST_SHOWN - size]}…",) if not kept else ()
            return (*kept, *beginning, f"… {len(arguments) - len(kept) - len(beginning)} more")[: len(arguments)]
        size += len(argument)
        kept.append(argument)
    return tuple(kept)
