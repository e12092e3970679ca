"""A JSON Schema of a typed tool, as tables that people can read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "pattern": "matches {}",
}
NAMES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "null": "null"}

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object: ``default`` is empty for one that is required."""

    name: str
    type: str
    default: str
    limits: str
    description: str

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return not self.default


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with its fields. ``name`` is empty for the outermost one."""

    name: str
    description: str
    fields: tuple[Field, ...]


def shapes(schema: Schema) -> list[Shape]:
    """The object that the schema describes, and behind it each object that its fields name, in order of appearance."""
    definitions: Schema = schema.get("$defs", {})
    names = [name for name in _named(schema, definitions) if "properties" in definitions[name]]
    return [_shape("", schema, definitions), *(_shape(name, definitions[name], definitions) for name in names)]


def _named(schema: Schema, definitions: Schema) -> list[str]:
    found: list[str] = []
    pending: list[Any] = [schema.get("properties", {})]
    while pending:
        node = pending.pop(0)
        if isinstance(node, Mapping):
            reference = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if reference in definitions and reference not in found:
                found.append(reference)
                pending.append(definitions[reference])
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
    return found


def _shape(name: str, schema: Schema, definitions: Schema) -> Shape:
    required = set(schema.get("required", ()))
    fields = tuple(
        _field(key, value, key in required, definitions) for key, value in schema.get("properties", {}).items()
    )
    return Shape(name, str(schema.get("description", "")), fields)


def _field(name: str, schema: Schema, required: bool, definitions: Schema) -> Field:
    return Field(
        name=name,
        type=_type(schema, definitions),
        default="" if required else json.dumps(schema["default"], ensure_ascii=False) if "default" in schema else "–",
        limits=", ".join(_limits(schema)),
        description=str(schema.get("description") or _definition(schema, definitions).get("description", "")),
    )


def _definition(schema: Schema, definitions: Schema) -> Schema:
    found: Schema = definitions.get(str(schema.get("$ref", "")).removeprefix("#/$defs/"), {})
    return found


def _type(schema: Schema, definitions: Schema) -> str:
    if "$ref" in schema:
        definition = _definition(schema, definitions)
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        return name if "properties" in definition else _type(definition, definitions)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            parts = [_type(one, definitions) for one in schema[several]]
            return " or ".join(dict.fromkeys(parts))
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if "enum" in schema:
        return " or ".join(json.dumps(one, ensure_ascii=False) for one in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}), definitions)}"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"object of {_type(values, definitions)}" if isinstance(values, Mapping) else "object"
    return NAMES.get(str(kind), "anything")


def _limits(schema: Schema) -> Iterator[str]:
    for key, text in LIMITS.items():
        if key in schema:
            yield text.format(_number(schema[key]))
    for several in ("anyOf", "oneOf"):
        for one in schema.get(several, ()):
            yield from _limits(one)


def _number(limit: Any) -> str:
    if isinstance(limit, float) and limit.is_integer():
        limit = int(limit)
    return f"{limit:,}" if isinstance(limit, int | float) else str(limit)
