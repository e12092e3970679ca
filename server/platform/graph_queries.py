"""Queries on the platform's own graph, asked by the platform for acceptance checks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import structlog

from domain.acceptance import QuerySubject
from domain.actor import Actor, Permission
from domain.ports import QueryFailed
from resolvers.context import Context

if TYPE_CHECKING:
    from server.transport.document import Documents
    from server.transport.executable import ExecutableSchema
    from server.transport.limits import TransportLimits

log = structlog.get_logger(__name__)

ASKER = "platform:acceptance"


class GraphQueries:
    """See :class:`domain.ports.QueryRunner`. The limits are those of any client, and the rights those of a reader.

    A worker builds the schema when the first check needs it: most never do.
    """

    def __init__(self, context_of: Callable[[Actor], Context], limits: TransportLimits) -> None:
        self._context_of = context_of
        self._limits = limits

    async def answer(self, subject: QuerySubject, document: str) -> Mapping[str, Any]:
        """The data of the only query in ``document``.

        Raises:
            QueryFailed: it is not one query, too heavy, does not fit the schema, or ends with an error.
        """
        from graphql import OperationType

        from schema.node_ids import encode
        from server.transport.executable import Refused
        from server.transport.failure import RequestFailure
        from server.transport.request import GraphQLRequest

        schema, documents = await asyncio.to_thread(lambda: self._graph)
        seconds = self._limits.deadline.total_seconds()
        variables = {
            "execution": encode("Execution", subject.execution_id),
            "task": encode("Task", subject.task_id),
            "project": encode("Project", subject.project_id),
        }
        actor = Actor(id=ASKER, name=ASKER, workspace_id=subject.workspace_id, permissions=frozenset({Permission.READ}))
        context = self._context_of(actor)
        try:
            operation = documents.operation(GraphQLRequest(query=document, variables=variables))
            if operation.type is not OperationType.QUERY:
                raise QueryFailed("it is no query.")
            async with asyncio.timeout(seconds):
                result = await schema.execute(operation, context)
        except RequestFailure as failure:
            raise QueryFailed(str(failure)) from failure
        except Refused as refused:
            raise QueryFailed("; ".join(error.message for error in refused.errors)) from refused
        except TimeoutError:
            raise QueryFailed(f"it took longer than {seconds:g} seconds.") from None
        finally:
            await context.close()
        if result.errors or result.data is None:
            errors = result.errors or []
            for error in errors:
                log.warning("acceptance_query_failed", exc_info=error.original_error, message=error.message)
            where = ", ".join("/".join(map(str, error.path or ())) for error in errors)
            raise QueryFailed(f"it ended with errors at {where or 'its top'}.")
        answer: Mapping[str, Any] = json.loads(json.dumps(result.data))
        return answer

    @cached_property
    def _graph(self) -> tuple[ExecutableSchema, Documents]:
        from schema.build import build_schema
        from server.transport.document import Documents
        from server.transport.executable import ExecutableSchema

        return ExecutableSchema(build_schema(), self._limits), Documents(self._limits)
