"""Operations of the API without a connection: the same checks, limits, rights and log lines as over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Generic

from server.client.graphql_client import PAUSES, GraphQLErrors
from server.transport.document import Operation
from server.transport.execution import OperationScope, Principal
from server.transport.failure import RequestFailure
from server.transport.http import HttpEndpoint
from server.transport.reply import Reply
from server.transport.request import request_from
from server.transport.sse import cursor_of


class InProcess(Generic[Principal]):
    """See :class:`server.mcp.api.Api`."""

    def __init__(self, endpoint: HttpEndpoint[Principal], scope: OperationScope[Principal]) -> None:
        """``scope`` says who asks; ``endpoint`` is what serves ``/graphql`` in this process."""
        self._endpoint = endpoint
        self._scope = scope

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of a query or mutation.

        Raises:
            GraphQLErrors: it has errors.
        """
        payloads: list[Mapping[str, Any]] = []

        async def keep(reply: Reply) -> None:
            payloads.append(reply.payload)

        await self._endpoint.runner.run(self._operation(document, variables), self._scope, keep)
        return _data(payloads[-1])

    async def subscribe(
        self, document: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The data of each event; what ends with errors that may pass is resumed, as our client does over HTTP.

        Raises:
            GraphQLErrors: it was ended with errors.
        """
        tried = 0
        given = dict(variables or {})
        while True:
            try:
                async with aclosing(self._payloads(document, given)) as payloads:
                    async for payload in payloads:
                        data = _data(payload)
                        tried, given["after"] = 0, cursor_of(payload) or given.get("after")
                        yield data
                return
            except GraphQLErrors as errors:
                if not errors.retryable or tried == len(PAUSES):
                    raise
            await asyncio.sleep(PAUSES[tried])
            tried += 1

    async def _payloads(self, document: str, variables: Mapping[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        operation = self._operation(document, variables)
        arrived: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue(maxsize=1)

        async def feed() -> None:
            await self._endpoint.runner.run(operation, self._scope, lambda reply: arrived.put(reply.payload))
            await arrived.put(None)

        feeding = asyncio.create_task(feed())
        try:
            while (payload := await arrived.get()) is not None:
                yield payload
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)

    def _operation(self, document: str, variables: Mapping[str, Any] | None) -> Operation:
        endpoint = self._endpoint
        try:
            request = request_from({"query": document, "variables": dict(variables or {})}, endpoint.limits)
            return endpoint.documents.operation(request)
        except RequestFailure as failure:
            raise GraphQLErrors([endpoint.errors.refusal(failure, self._scope.request_id)]) from None


def _data(payload: Mapping[str, Any]) -> dict[str, Any]:
    if payload.get("errors"):
        raise GraphQLErrors(payload["errors"])
    data: dict[str, Any] = payload["data"]
    return data
