"""The snapshot of a local folder: what git would track there, or, without git, everything but well-known junk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from agents.checkout.git import git, names
from agents.checkout.policy import CheckoutPolicy, SourceUnavailable
from agents.checkout.snapshot import DELETED, Copier, Snapshot, copy_in_thread
from agents.processes import ProcessResult

JUNK = {
    **dict.fromkeys((".git", ".hg", ".svn", ".bzr"), "the store of a version control system"),
    **dict.fromkeys((".venv", "node_modules", "site-packages", ".eggs"), "installed packages"),
    **dict.fromkeys(("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"), "a cache"),
    **dict.fromkeys((".tox", ".nox", ".gradle", ".terraform", ".next", ".wrenchai"), "the working folder of a tool"),
}
"""Folders that are never worth a look where no git says what belongs to the source, with what they are."""


async def snapshot_folder(location: str, destination: Path, policy: CheckoutPolicy) -> Snapshot:
    """Copy a local folder into the existing, empty ``destination``.

    Raises:
        SourceUnavailable: missing, no folder, not under a root, without a file, too large, or git refuses to read it.
    """
    folder = _allowed(location, policy)
    listed = await _git_files(folder)
    copier = Copier(folder, destination, policy)
    paths = _public(folder, listed if listed is not None else _walk(folder, copier.excluded), policy)
    await copy_in_thread(copier, paths)
    if not copier.blobs:
        raise SourceUnavailable(f"{folder} holds no file that can be analysed: name the folder with your code.")
    commit = await _commit(folder) if listed is not None else None
    return Snapshot(await _state(folder, commit, copier), copier.excluded)


def _public(folder: Path, paths: Iterable[str], policy: CheckoutPolicy) -> Iterator[str]:
    """The paths outside the private folders."""
    inside = [f"{private.relative_to(folder)}/" for private in policy.private if private.is_relative_to(folder)]
    return (path for path in paths if not path.startswith(tuple(inside)))


def _allowed(location: str, policy: CheckoutPolicy) -> Path:
    try:
        folder = Path(location).expanduser().resolve()
        exists, is_folder = folder.exists(), folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceUnavailable(f"{location!r} is not a path that can be read: {error}.") from error
    if not policy.allows(folder):  # said before anything about what is there, or the answer would tell
        roots = ", ".join(str(root) for root in policy.roots) or "none"
        raise SourceUnavailable(f"{folder} is outside the allowed folders ({roots}): add it to WRENCHAI_SOURCE_ROOTS.")
    if not exists:
        raise SourceUnavailable(f"{folder} does not exist: correct the path of the source.")
    if not is_folder:
        raise SourceUnavailable(f"{folder} is a file: name the folder that contains it.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SourceUnavailable(f"{folder} may not be read by this user: change its permissions.")
    return folder


async def _git_files(folder: Path) -> list[str] | None:
    """The files that git tracks or would track in the folder; ``None`` where it is no part of a repository."""
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    result = await git(arguments, cwd=folder)
    _refused(result, folder)
    if result.exit_code or result.truncated:
        return None
    # A folder that the repository around it ignores is a source in its own right.
    return sorted(names(result.stdout)) or None


def _refused(result: ProcessResult, folder: Path) -> None:
    if "dubious ownership" in result.stderr:
        raise SourceUnavailable(
            f"Git does not read {folder} because it belongs to another user: if you trust it, "
            f"run `git config --global --add safe.directory {_work_tree(folder)}`."
        )


def _work_tree(folder: Path) -> Path:
    return next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)


async def _commit(folder: Path) -> str | None:
    result = await git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], cwd=folder)
    return result.stdout.strip() or None if result.exit_code == 0 else None


async def _state(folder: Path, commit: str | None, copier: Copier) -> str:
    if commit is None:
        return f"sha256:{copier.digest()}"
    committed = await _committed(folder, commit)
    if committed is None:
        return f"sha256:{copier.digest()}"
    changes = hashlib.sha256()
    clean = True
    for path in sorted(committed.keys() | copier.blobs.keys()):
        before, now = committed.get(path), copier.blobs.get(path)
        left_out = now is None and copier.excluded.get(path, DELETED) != DELETED
        if before != now and not left_out:
            clean = False
            changes.update(f"{path}\0{now}\0".encode())
    return f"git:{commit}" if clean else f"git:{commit}+{changes.hexdigest()[:16]}"


async def _committed(folder: Path, commit: str) -> dict[str, str] | None:
    """Mode and blob id of each committed file in the folder, ``None`` when git cannot say.

    Compared with what was copied this tells the changes without ``git status``, which would run clean filters.
    """
    result = await git(["ls-tree", "-r", "-z", commit], cwd=folder)
    if result.exit_code or result.truncated:
        return None
    entries = (entry.split("\t", 1) for entry in names(result.stdout))
    return {path: f"{facts.split()[0]} {facts.split()[2]}" for facts, path in entries if facts.split()[1] == "blob"}


def _walk(folder: Path, excluded: dict[str, str]) -> Iterator[str]:
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            entries = sorted(os.scandir(folder / prefix), key=lambda entry: entry.name)
        except OSError as error:
            excluded[prefix] = f"it may not be read ({error.strerror})"
            continue
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield path
            elif (reason := _junk(Path(entry.path))) is not None:
                excluded[path] = reason
            else:
                pending.append(f"{path}/")


def _junk(folder: Path) -> str | None:
    if (folder / "pyvenv.cfg").exists():
        return "installed packages"
    return JUNK.get(folder.name)
