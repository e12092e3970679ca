"""The process that renders templates: ``{"files": {path: text}, "variables": {…}}`` on standard input.

Templates may come from a source, so they are rendered in the sandbox of Jinja and in a process of its own: what a
template can do beside making text is to take time and memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agents.tools.bounded import Refused, serve

LARGEST_FILE = 2**20
LITERALS = {"int": "0", "float": "0.0", "str": '""', "bool": "False", "bytes": 'b""'}


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
    serve(render)
