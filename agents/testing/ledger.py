"""The ledger of the kit: calls of typed tools in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from agents.runtime.call_ledger import Called, Ending
from agents.runtime.meter import MeteredCall
from agents.runtime.uncertain_calls import uncertain
from agents.testing.meter import KitMeter
from domain.events import Event
from domain.execution import ToolCall
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.use_cases.tool_calls import Begun, Intent, Recorded


@dataclass(slots=True)
class KitLedger:
    """See :class:`agents.runtime.call_ledger.Ledger`.

    Nothing crashes here, so each call is made, but for those whose result is good for every equal one.
    """

    execution_id: UUID
    redactor: Redactor
    meter: KitMeter
    calls: list[ToolCall] = field(default_factory=list)
    step_name: str = ""
    metered: dict[UUID, MeteredCall] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)

    def intent(self, called: Called) -> Intent:
        """What is going to be recorded of a call."""
        arguments_hash = hashlib.sha256(called.canonical.encode("utf-8", "surrogatepass")).hexdigest()
        return Intent(
            step_name=self.step_name,
            tool=called.tool,
            version=called.version,
            arguments=called.shown,
            arguments_hash=arguments_hash,
            idempotency_key=f"{called.tool} {arguments_hash}" if called.shared else uuid4().hex,
            repeatable=called.repeatable,
            replayed=called.replayed,
            price=called.price,
            quote=called.quote,
        )

    async def begin(self, intent: Intent) -> Begun | Recorded:
        """Record the call as begun, and set aside what it costs at worst. Nobody is here who could look what became of
        one whose end nobody saw: it is not made again."""
        for known in self.calls:
            if known.idempotency_key == intent.idempotency_key and known.state is ToolCallState.SUCCEEDED:
                return Recorded(known)
            if known.idempotency_key == intent.idempotency_key and known.state is ToolCallState.UNCERTAIN:
                raise uncertain(known)
        call = ToolCall(
            id=uuid4(),
            execution_id=self.execution_id,
            step_name=intent.step_name,
            tool=intent.tool,
            version=intent.version,
            arguments=intent.arguments,
            arguments_hash=intent.arguments_hash,
            exit_code=None,
            state=ToolCallState.STARTED,
            idempotency_key=intent.idempotency_key,
            repeatable=intent.repeatable,
            started_at=datetime.now(UTC),
        )
        self.metered[call.id] = self.meter.reserve(intent.tool, intent.price, intent.quote)
        return Begun(call)

    async def end(self, call: ToolCall, ending: Ending) -> None:
        """Record how the call ended, and charge it."""
        self.meter.charge(ending.bill(self.metered.pop(call.id)))
        ended = replace(
            call,
            state=ending.state,
            exit_code=ending.exit_code,
            error=None if ending.error is None else self.redactor.text(ending.error),
            output_sha256=hashlib.sha256(ending.output).hexdigest(),
            output_bytes=len(ending.output),
            result=ending.result,
            cpu_seconds=ending.cpu_seconds,
            sandbox=ending.sandbox,
            secrets=ending.secrets,
            tests=ending.tests,
            finished_at=datetime.now(UTC),
        )
        self.calls.append(ended)
        self.events += ending.events

    async def result_of(self, call: ToolCall) -> Any:
        """The recorded result of a call."""
        return call.result
