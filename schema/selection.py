"""What a client selected below a field."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode

from schema.node import Info


def selects(info: Info, name: str) -> bool:
    """Whether a field called ``name`` is selected directly below the current one, fragments included."""
    raw = info._raw_info  # the converted form of Strawberry costs a walk over everything below
    pending: list[Iterable[SelectionNode]] = [
        node.selection_set.selections for node in raw.field_nodes if node.selection_set
    ]
    seen: set[str] = set()
    while pending:
        for node in pending.pop():
            if isinstance(node, FieldNode):
                if node.name.value == name:
                    return True
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set.selections)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                pending.append(raw.fragments[node.name.value].selection_set.selections)
    return False
