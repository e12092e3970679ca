"""A receipt in a file, with what lies beside it: all the checks that can be made without a server."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.receipt_check import LARGEST, CheckedReceipt, ReceiptRefused, check_events, check_receipt
from server.security.receipt_key import PREFIX, is_signed_by, key_id

RECEIPT, EVENTS, ARTIFACTS = "receipt.json", "events.jsonl", "artifacts"
"""The names in the folder of a bundle."""
LONGEST_EVENT = 16 * 2**20
LONGEST_KEY_FILE = 10_000
MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found right, and what could not be looked at, each as a sentence for a person."""

    right: list[str]
    open: list[str]
    statement: Mapping[str, Any]

    @property
    def summary(self) -> str:
        """What the receipt says, in a sentence."""
        said, execution = self.statement, self.statement["execution"]
        verdict = said["evidence"]["verdict"]
        ended = f"{execution['status']} at {execution['finishedAt']}, the evidence {verdict}"
        return f"{said['task']['key']}, attempt {execution['number']} by {said['agent']['kind']}: {ended}."


def verify_file(file: Path, key: str | None, artifacts: Path | None, events: Path | None) -> Verification:
    """Check a receipt, or that of a bundle, and what is given with it.

    A bundle is whole or it is refused; of a folder that is named beside a receipt, what is not in it is left open.

    Raises:
        ReceiptRefused: something is not right; the message says what.
        OSError: a file or folder cannot be read, or is not there.
    """
    whole = file.is_dir() and artifacts is None
    for named, there in ((artifacts, Path.is_dir), (events, Path.exists)):
        if named is not None and not there(named):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(named))
    if file.is_dir():
        artifacts = artifacts or file / ARTIFACTS
        if events is None:
            events = file / EVENTS
            if not events.is_file():
                raise ReceiptRefused(f"The bundle has no {EVENTS}, which every bundle is made with: it was removed.")
        file = file / RECEIPT
    checked = check_receipt(_read(file), is_signed_by, key_id)
    right = [f"the receipt is signed by the key {checked.public_key.hex()}, and was not edited since"]
    unseen: list[str] = []
    _check_key(checked, key, right, unseen)
    _check_artifacts(checked, artifacts, right, unseen, whole=whole)
    if events is not None:
        count = check_events(checked, _lines(events))
        right.append(f"the {count} events are those of the execution, whole and in order")
    else:
        unseen.append("the events (give --events FILE)")
    return Verification(right=right, open=unseen, statement=checked.statement)


def file_name(artifact: Mapping[str, Any]) -> str:
    """What an artifact is called in a folder: its name, or its SHA-256 where the name is none for a file."""
    name = str(artifact["name"])
    plain = Path(name).name == name and len(name.encode("utf-8", "replace")) <= 200 and name.isprintable()
    return name if plain and not name.startswith(".") else str(artifact["sha256"])


def _check_key(checked: CheckedReceipt, wanted: str | None, right: list[str], unseen: list[str]) -> None:
    if wanted is None:
        unseen.append("whose key it is (give --key with the one that `wrenchai receipt key` shows on the installation)")
        return
    if checked.public_key.hex() != _key(wanted):
        raise ReceiptRefused(f"It is signed with another key, {checked.public_key.hex()}: it is not from there.")
    right.append("that is the key you gave")


def _key(wanted: str) -> str:
    text = wanted
    if not re.fullmatch(r"[0-9a-fA-F]{64}", wanted):
        with Path(wanted).open("rb") as file:
            text = file.read(LONGEST_KEY_FILE).decode("utf-8", "replace").strip()
    text = text.lower().removeprefix(PREFIX)
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ReceiptRefused(f"{wanted} does not hold a key of 64 hex digits.")
    return text


def _check_artifacts(
    checked: CheckedReceipt, folder: Path | None, right: list[str], unseen: list[str], *, whole: bool
) -> None:
    promised = checked.statement["artifacts"]
    if folder is None:
        if promised:
            unseen.append(f"the {len(promised)} artifacts (give --artifacts FOLDER)")
        return
    here: list[Mapping[str, Any]] = []
    missing: list[Mapping[str, Any]] = []
    for artifact in promised:
        (here if (folder / file_name(artifact)).is_file() else missing).append(artifact)
    if missing and whole:
        names = ", ".join(repr(artifact["name"]) for artifact in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise ReceiptRefused(
            f"The bundle lacks {names}{more}, of the {len(promised)} artifacts that the receipt was signed for."
        )
    unseen.extend(f"the artifact {artifact['name']!r}, which is not in {folder}" for artifact in missing)
    for artifact in here:
        path = folder / file_name(artifact)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != artifact["sha256"]:
            raise ReceiptRefused(
                f"The artifact {artifact['name']!r} has SHA-256 {found}, and the receipt was signed for "
                f"{artifact['sha256']}: it was changed."
            )
    if here:
        right.append(f"{len(here)} of {len(promised)} artifacts are what was stored")


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST + 1)


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while line := opened.readline(LONGEST_EVENT):
            if line.strip():
                yield line
