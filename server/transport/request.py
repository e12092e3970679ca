"""One GraphQL request, whatever carried it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.error_codes import ErrorCode
from server.transport.body import check_values
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """The four parameters of GraphQL over HTTP; the other transports carry the same."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


def request_from(parameters: object, limits: TransportLimits) -> GraphQLRequest:
    """Check the shape of decoded parameters, and the values in them.

    Raises:
        RequestFailure: ``BAD_REQUEST``, naming the parameter that has the wrong type; ``BAD_USER_INPUT`` for a value
            that is nested too deeply or cannot be stored.
    """
    if isinstance(parameters, list):
        raise _bad("Batches are not accepted: send one operation per request.")
    if not isinstance(parameters, Mapping):
        raise _bad("The request must be a JSON object with a 'query'.")
    query = parameters.get("query")
    if not isinstance(query, str) or not query.strip():
        raise _bad("The parameter 'query' must be a text with a GraphQL document.")
    name = parameters.get("operationName")
    if name is not None and not isinstance(name, str):
        raise _bad("The parameter 'operationName' must be a text or null.")
    check_values([name, parameters.get("variables"), parameters.get("extensions")], limits)
    return GraphQLRequest(
        query=query,
        # Several clients send an empty name for an anonymous operation.
        operation_name=name or None,
        variables=_object(parameters, "variables"),
        extensions=_object(parameters, "extensions"),
    )


def _object(parameters: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, dict):
        raise _bad(f"The parameter {name!r} must be an object or null.")
    return value


def _bad(message: str) -> RequestFailure:
    return RequestFailure(ErrorCode.BAD_REQUEST, message)
