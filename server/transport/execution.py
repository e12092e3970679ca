"""Running one operation: its own context, its deadline, its errors published. Every transport goes through here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError
from starlette.requests import HTTPConnection
from structlog.contextvars import bound_contextvars

from domain.error_codes import ErrorCode
from server.telemetry.requests import answered, operation_span
from server.transport.document import Operation
from server.transport.errors import TOO_SLOW, ErrorPublisher
from server.transport.executable import ExecutableSchema, Refused, Subscription
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits
from server.transport.reply import Reply, encode_json
from server.transport.request_id import trace_id_of
from server.transport.sharing import Answer, selection_of, shared_answers

log = structlog.get_logger(__name__)

Principal = TypeVar("Principal")


class OperationContext(Protocol):
    """What resolvers see as ``info.context``. It lives as long as one operation."""

    def shares(self, event: object) -> Hashable | None:
        """Who asks, and about which event: equal for those who may share one answer; ``None`` to share with nobody."""

    async def close(self) -> None:
        """Give back what the operation held, such as its database session. Called once, whatever happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationScope(Generic[Principal]):
    """What a context is made from.

    ``last_event_id`` is the ``Last-Event-ID`` of a reconnecting event stream: the cursor to resume after when the
    subscription was given no ``after``.
    """

    connection: HTTPConnection
    principal: Principal
    request_id: str
    last_event_id: str | None = None


ContextFactory = Callable[[OperationScope[Principal]], OperationContext]
Deliver = Callable[[Reply], Awaitable[None]]


class Runner(Generic[Principal]):
    """Runs operations of one schema."""

    def __init__(
        self,
        schema: strawberry.Schema,
        context_factory: ContextFactory[Principal],
        limits: TransportLimits,
        errors: ErrorPublisher,
    ) -> None:
        self._schema = ExecutableSchema(schema, limits)
        self._shared = shared_answers()
        self._context_factory = context_factory
        self._deadline = limits.deadline.total_seconds()
        self._errors = errors

    async def run(self, operation: Operation, scope: OperationScope[Principal], deliver: Deliver) -> None:
        """Execute and deliver each answer; a query or mutation has one, a subscription any number.

        When the caller is cancelled or ``deliver`` raises, the resolvers' generators are closed and the context too,
        before this returns.
        """
        started = time.perf_counter()
        codes: list[str] = []
        ids = bound_contextvars(request_id=scope.request_id, trace_id=trace_id_of(scope.connection))
        with operation_span(operation) as span, ids:
            try:
                async with aclosing(self._replies(operation, scope)) as replies:
                    async for reply in replies:
                        codes += [error["extensions"]["code"] for error in reply.payload.get("errors", ())]
                        await deliver(reply)
            finally:
                answered(span, codes)
                log.info(
                    "operation",
                    type=operation.type.value,
                    name=operation.name,
                    duration_ms=round((time.perf_counter() - started) * 1000, 1),
                    errors=codes,
                )

    async def _replies(self, operation: Operation, scope: OperationScope[Principal]) -> AsyncGenerator[Reply, None]:
        try:
            context = self._context_factory(scope)
            try:
                if operation.is_subscription:
                    async with aclosing(self._answers(operation, context)) as answers:
                        async for answer in answers:
                            yield answer.reply or self._reply(answer.result, scope.request_id)
                else:
                    yield self._reply(await self._in_time(operation, context), scope.request_id)
            finally:
                # A second cancellation must not leave a database session behind.
                await asyncio.shield(context.close())
        except Refused as refusal:
            yield self._reply(ExecutionResult(None, refusal.errors), scope.request_id)
        except Exception as error:  # noqa: BLE001 - whatever escapes the executor is masked like a resolver's failure
            failed = GraphQLError("execution failed", original_error=error)
            yield self._reply(ExecutionResult(None, [failed]), scope.request_id)

    async def _answers(self, operation: Operation, context: OperationContext) -> AsyncGenerator[Answer, None]:
        subscription = await self._schema.subscribe(operation, context)
        selection = selection_of(operation)
        async with aclosing(subscription.events) as events:
            async for event in events:
                work = partial(_answer, subscription, event)
                event_and_asker = context.shares(event)
                if event_and_asker is None:
                    yield await work()
                else:
                    yield await self._shared.share((selection, event_and_asker), work)

    async def _in_time(self, operation: Operation, context: OperationContext) -> ExecutionResult:
        try:
            async with asyncio.timeout(self._deadline):
                return await self._schema.execute(operation, context)
        except TimeoutError:
            raise RequestFailure(ErrorCode.DEADLINE_EXCEEDED, TOO_SLOW) from None

    def _reply(self, result: ExecutionResult, request_id: str) -> Reply:
        errors = [self._errors.publish(error, request_id) for error in result.errors or ()]
        # Before execution no field has been reached: an error with a path is a resolver's.
        refused = result.data is None and bool(errors) and not any("path" in error for error in errors)
        payload: dict[str, Any] = {} if refused else {"data": result.data}
        if errors:
            payload["errors"] = errors
        try:
            return Reply(payload=payload, text=encode_json(payload), refused=refused)
        except (TypeError, ValueError) as error:
            broken = GraphQLError("the result is not JSON", original_error=error)
            return self._reply(ExecutionResult(None, [broken]), request_id)


async def _answer(subscription: Subscription, event: object) -> Answer:
    result = await subscription.answer(event)
    if result.errors:
        return Answer(result, None)
    payload = {"data": result.data}
    try:
        return Answer(result, Reply(payload=payload, text=encode_json(payload)))
    except (TypeError, ValueError):
        return Answer(result, None)
