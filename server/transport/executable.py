"""A schema of Strawberry, run by graphql-core directly: each document is validated once, then executed.

Strawberry's own pipeline would wrap every operation, and every event of a subscription, in hooks for extensions, of
which there are none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import lru_cache
from typing import Any, TypeGuard, cast

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, OperationType, specified_rules
from graphql.execution import create_source_event_stream, execute_subscription_event
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.schema import validate_document

from domain.error_codes import ErrorCode
from server.transport.breadth_first.run import data_of
from server.transport.document import Document, Operation
from server.transport.executor import Executor
from server.transport.limits import TransportLimits

log = structlog.get_logger(__name__)


class Refused(Exception):
    """Nothing was executed, and ``errors`` say why. What validation found carries its code."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(*errors)
        self.errors = errors


class ExecutableSchema:
    """Runs operations whose documents are parsed. Extensions of the schema take no part."""

    def __init__(self, schema: strawberry.Schema, limits: TransportLimits) -> None:
        self._schema = schema._schema
        self._faults = lru_cache(maxsize=limits.cached_documents)(self._validate)

    async def execute(self, operation: Operation, context: object) -> ExecutionResult:
        """The result of a query or mutation.

        Raises:
            Refused: the document does not fit the schema, or a variable its type.
        """
        executor = self._executor(operation, context)
        if operation.type is OperationType.QUERY:
            values = executor.variable_values.coerced
            switches = tuple(values.get(name) for name in operation.document.switches)
            outline = operation.document.outlines.of(executor, (operation.name, switches))
            if outline is not None:
                try:
                    return ExecutionResult(await data_of(executor, outline))
                except Exception as error:  # noqa: BLE001 - the long way meets it again, and words it
                    log.debug("a query goes the long way", name=operation.name, reason=repr(error))
        return await _awaited(executor.execute_operation())

    async def subscribe(self, operation: Operation, context: object) -> Subscription:
        """Begin a subscription.

        Raises:
            Refused: as for ``execute``, or the subscription's resolver refuses its arguments.
        """
        executor = self._executor(operation, context)
        stream = create_source_event_stream(executor)
        if executor.is_awaitable(stream):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            raise Refused(stream.errors or [])
        return Subscription(executor, cast("AsyncGenerator[object, None]", stream))

    def _executor(self, operation: Operation, context: object) -> Executor:
        faults = self._faults(operation.document)
        if faults:
            raise Refused(faults)
        request = operation.request
        executor = Executor.build(
            self._schema,
            operation.document.node,
            context_value=context,
            raw_variable_values=request.variables,
            operation_name=request.operation_name,
            is_awaitable=cast("Callable[[Any], TypeGuard[Awaitable[Any]]]", optimized_is_awaitable),
            operation_extensions=request.extensions,
        )
        if isinstance(executor, list):
            raise Refused(executor)
        return cast("Executor", executor)

    def _validate(self, document: Document) -> list[GraphQLError]:
        faults = validate_document(self._schema, document.node, tuple(specified_rules))
        for fault in faults:
            fault.extensions = {"code": ErrorCode.GRAPHQL_VALIDATION_FAILED, **(fault.extensions or {})}
        return faults


class Subscription:
    """A subscription that has begun: its ``events``, and the answer to each."""

    def __init__(self, executor: Executor, events: AsyncGenerator[object, None]) -> None:
        self.events = events
        self._executor = executor

    async def answer(self, event: object) -> ExecutionResult:
        """Execute the selection over one event."""
        return await _awaited(execute_subscription_event(self._executor.build_per_event_executor(event)))


async def _awaited(result: object) -> ExecutionResult:
    if isinstance(result, ExecutionResult):
        return result
    return await cast("Awaitable[ExecutionResult]", result)
