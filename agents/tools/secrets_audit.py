"""Look through the checkout for credentials, and say where they are without saying what they are."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import stat
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, Field

from agents.contract import SourceUse, Tool, ToolLimits, ToolScope
from agents.tools.credentials.rules import matches
from domain.severity import Severity

LARGEST_FILE = 2 * 2**20
MOST_BYTES = 512 * 2**20
MOST_FILES = 100_000
MOST_LEFT_OUT = 500
SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", ".venv", "__pycache__", "node_modules", "site-packages"})


class SecretsArguments(BaseModel):
    """Where to look."""

    exclude: list[str] = Field(
        default_factory=list,
        max_length=100,
        description="Patterns of paths that are left out, such as tests/fixtures/*; * matches slashes too.",
    )
    most: int = Field(500, ge=1, le=5_000, description="How many to tell; the others are counted.")


class FoundSecret(BaseModel):
    """Something that looks like a credential. The value is not told."""

    rule: str
    severity: Severity
    what: str
    path: str
    line: int
    column: int
    length: int = Field(description="Characters of the value.")
    fingerprint: str = Field(
        description="Equal for equal values of this answer, and different in every answer: a hash that could be "
        "compared later could be guessed from."
    )


class SecretsResult(BaseModel):
    """What was found."""

    files: int = Field(description="How many were looked at.")
    bytes: int
    found: list[FoundSecret] = Field(description="The gravest first, then by place.")
    total: int = Field(description="How many there are, those that are not told included.")
    values: int = Field(description="How many different values they are.")
    by_rule: dict[str, int]
    left_out: dict[str, str] = Field(description="What was not looked at, with why: at most 500 entries.")


class SecretsAudit(Tool[SecretsArguments, SecretsResult]):
    """Reads only."""

    name = "secrets_audit"
    version = "1.0"
    purpose = "Looks through the checkout for credentials, and says rule, file and line of each, and never its value."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=10), max_output=8 * 2**20)
    source_use = SourceUse.NEEDED
    example = SecretsArguments(exclude=["tests/fixtures/*"])
    arguments_model = SecretsArguments
    result_model = SecretsResult

    async def run(self, scope: ToolScope, arguments: SecretsArguments) -> SecretsResult:
        """Look, in a thread that stops soon when it is told to."""
        stopped = threading.Event()
        try:
            return await asyncio.to_thread(_audit, scope.checkout, arguments, stopped)
        finally:
            stopped.set()


def _audit(root: Path, arguments: SecretsArguments, stopped: threading.Event) -> SecretsResult:
    key = secrets.token_bytes(32)
    left_out: dict[str, str] = {}
    found: list[FoundSecret] = []
    files = total_bytes = 0
    for path in _files(root, arguments.exclude, left_out):
        if stopped.is_set():
            break
        name = path.relative_to(root).as_posix().encode("utf-8", "replace").decode()
        if files >= MOST_FILES or total_bytes >= MOST_BYTES:
            left_out[name] = f"more than {MOST_FILES:,} files or {MOST_BYTES:,} bytes"
            break
        text = _text(path, name, left_out)
        if text is not None:
            files, total_bytes = files + 1, total_bytes + len(text)
            found.extend(_in(text, name, key))
    found.sort(key=lambda one: (one.severity.rank, one.path, one.line, one.column))
    return SecretsResult(
        files=files,
        bytes=total_bytes,
        found=found[: arguments.most],
        total=len(found),
        values=len({one.fingerprint for one in found}),
        by_rule=dict(sorted(Counter(one.rule for one in found).items())),
        left_out=dict(list(left_out.items())[:MOST_LEFT_OUT]),
    )


def _files(root: Path, exclude: list[str], left_out: dict[str, str]) -> Iterator[Path]:
    """Regular files, in order. Links are not followed: they could lead out of the checkout."""
    for place, folders, names in os.walk(root, followlinks=False):
        here = Path(place).relative_to(root)
        for name in [one for one in folders if one in SKIPPED_FOLDERS]:
            left_out[(here / name).as_posix()] = "not the author's own"
        folders[:] = sorted(one for one in folders if one not in SKIPPED_FOLDERS)
        for name in sorted(names):
            path = here / name
            if any(fnmatchcase(path.as_posix(), pattern) for pattern in exclude):
                left_out[path.as_posix()] = "excluded"
            elif stat.S_ISREG((root / path).lstat().st_mode):
                yield root / path


def _text(path: Path, name: str, left_out: dict[str, str]) -> str | None:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_FILE else b""
    except OSError as error:
        left_out[name] = error.strerror or str(error)
        return None
    if size > LARGEST_FILE:
        left_out[name] = f"{size:,} bytes are too many"
        return None
    if b"\0" in content[:8_192]:
        left_out[name] = "not text"
        return None
    return content.decode("utf-8", "replace")


def _in(text: str, name: str, key: bytes) -> Iterator[FoundSecret]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in matches(line):
            yield FoundSecret(
                rule=match.rule.name,
                severity=match.rule.severity,
                what=match.rule.what,
                path=name,
                line=number,
                column=match.column,
                length=len(match.value),
                fingerprint=hmac.digest(key, match.value.encode("utf-8", "replace"), "sha256").hex()[:16],
            )
