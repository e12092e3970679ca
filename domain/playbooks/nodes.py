"""YAML as nodes that know where they stand. Only what JSON can say is taken: no tags, anchors, aliases or merges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from yaml import nodes as yaml_nodes

from domain.playbooks.problems import Mark, Problems

LONGEST = 65_536
"""Characters of a document."""
MOST_NODES = 10_000
DEEPEST = 16

INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
"""Words of YAML 1.2 that are no text; ``yes`` and ``on`` are texts."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or null. ``lines`` are those of the document, to find a place within the value."""

    value: str | int | float | bool | None
    mark: Mark
    style: str | None = None
    lines: tuple[str, ...] = field(default=(), repr=False)

    def at(self, offset: int) -> Mark:
        """Where the character ``offset`` of a text stands; where the value begins when that cannot be told."""
        text = self.value if isinstance(self.value, str) else ""
        if self.style == "|":
            return self._in_block(text, offset)
        source = self.lines[self.mark.line - 1] if self.mark.line <= len(self.lines) else ""
        begin = self.mark.column - 1 + (1 if self.style in {"'", '"'} else 0)
        if source[begin : begin + offset] == text[:offset]:
            return Mark(self.mark.line, begin + offset + 1)
        return self.mark

    def _in_block(self, text: str, offset: int) -> Mark:
        before = text[:offset]
        number = before.count("\n")
        line = self.mark.line + 1 + number
        content = text.split("\n")[number]
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        indent = len(source) - len(content) if source.endswith(content) else 0
        return Mark(line, indent + len(before) - (before.rfind("\n") + 1) + 1)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    nodes: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; its keys are texts, each there once."""

    pairs: tuple[tuple[Scalar, Node], ...]
    mark: Mark

    def get(self, name: str) -> Node | None:
        """The value of a key, or ``None``."""
        return next((node for key, node in self.pairs if key.value == name), None)


Node: TypeAlias = Scalar | Items | Entries


def plain(node: Node) -> Any:
    """The node as JSON would have it."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(one) for one in node.nodes]
    return {str(key.value): plain(value) for key, value in node.pairs}


def read_nodes(text: str, problems: Problems) -> Node | None:
    """The document as nodes; ``None``, with the reason in ``problems``, when it cannot be read as such."""
    if len(text) > LONGEST:
        problems.add(Mark(), f"A playbook may have at most {LONGEST:,} characters; this has {len(text):,}.")
        return None
    try:
        if not _harmless(text, problems):
            return None
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        problems.add(_mark(error.problem_mark or error.context_mark), f"This is no YAML: {_said(error)}.")
        return None
    except yaml.YAMLError as error:
        problems.add(_of_reader(text, error), "There is a character that YAML does not allow.")
        return None
    if root is None:
        problems.add(Mark(), "The document is empty: a playbook has at least a name and steps.")
        return None
    return _node(root, tuple(text.split("\n")), problems)


def _harmless(text: str, problems: Problems) -> bool:
    """Whether nothing in it makes it grow, or something else of it, when it is composed."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        mark = _mark(event.start_mark)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                problems.add(mark, "A file holds one playbook: a second document begins here.")
        for refused in _refused(event):
            problems.add(mark, refused)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            problems.add(mark, f"This is nested deeper than {DEEPEST} levels.")
            return False
        if count > MOST_NODES:
            problems.add(mark, f"A playbook may have at most {MOST_NODES:,} values.")
            return False
    return not problems


def _refused(event: Any) -> Iterator[str]:
    if isinstance(event, yaml.AliasEvent):
        yield f"An alias (*{event.anchor}) cannot be used here: write the value out."
    elif getattr(event, "anchor", None):
        yield f"An anchor (&{event.anchor}) cannot be used here."
    if getattr(event, "tag", None):
        yield f"A tag ({event.tag}) cannot be used here: values are texts, numbers, true, false, null, lists, mappings."


def _node(node: Any, lines: tuple[str, ...], problems: Problems) -> Node:
    mark = _mark(node.start_mark)
    if isinstance(node, yaml_nodes.SequenceNode):
        return Items(tuple(_node(one, lines, problems) for one in node.value), mark)
    if isinstance(node, yaml_nodes.MappingNode):
        return Entries(tuple(_pairs(node, lines, problems)), mark)
    return Scalar(_value(node), mark, node.style, lines)


def _pairs(node: yaml_nodes.MappingNode, lines: tuple[str, ...], problems: Problems) -> Iterator[tuple[Scalar, Node]]:
    seen: dict[str, Mark] = {}
    for key_node, value_node in node.value:
        mark = _mark(key_node.start_mark)
        if not isinstance(key_node, yaml_nodes.ScalarNode):
            problems.add(mark, "A key must be a text.")
            continue
        key = str(key_node.value)
        if key in seen:
            problems.add(mark, f"The key {key!r} is here twice: the first is in line {seen[key].line}.")
            continue
        seen[key] = mark
        yield Scalar(key, mark, key_node.style, lines), _node(value_node, lines, problems)


def _value(node: yaml_nodes.ScalarNode) -> str | int | float | bool | None:
    text = str(node.value)
    if node.style is not None:
        return text
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if NUMBER.fullmatch(text) else text


def _mark(mark: Any) -> Mark:
    return Mark() if mark is None else Mark(mark.line + 1, mark.column + 1)


def _said(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)


def _of_reader(text: str, error: yaml.YAMLError) -> Mark:
    position = int(getattr(error, "position", 0))
    before = text[:position]
    return Mark(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
