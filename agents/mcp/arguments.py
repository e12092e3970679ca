"""Arguments against the schema that a server gives for its tool.

The server checks them itself. Our check only spares a call, and a question to a person, that would come to nothing. The
schema is somebody else's: it is evaluated only where :mod:`agents.mcp.bounds` says that this is soon done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema.exceptions import UnknownType, ValidationError, best_match  # type: ignore[import-untyped]
from jsonschema.validators import (  # type: ignore[import-untyped]
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
    extend,
)
from referencing import Registry
from referencing.exceptions import Unresolvable

from agents.contract import ToolFailure
from agents.mcp.bounds import UNCHECKED, soon_done
from domain.recovery import ErrorClass

MOST_ERRORS = 100
"""Things that do not fit, of which the one that says most is said."""
MALFORMED = (UnknownType, Unresolvable, TypeError, ValueError, AttributeError, LookupError, ArithmeticError)
"""What the library raises on keywords whose values are of the wrong kind. Its own check of a schema would say it more
nicely, and takes milliseconds for each place of it."""


def _not_looked_at(*_: Any) -> Iterator[ValidationError]:
    return iter(())


KINDS = {
    kind.META_SCHEMA["$schema"].rstrip("#"): extend(kind, dict.fromkeys(UNCHECKED, _not_looked_at))
    for kind in (Draft4Validator, Draft6Validator, Draft7Validator, Draft201909Validator, Draft202012Validator)
}
LATEST = Draft202012Validator.META_SCHEMA["$schema"]


def check_arguments(tool: str, schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Refuse what does not fit, before anything is sent; what cannot be checked within bounds is left to the server.

    It may take a second: call it in a thread.

    Raises:
        ToolFailure: the first thing that does not fit; or the schema is none.
    """
    named = schema.get("$schema", LATEST)
    kind = KINDS.get(named.rstrip("#")) if isinstance(named, str) else None
    if kind is None or not soon_done(schema, arguments):
        return
    try:
        errors = kind(schema, registry=Registry()).iter_errors(dict(arguments))
        wrong = best_match(islice(errors, MOST_ERRORS))
    except RecursionError:
        return
    except MALFORMED as error:
        said = str(error).partition("\n")[0][:500]
        raise ToolFailure(f"The schema that the server gives for {tool} is none: {said}") from None
    if wrong is not None:
        where = ".".join(str(part) for part in wrong.absolute_path) or "the arguments"
        raise ToolFailure(f"{tool} was not called: {where}: {wrong.message[:500]}.", error_class=ErrorClass.BAD_INPUT)
