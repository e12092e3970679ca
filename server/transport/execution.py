"""Running one operation: its own context, its deadline, its errors published. Every transport goes through here."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

import strawberry
import structlog
from graphql import GraphQLError
from starlette.requests import HTTPConnection
from strawberry.extensions import MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from structlog.contextvars import bound_contextvars

from domain.error_codes import ErrorCode
from server.transport.document import Operation
from server.transport.errors import TOO_SLOW, ErrorPublisher
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits
from server.transport.request_id import trace_id_of

log = structlog.get_logger(__name__)

Principal = TypeVar("Principal")


class OperationContext(Protocol):
    """What resolvers see as ``info.context``. It lives as long as one operation."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of an operation, and the same as JSON text.

    ``refused`` says that nothing was executed or that the operation as a whole broke off: there is no ``data``.
    """

    payload: dict[str, Any]
    text: str
    refused: bool = False


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
        self._schema = _served(schema, limits)
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
        with bound_contextvars(request_id=scope.request_id, trace_id=trace_id_of(scope.connection)):
            try:
                async with aclosing(self._results(operation, scope)) as results:
                    async for result in results:
                        reply = self._reply(result, scope.request_id)
                        codes += [error["extensions"]["code"] for error in reply.payload.get("errors", ())]
                        await deliver(reply)
            finally:
                log.info(
                    "operation",
                    type=operation.type.value,
                    name=operation.name,
                    duration_ms=round((time.perf_counter() - started) * 1000, 1),
                    errors=codes,
                )

    async def _results(
        self, operation: Operation, scope: OperationScope[Principal]
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            context = self._context_factory(scope)
            try:
                async with aclosing(await self._stream(operation, context)) as results:
                    if operation.is_subscription:
                        async for result in results:
                            yield result
                    else:
                        yield await self._in_time(results)
            finally:
                # A second cancellation must not leave a database session behind.
                await asyncio.shield(context.close())
        except Exception as error:  # noqa: BLE001 - whatever escapes the executor is masked like a resolver's failure
            yield PreExecutionError(data=None, errors=[GraphQLError("execution failed", original_error=error)])

    async def _stream(self, operation: Operation, context: object) -> AsyncGenerator[ExecutionResult, None]:
        request = operation.request
        stream = await self._schema.stream(
            request.query,
            variable_values=request.variables,
            context_value=context,
            operation_name=request.operation_name,
            operation_extensions=request.extensions,
        )
        return cast("AsyncGenerator[ExecutionResult, None]", stream)

    async def _in_time(self, results: AsyncGenerator[ExecutionResult, None]) -> ExecutionResult:
        try:
            async with asyncio.timeout(self._deadline):
                return await anext(results)
        except TimeoutError:
            raise RequestFailure(ErrorCode.DEADLINE_EXCEEDED, TOO_SLOW) from None

    def _reply(self, result: ExecutionResult, request_id: str) -> Reply:
        errors = [self._errors.publish(error, request_id) for error in result.errors or ()]
        # Before execution no field has been reached: an error with a path is a resolver's.
        refused = result.data is None and bool(errors) and not any("path" in error for error in errors)
        payload: dict[str, Any] = {} if refused else {"data": result.data}
        if errors:
            payload["errors"] = errors
        if result.extensions:
            payload["extensions"] = result.extensions
        try:
            return Reply(payload=payload, text=encode_json(payload), refused=refused)
        except (TypeError, ValueError) as error:
            broken = GraphQLError("the result is not JSON", original_error=error)
            return self._reply(PreExecutionError(data=None, errors=[broken]), request_id)


def encode_json(value: object) -> str:
    """JSON on one line, in ASCII. Raises ``ValueError`` or ``TypeError`` for what JSON cannot say, such as NaN."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


class _ValidationCodes(SchemaExtension):
    """Marks what validation found, which looks like any other error afterwards."""

    def on_validate(self) -> Iterator[None]:
        yield
        for error in self.execution_context.pre_execution_errors or ():
            error.extensions = {"code": ErrorCode.GRAPHQL_VALIDATION_FAILED, **(error.extensions or {})}


def _served(schema: strawberry.Schema, limits: TransportLimits) -> strawberry.Schema:
    """The same schema with caches, made anew for each request over shared stores, and without a log of its own."""
    served = copy.copy(schema)
    served.extensions = (
        lambda: MaxTokensLimiter(max_token_count=limits.tokens),
        lambda: ParserCache(maxsize=limits.cached_documents),
        _ValidationCodes,
        lambda: ValidationCache(maxsize=limits.cached_documents),
        *schema.extensions,
    )
    served.process_errors = _leave_to_publisher  # type: ignore[method-assign]
    return served


def _leave_to_publisher(errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
    """Strawberry would log expected refusals as errors, with their stack."""
