"""The process that makes files and checks them: ``{"files": {path: text}, "variables": {…}}`` on standard input.

Templates may come from a source, so they are rendered in the sandbox of Jinja and in a process of its own: what a
template can do beside making text is to take time and memory. The same is true of what reads the files that were made.
Without ``variables`` the files are made already, by a language model, and are checked only.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agents.tools.bounded import Refused, serve

LARGEST_FILE = 2**20
MOST_NODES = 1_000_000
"""Of a YAML file, once each alias is written out."""
LITERALS = {"int": "0", "float": "0.0", "str": '""', "bool": "False", "bytes": 'b""'}


def make(request: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The files by their paths, each with its ``content``, and whether it was ``checked``.

    Raises:
        Refused: a template cannot be rendered, or makes too much; a file cannot be read by what reads such files.
    """
    made = render(request) if "variables" in request else request["files"]
    return {name: {"content": content, "checked": _checked(name, content)} for name, content in made.items()}


def _read_yaml(text: str) -> None:
    for document in yaml.compose_all(text, Loader=yaml.SafeLoader):
        if _weight(document, {}) > MOST_NODES:
            raise ValueError(f"written out, its aliases stand for more than {MOST_NODES:,} values")
    for _ in yaml.safe_load_all(text):
        pass


def _weight(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values it has once each alias is written out. One that holds itself has too many."""
    if id(node) not in known:
        known[id(node)] = MOST_NODES + 1
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        inner = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
        known[id(node)] = 1 + sum(_weight(one, known) for one in inner)
    return known[id(node)]


CHECKS: Mapping[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": _read_yaml,
    ".yml": _read_yaml,
}
"""What must be able to read a file with that ending."""


def _checked(name: str, content: str) -> bool:
    check = CHECKS.get(PurePosixPath(name).suffix)
    if check is None:
        return False
    try:
        check(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
        raise Refused(f"What is made for {name!r} cannot be read: {said}.") from error
    return True


def render(request: Mapping[str, Any]) -> dict[str, str]:
    """The rendered files by their rendered paths.

    Raises:
        Refused: a template is wrong, wants a variable that was not given, or makes too much.
    """
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # it makes code, not HTML
    )
    environment.filters |= {"sentence": sentence, "split_list": split_list, "placeholders": placeholders}
    made: dict[str, str] = {}
    for path, text in request["files"].items():
        try:
            name = environment.from_string(path).render(request["variables"])
            content = environment.from_string(text).render(request["variables"])
        except SecurityError as error:
            raise Refused(f"The template {path!r} does what templates may not: {error}.") from error
        except TemplateError as error:
            line = f" in line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise Refused(f"The template {path!r} is wrong{line}: {error}.") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise Refused(f"The template {path!r} cannot be rendered: {type(error).__name__}: {error}.") from error
        if len(content) > LARGEST_FILE:
            raise Refused(f"The template {path!r} makes {len(content):,} characters; {LARGEST_FILE:,} are the most.")
        if name in made:
            raise Refused(f"Two templates make the file {name!r}.")
        made[name] = content
    return made


def sentence(text: str) -> str:
    """The text in one line, as a sentence that no string of Python or GraphQL ends within."""
    line = " ".join(str(text).split()).replace("\\", "/").replace('"', "'").rstrip(".")
    return f"{line[:1].upper()}{line[1:]}."


def split_list(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", str(text)) if part.strip()]


def placeholders(parameters: str) -> str:
    """Something to call a function of these parameters with."""
    kinds = [part.partition(":")[2].partition("=")[0].strip() for part in split_list(parameters)]
    return ", ".join(LITERALS.get(kind, "None") for kind in kinds)


if __name__ == "__main__":
    serve(make)
