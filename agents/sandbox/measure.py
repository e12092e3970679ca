"""What a tree of processes has used so far, read from /proc."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ENTRY = 1024
"""Bytes that each file counts for besides its content: a disk can be filled with empty ones as well."""

NO_FILE = ("/dev/zero", "/memfd:")
"""How the names of such mappings begin in ``/proc/<pid>/maps``."""


@dataclass(frozen=True, slots=True)
class TreeUse:
    """Processes of a tree: their pids, threads, seconds of CPU (ended children included) and bytes of memory.

    What processes share is counted for each of them in ``shared``.
    """

    pids: tuple[int, ...]
    threads: int
    cpu_seconds: float
    private: int
    shared: int


def descendants(root: int) -> list[int]:
    """The pids of all processes below ``root``, zombies included."""
    children: dict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):  # noqa: PTH208 - names only, and often
        if name.isdigit() and (fields := _stat(int(name))):
            children[int(fields[1])].append(int(name))
    found: list[int] = []
    pending = [root]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found


def tree_use(pids: Iterable[int]) -> TreeUse:
    """What these processes have used. One that ends meanwhile counts nothing here, but among its parent's children."""
    alive, threads, ticks, private, shared = [], 0, 0, 0, 0
    for pid in pids:
        fields = _stat(pid)
        if not fields:
            continue
        alive.append(pid)
        threads += int(fields[17])
        ticks += sum(int(fields[place]) for place in range(11, 15))
        memory = _memory(pid)
        private += memory["RssAnon"]
        shared += memory["RssShmem"]
    return TreeUse(tuple(alive), threads, ticks / TICKS, private, shared)


def shared_mappings(pids: Iterable[int]) -> int:
    """Bytes of memory without a file that processes have mapped to share it, each piece once, used or not.

    What is used of it cannot be told from outside: a process that says it does not need its pages any more
    (``MADV_DONTNEED``) has them no longer, yet they are there.
    """
    pieces: dict[tuple[str, str], int] = {}
    for pid in pids:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines():
                span, rights, offset, _, inode, *name = line.split(maxsplit=5)
                if rights[3] == "s" and name and name[0].startswith(NO_FILE):
                    start, end = (int(number, 16) for number in span.split("-"))
                    pieces[inode, offset] = max(end - start, pieces.get((inode, offset), 0))
    return sum(pieces.values())


def disk_use(folders: Iterable[Path], pids: Iterable[int]) -> int:
    """Bytes in the folders and in files that were removed while a process still has them open.

    Raises:
        OSError: a folder lies deeper than a path can name.
    """
    used = 0
    pending = [str(folder) for folder in folders]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        used += ENTRY + entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    return used + _removed_but_open(pids)


def _removed_but_open(pids: Iterable[int]) -> int:
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with suppress(OSError):
                    facts = Path(f"/proc/{pid}/fd/{name}").stat()
                    if facts.st_nlink == 0:
                        sizes[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(sizes.values())


def _memory(pid: int) -> Counter[str]:
    """Bytes of its own (``RssAnon``) and of shared memory (``RssShmem``)."""
    found: Counter[str] = Counter()
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(("RssAnon:", "RssShmem:")):
                name, amount, _ = line.split()
                found[name.rstrip(":")] = int(amount) * 1024
    return found


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/<pid>/stat`` behind the name, from the state on; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return []
