"""Values with holes: ``${{ expression }}`` in a text is replaced by what the expression gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from domain.playbooks.expressions import Expression, ExpressionError
from domain.playbooks.tokens import tokens

OPEN, CLOSE = "${{", "}}"


@dataclass(frozen=True)
class Filled:
    """A text with expressions. One that is nothing but an expression gives its value, of whatever type."""

    parts: tuple[str | Expression, ...]

    def render(self, variables: Mapping[str, Any]) -> Any:
        """The value.

        Raises:
            ExpressionError: an expression gives none.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].evaluate(variables)
        return "".join(part if isinstance(part, str) else _text(part.evaluate(variables)) for part in self.parts)


Template: TypeAlias = Any
"""JSON in which texts may be :class:`Filled`."""


def render(template: Template, variables: Mapping[str, Any]) -> Any:
    """The template with its expressions evaluated.

    Raises:
        ExpressionError: one of them gives no value.
    """
    if isinstance(template, Filled):
        return template.render(variables)
    if isinstance(template, list):
        return [render(one, variables) for one in template]
    if isinstance(template, dict):
        return {key: render(one, variables) for key, one in template.items()}
    return template


def is_constant(template: Template) -> bool:
    """Whether nothing in it has to be evaluated."""
    if isinstance(template, Filled):
        return False
    if isinstance(template, list):
        return all(map(is_constant, template))
    if isinstance(template, dict):
        return all(map(is_constant, template.values()))
    return True


def filled(text: str, parse: Callable[[str, int], Expression | None]) -> str | Filled | None:
    """The text, with its expressions if it has any. ``parse`` gets each with the place where it begins.

    ``None`` when ``parse`` answers so for one of them.

    Raises:
        ExpressionError: an expression has no end.
    """
    if OPEN not in text:
        return text
    parts: list[str | Expression] = []
    for is_expression, part, offset in _parts(text):
        if not is_expression:
            parts.append(part)
            continue
        expression = parse(part, offset)
        if expression is None:
            return None
        parts.append(expression)
    return Filled(tuple(parts))


def bare(text: str) -> tuple[str, int]:
    """An expression where one must be, with or without ``${{ }}``, and the place where it begins."""
    stripped = text.strip()
    if stripped.startswith(OPEN) and stripped.endswith(CLOSE):
        inner = stripped[len(OPEN) : -len(CLOSE)]
        return inner, text.index(OPEN) + len(OPEN)
    return text, 0


def _parts(text: str) -> Iterator[tuple[bool, str, int]]:
    position = 0
    while (begin := text.find(OPEN, position)) >= 0:
        if begin > position:
            yield False, text[position:begin], position
        end = _end(text, begin + len(OPEN))
        yield True, text[begin + len(OPEN) : end], begin + len(OPEN)
        position = end + len(CLOSE)
    if position < len(text):
        yield False, text[position:], position


def _end(text: str, begin: int) -> int:
    """Where the expression ends: at braces that belong neither to a text nor to a mapping within it.

    Braces end it in a comment too: what follows them is text of the template.
    """
    depth = 0
    for token in tokens(text, begin):
        if token.kind == "nothing" and not depth and CLOSE in token.text:
            return token.offset + token.text.index(CLOSE)
        if token.text == "{":
            depth += 1
        elif token.text == "}" and depth:
            depth -= 1
        elif token.text == "}" and text.startswith(CLOSE, token.offset):
            return token.offset
    raise ExpressionError(f"an expression begins with {OPEN} and never ends with {CLOSE}", begin - len(OPEN))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
