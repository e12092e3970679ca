"""From the text of a request to the one operation that will run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLFormattedError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    get_operation_ast,
    parse,
    visit,
)

from domain.error_codes import ErrorCode
from server.transport.breadth_first.cache import OutlineCache
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits
from server.transport.overlap import refuse_overlap
from server.transport.request import GraphQLRequest
from server.transport.weight import refuse_heavy


class SyntaxFailure(RequestFailure):
    """The document is not GraphQL; ``details`` has the message and where in the document it applies."""

    def __init__(self, error: GraphQLSyntaxError) -> None:
        super().__init__(ErrorCode.GRAPHQL_PARSE_FAILED, error.message)
        self.details: GraphQLFormattedError = error.formatted


@dataclass(frozen=True, eq=False)
class Document:
    """A parsed document, compared by identity: to hash a syntax tree costs more than many a query."""

    node: DocumentNode
    outlines: OutlineCache = field(default_factory=OutlineCache)

    @cached_property
    def switches(self) -> tuple[str, ...]:
        """The variables that directives use: what is selected depends on them and on nothing else."""
        found = _Switches()
        visit(self.node, found)
        return tuple(sorted(found.names))


class _Switches(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A request whose document was parsed, weighed, and has exactly one operation to run."""

    request: GraphQLRequest
    document: Document
    type: OperationType
    name: str | None

    @property
    def is_subscription(self) -> bool:
        """Whether it answers many times."""
        return self.type is OperationType.SUBSCRIPTION


class Documents:
    """Parses and weighs documents, each of them once: the latest that were accepted are remembered."""

    def __init__(self, limits: TransportLimits) -> None:
        self._limits = limits
        self._accepted = lru_cache(maxsize=limits.cached_documents)(self._accept)

    def operation(self, request: GraphQLRequest) -> Operation:
        """Find the operation to run, and refuse what is too heavy to look at any further.

        Raises:
            RequestFailure: ``GRAPHQL_PARSE_FAILED``, ``DOCUMENT_TOO_COMPLEX``, ``BAD_USER_INPUT`` or
                ``UNKNOWN_OPERATION``.
        """
        document = self._accepted(request.query)
        node = get_operation_ast(document.node, request.operation_name)
        if node is None:
            raise RequestFailure(ErrorCode.UNKNOWN_OPERATION, _which(document.node, request.operation_name))
        name = node.name.value if node.name else None
        return Operation(request=request, document=document, type=node.operation, name=name)

    def _accept(self, query: str) -> Document:
        document = self._parsed(query)
        refuse_heavy(document, self._limits)
        refuse_overlap(document, self._limits)
        return Document(document)

    def _parsed(self, query: str) -> DocumentNode:
        try:
            document: DocumentNode = parse(query, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            if f"more than {self._limits.tokens} tokens" in error.message:
                text = f"The document has more than the {self._limits.tokens} tokens that are accepted: ask for less."
                raise RequestFailure(ErrorCode.DOCUMENT_TOO_COMPLEX, text) from None
            raise SyntaxFailure(error) from None
        except RecursionError:
            text = f"The document is nested deeper than the {self._limits.depth} levels that are accepted."
            raise RequestFailure(ErrorCode.DOCUMENT_TOO_COMPLEX, text) from None
        return document


def _which(document: DocumentNode, wanted: str | None) -> str:
    names = [
        node.name.value if node.name else "(without a name)"
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    if not names:
        return "The document has no operation: add a query, a mutation or a subscription."
    if wanted is None:
        return f"The document has several operations ({', '.join(names)}): say which to run in 'operationName'."
    return f"The document has no operation named {wanted!r}: it has {', '.join(names)}."
