"""Subscribers who would be told the same are told it from one execution, see ``resolvers.flights``.

An answer depends on the document and its operation, on the variables that its selection uses, on what the request's
extensions say, on who asks, and on the event. The arguments of the subscribed field, such as ``after``, only choose
the events: subscribers who came with different cursors share from their first common event on.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    ExecutionResult,
    FieldNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from resolvers.flights import Flights
from server.transport.document import Operation
from server.transport.reply import Reply

LIFETIME = 2.0
"""Seconds: as long as it may take to send one event to everybody."""
MOST_BYTES = 16 * 1024 * 1024
BYTES_BESIDES = 1024
"""What an answer takes besides its text, roughly."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one event. ``reply`` is ``None`` when it has errors, which each subscriber gets as its own."""

    result: ExecutionResult
    reply: Reply | None


def shared_answers() -> Flights[Answer]:
    """The answers that the subscriptions of a process share, without those that failed."""
    return Flights(lifetime=LIFETIME, capacity=MOST_BYTES, weigh=_weigh)


def _weigh(answer: Answer) -> int | None:
    return None if answer.reply is None else len(answer.reply.text) + BYTES_BESIDES


def selection_of(operation: Operation) -> Hashable:
    """Equal for operations that select the same, whatever events they are about."""
    request = operation.request
    used = _variables_of_selection(operation.document.node)
    values = {name: value for name, value in (request.variables or {}).items() if name in used}
    return (
        request.query,
        request.operation_name,
        json.dumps(values, sort_keys=True),
        json.dumps(request.extensions, sort_keys=True),
    )


def _variables_of_selection(document: DocumentNode) -> set[str]:
    uses = _Uses(document)
    visit(document, uses)
    return uses.names


class _Uses(Visitor):
    """Finds the variables that a document uses other than in the arguments of its outermost fields."""

    def __init__(self, document: DocumentNode) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._outermost = [
            argument
            for operation in document.definitions
            if isinstance(operation, OperationDefinitionNode)
            for field in operation.selection_set.selections
            if isinstance(field, FieldNode)
            for argument in field.arguments or ()
        ]

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        """Leave the arguments of the outermost fields out."""
        return SKIP if any(node is argument for argument in self._outermost) else None

    def enter_variable_definition(self, _node: VariableDefinitionNode, *_: Any) -> Any:
        """A definition is no use."""
        return SKIP

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Note a use."""
        self.names.add(node.name.value)
