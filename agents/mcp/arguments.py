"""Arguments against the schema that a server gives for its tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema.exceptions import SchemaError, best_match  # type: ignore[import-untyped]
from jsonschema.validators import validator_for  # type: ignore[import-untyped]
from referencing import Registry
from referencing.exceptions import Unresolvable

from agents.contract import ToolFailure
from domain.recovery import ErrorClass


def check_arguments(tool: str, schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuse what does not fit, before anything is sent. References lead nowhere outside of the schema.

    Raises:
        ToolFailure: the first thing that does not fit; or the schema is none.
    """
    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
        wrong = best_match(kind(schema, registry=Registry()).iter_errors(dict(arguments)))
    except (SchemaError, Unresolvable, RecursionError) as error:
        said = str(error).partition("\n")[0]
        raise ToolFailure(f"The schema that the server gives for {tool} is none: {said}") from None
    if wrong is not None:
        where = ".".join(str(part) for part in wrong.absolute_path) or "the arguments"
        raise ToolFailure(f"{tool} was not called: {where}: {wrong.message[:500]}.", error_class=ErrorClass.BAD_INPUT)
