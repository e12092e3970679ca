"""Asking the platform's own graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from domain.acceptance import QuerySubject


class QueryFailed(Exception):
    """The graph did not answer; the message is a sentence that says why."""


class QueryRunner(Protocol):
    """Asks queries with the rights of a reader of the workspace."""

    async def answer(self, subject: QuerySubject, document: str) -> Mapping[str, Any]:
        """The data of the only query in ``document``, as JSON.

        Raises:
            QueryFailed: it is not one query, too heavy, does not fit the schema, or ends with an error.
        """
