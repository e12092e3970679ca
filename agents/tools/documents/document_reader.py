"""The process that reads one document: ``{"path": …, "kind": …}`` on standard input."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from agents.tools.bounded import serve


def read(request: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of the document, by the reader of its kind."""
    reader = import_module(f"agents.tools.documents.{request['kind']}")
    contents: dict[str, Any] = reader.read(Path(request["path"])).plain()
    return contents


if __name__ == "__main__":
    serve(read)
