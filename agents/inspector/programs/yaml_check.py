"""Find what is wrong in YAML files, by the events of a parser: nothing is built of them, so no alias is expanded.

Reads a JSON list of paths from standard input; writes ``{"findings": [{"path", "line", "column", "rule", "message"},
…], "refused": {path: reason}}``. Needs PyYAML; with libyaml behind it deep nesting costs no stack.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MOST_NODES = 1_000_000
"""Nodes that aliases may stand for, all of them expanded; a file is at most a mebibyte and has fewer by itself."""

MAX_DEPTH = 200

_TEMPLATE = re.compile(r"\{\{|\{%|\$\{\{|<%|^\s*@\w+@", re.MULTILINE)
_CODE_TAG = re.compile(r"^(?:tag:yaml\.org,2002:|!)(?:python/(?:object|module)|ruby/(?:object|struct|hash|class))")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_BOMB = f"its aliases stand for more than {MOST_NODES:,} nodes: who expands them runs out of memory"


class Refused(Exception):
    """The file cannot be judged; the message says why."""


def main() -> None:
    """Check the files named on standard input."""
    findings: list[dict[str, object]] = []
    refused = {}
    for path in json.load(sys.stdin):
        try:
            findings += [{"path": path, **found} for found in check(Path(path).read_text("utf-8-sig"))]
        except Refused as reason:
            refused[path] = str(reason)
    json.dump({"findings": findings, "refused": refused}, sys.stdout)


@dataclass
class _Open:
    """A collection that is not closed yet. ``nodes`` are those in it with all aliases expanded."""

    mapping: bool
    anchor: str | None
    nodes: int = 1
    keys: set[tuple[str, str]] = field(default_factory=set)
    at_key: bool = True


def check(text: str) -> list[dict[str, object]]:
    """What is wrong in one file.

    Raises:
        Refused: it is a template, or nested too deeply.
    """
    found: list[dict[str, object]] = []
    try:
        for mark, rule, message in _Reading().problems(text):
            found.append({"line": mark.line + 1, "column": mark.column + 1, "rule": rule, "message": message})
    except yaml.reader.ReaderError as error:
        found.append({"line": None, "column": None, "rule": "syntax-error", "message": f"{error.reason}"})
    except yaml.MarkedYAMLError as error:
        said = error.problem or error.context or "it cannot be parsed"
        if "nest" in said or "depth" in said:
            raise Refused("nested too deeply for the parser") from error
        if _TEMPLATE.search(text):
            raise Refused("a template that becomes YAML only when it is filled in") from error
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        found.append({"line": line, "column": column, "rule": "syntax-error", "message": said})
    except RecursionError as error:
        raise Refused("nested too deeply for the parser") from error
    return found


class _Reading:
    """One pass over the events of a file."""

    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, int] = {}

    def problems(self, text: str) -> Iterator[tuple[Any, str, str]]:
        """Each problem with its place, its rule and what is wrong."""
        bombed = False
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                self.open, self.anchors = [], {}
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    yield event.start_mark, "undefined-alias", f"the alias *{event.anchor} has no anchor before it"
                self._node(self.anchors.get(event.anchor or "", 1))
            elif isinstance(event, yaml.ScalarEvent):
                yield from self._scalar(event)
            elif isinstance(event, yaml.CollectionStartEvent):
                yield from self._tag(event)
                self._opened(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                closed = self.open.pop()
                if closed.anchor:
                    self.anchors[closed.anchor] = closed.nodes
                self._node(closed.nodes)
                if closed.nodes > MOST_NODES and not bombed:
                    bombed = True
                    yield event.start_mark, "alias-bomb", _BOMB

    def _opened(self, event: Any) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise Refused(f"nested too deeply: more than {MAX_DEPTH} levels")
        if event.anchor:
            self.anchors[event.anchor] = 1  # it may refer to itself
        self.open.append(_Open(isinstance(event, yaml.MappingStartEvent), event.anchor))

    def _scalar(self, event: Any) -> Iterator[tuple[Any, str, str]]:
        yield from self._tag(event)
        if event.anchor:
            self.anchors[event.anchor] = 1
        here = self.open[-1] if self.open else None
        if here is not None and here.mapping and here.at_key:
            key = (event.tag or ("" if event.implicit[0] else "str"), event.value)
            if key in here.keys and event.value != "<<":
                yield event.start_mark, "duplicate-key", f"the key `{event.value}` is there before: that value is lost"
            here.keys.add(key)
        self._node(1)

    def _tag(self, event: Any) -> Iterator[tuple[Any, str, str]]:
        if event.tag and _CODE_TAG.match(event.tag):
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            yield event.start_mark, "object-tag", f"the tag {shown} makes a loader that is not safe create any object"

    def _node(self, nodes: int) -> None:
        """Count a node that is complete, and tell keys from values."""
        if self.open:
            here = self.open[-1]
            here.nodes += nodes
            here.at_key = not here.at_key


if __name__ == "__main__":
    main()
