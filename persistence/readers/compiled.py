"""Statements of SQLAlchemy as the SQL text and the values that asyncpg takes.

Reading goes past SQLAlchemy's own execution: its asynchronous engine runs in greenlets and adapts asyncpg to the
interface of blocking drivers, which costs more than the statements themselves (``docs/reference/performance.md``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import CompoundSelect
from sqlalchemy.util import LRUCache

_DIALECT = dialect()  # type: ignore[no-untyped-call]
_CACHE: LRUCache[Any, Any] = LRUCache(500)
"""Compiled statements by their structure, as SQLAlchemy's engines keep them; the values are no part of it."""


def compiled(statement: Select[Any] | CompoundSelect[Any]) -> tuple[str, list[Any]]:
    """The SQL text with ``$1`` and so on, and the values in that order."""
    made, extracted, values, _ = statement._compile_w_cache(_DIALECT, compiled_cache=_CACHE, column_keys=[])
    compiler = cast("SQLCompiler", made)
    given = compiler.construct_params(extracted_parameters=extracted, _collected_params=values)
    processors = cast("dict[str, Callable[[Any], Any]]", compiler._bind_processors)
    return compiler.string, [
        processors[name](given[name]) if name in processors else given[name] for name in compiler.positiontup or ()
    ]


class Prepared:
    """A statement whose values come by name each time it runs: it is built and compiled only once.

    Its bind parameters are named; their values are given as asyncpg takes them.
    """

    def __init__(self, statement: Select[Any]) -> None:
        compiler = statement.compile(dialect=_DIALECT)
        self.text = compiler.string
        self._names = tuple(compiler.positiontup or ())
        self._fixed = compiler.params

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text; what is not given has the value that the statement was built with."""
        return [given[name] if name in given else self._fixed[name] for name in self._names]
