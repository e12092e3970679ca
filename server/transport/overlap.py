"""How much work validation will have with fields that share a place in the answer: it compares each with each.

Some thousand tokens that repeat one field would keep it, and with it the whole process, busy for seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from domain.error_codes import ErrorCode
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits

Place = tuple[str, ...]
"""The names in the answer that lead to a field."""


def refuse_overlap(document: DocumentNode, limits: TransportLimits) -> None:
    """Let a document through in which few fields share a place.

    Fragments count as well when no operation spreads them: validation looks at those, too.

    Raises:
        RequestFailure: ``DOCUMENT_TOO_COMPLEX``.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    pairs = 0
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            continue
        places: Counter[Place] = Counter()
        for steps, place in enumerate(_written_out(node.selection_set, (), fragments, frozenset())):
            if steps > 2 * limits.fields:
                _refuse(f"Its fragments make more than {limits.fields} fields: ask for less.")
            if place:
                pairs += places[place]
                places[place] += 1
            if pairs > limits.overlaps:
                _refuse(f"It repeats {'.'.join(place or ())!r:.100} too often: ask for each field once.")


def _written_out(
    selections: SelectionSetNode | None,
    parent: Place,
    fragments: dict[str, FragmentDefinitionNode],
    within: frozenset[str],
) -> Iterator[Place | None]:
    """The place of each field, and ``None`` for everything else on the way, so that a caller can count steps."""
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            place = (*parent, (node.alias or node.name).value)
            yield place
            yield from _written_out(node.selection_set, place, fragments, within)
        elif isinstance(node, InlineFragmentNode):
            yield None
            yield from _written_out(node.selection_set, parent, fragments, within)
        elif isinstance(node, FragmentSpreadNode):
            yield None
            name = node.name.value
            if name not in within and (fragment := fragments.get(name)):
                yield from _written_out(fragment.selection_set, parent, fragments, within | {name})


def _refuse(reason: str) -> None:
    raise RequestFailure(ErrorCode.DOCUMENT_TOO_COMPLEX, f"The document is too expensive to validate. {reason}")
