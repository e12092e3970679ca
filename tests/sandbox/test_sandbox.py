"""What a sandbox promises to those who use it, in each kind that works here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agents.checkout.removal import remove
from agents.contract import SandboxLimits, SandboxRefused, SandboxResult
from agents.sandbox.candidates import candidates
from agents.sandbox.choice import open_sandbox
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.places import interpreter_places
from agents.sandbox.probe import probe_sandbox

MIB = 2**20


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="sandbox-test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture
def scratch(folder: Path) -> Path:
    (folder / "scratch").mkdir()
    return folder / "scratch"


def sandbox_of(kind: str) -> KeptSandbox:
    return KeptSandbox(next(one for one in candidates("auto") if one.label == kind))


async def shell(kind: str, text: str, scratch: Path, source: Path | None = None) -> SandboxResult:
    return await sandbox_of(kind).run(["/bin/sh", "-c", text], source=source, scratch=scratch)


async def test_result_says_what_happened_and_where(kind: str, scratch: Path) -> None:
    busy = "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done"  # processor time is counted in hundredths of a second
    result = await shell(kind, f"{busy}; echo out; echo err >&2; pwd; exit 3", scratch)
    assert (result.exit_code, result.stdout, result.stderr) == (3, "out\n/scratch\n", "err\n")
    assert (result.truncated, result.exceeded) == (False, None)
    assert kind.startswith(result.sandbox)
    assert timedelta(0) < result.duration < timedelta(minutes=1)
    assert 0 < result.cpu_seconds < 30


async def test_a_signal_is_told_as_a_shell_tells_it(kind: str, scratch: Path) -> None:
    assert (await shell(kind, "kill -SEGV $$", scratch)).exit_code == 128 + 11


async def test_source_is_read_and_scratch_is_kept(kind: str, folder: Path, scratch: Path) -> None:
    source = folder / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "file").write_text("of the source")
    (scratch / "before").mkdir()
    (scratch / "before" / "file").write_text("put there")
    script = (
        "cat /source/deep/file >made; echo more >>before/file; mkdir sub; cp made sub/made; chmod 700 sub; "
        "rm -f /source/deep/file"
    )
    result = await shell(kind, script, scratch, source)
    assert result.exit_code != 0  # the source cannot be written
    assert (source / "deep" / "file").read_text() == (scratch / "sub" / "made").read_text() == "of the source"
    assert (scratch / "before" / "file").read_text() == "put theremore\n"
    again = await shell(kind, "cat sub/made && echo changed >sub/made", scratch)
    assert (again.exit_code, again.stdout) == (0, "of the source")


async def test_our_python_runs_when_its_places_are_shown(kind: str, scratch: Path) -> None:
    code = "import sys, pydantic; print(sys.prefix); print(pydantic.__file__)"
    command = [sys.executable, "-c", code]
    result = await sandbox_of(kind).run(command, source=None, scratch=scratch, read_only=interpreter_places())
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, sys.prefix)


async def test_what_is_made_can_be_run(kind: str, scratch: Path) -> None:
    script = "printf '#!/bin/sh\\necho made\\n' >program; chmod +x program; ./program; /scratch/program"
    assert (await shell(kind, script, scratch)).stdout == "made\nmade\n"


async def test_environment_is_what_was_given(kind: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hush")
    result = await sandbox_of(kind).run(
        ["/usr/bin/env"], source=None, scratch=scratch, env={"MINE": "a b='c'\n", "LANG": "C"}
    )
    assert "hush" not in result.stdout
    assert "MINE=a b='c'\n" in result.stdout
    names = {line.split("=")[0] for line in result.stdout.splitlines() if "=" in line}
    assert names - {"PWD"} == {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "MINE"}


async def test_temporary_folder_can_be_written_and_is_gone(kind: str, scratch: Path) -> None:
    script = (
        'd="$TMPDIR"/a; mkdir -p "$d"/b; echo x >"$d"/b/c; cat "$d"/b/c; chmod 0 "$d"/b "$d"; ln -s / "$TMPDIR"/root'
    )
    assert (await shell(kind, script, scratch)).stdout == "x\n"
    assert (await shell(kind, 'ls "$TMPDIR"', scratch)).stdout == ""


async def test_stdin_is_given_and_nothing_meets_a_shell(kind: str, scratch: Path) -> None:
    sandbox = sandbox_of(kind)
    fed = await sandbox.run(["/bin/cat"], source=None, scratch=scratch, stdin=b"fed\xff")
    assert fed.stdout == "fed\ufffd"
    odd = await sandbox.run(["/bin/echo", "$(id); *", "", "--", "é"], source=None, scratch=scratch)
    assert odd.stdout == "$(id); *  -- é\n"
    assert (await sandbox.run(["/bin/cat"], source=None, scratch=scratch)).stdout == ""


async def test_output_is_cut_at_its_limit(kind: str, scratch: Path) -> None:
    limits = SandboxLimits(max_output=10)
    command = ["/bin/sh", "-c", "echo 0123456789abc; echo short >&2"]
    result = await sandbox_of(kind).run(command, source=None, scratch=scratch, limits=limits)
    assert (result.stdout, result.truncated, result.exit_code) == ("0123456789", True, 0)


async def test_a_program_that_is_not_there_is_no_success(kind: str, scratch: Path) -> None:
    result = await sandbox_of(kind).run(["/no/such/program"], source=None, scratch=scratch)
    assert result.exit_code != 0
    assert "/no/such/program" in result.stderr


async def test_limit_that_ended_it_is_named_with_what_was_said(kind: str, scratch: Path) -> None:
    limits = SandboxLimits(timeout=timedelta(seconds=1))
    command = ["/bin/sh", "-c", "echo begun; sleep 60"]
    result = await sandbox_of(kind).run(command, source=None, scratch=scratch, limits=limits)
    assert (result.exceeded, result.exit_code, result.stdout) == ("time", 137, "begun\n")
    assert result.duration < timedelta(seconds=30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"command": []}, "is empty"),
        ({"command": ["a\0b"]}, "NUL"),
        ({"cwd": "work"}, "no absolute path"),
        ({"env": {"A=B": ""}}, "no name of a variable"),
        ({"scratch": Path("/no/such/folder")}, "is no folder"),
        ({"source": Path(__file__)}, "is no folder"),
        ({"read_only": [Path("/")]}, "far too much"),
        ({"read_only": [Path.home()]}, "far too much"),
        ({"read_only": [Path("/usr/../root/.ssh")]}, "without dots"),
        ({"read_only": [Path("/no/such/place")]}, "is not there"),
    ],
)
async def test_what_makes_no_sense_is_refused(change: dict[str, object], message: str, scratch: Path) -> None:
    arguments = {"command": ["/bin/true"], "source": None, "scratch": scratch} | change
    with pytest.raises(ValueError, match=message):
        await open_sandbox("auto").run(**arguments)  # type: ignore[arg-type]


def test_limits_are_greater_than_zero() -> None:
    with pytest.raises(ValueError, match="greater than zero"):
        SandboxLimits(max_processes=0)


async def test_none_refuses_and_says_how_to_change_it(scratch: Path) -> None:
    sandbox = open_sandbox("none")
    assert sandbox.name == "none"
    with pytest.raises(SandboxRefused) as refused:
        await sandbox.run(["/bin/sh", "-c", "touch /scratch/ran"], source=None, scratch=scratch)
    assert str(refused.value) == (
        "Running tests, builds and other code of the source is refused: WRENCHAI_SANDBOX is none. "
        "To allow it, unset WRENCHAI_SANDBOX, or set it to auto."
    )
    assert list(scratch.iterdir()) == []


async def test_bubblewrap_that_does_not_work_is_refused_and_not_replaced(
    scratch: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one on the PATH says what it says where user namespaces are forbidden; the one of the wheel is not found."""
    fake = folder / "bin" / "bwrap"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n")
    for place in (folder, fake.parent, fake):
        place.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=":")
    monkeypatch.setattr("agents.sandbox.candidates.find_spec", lambda _: None)
    probe_sandbox.cache_clear()
    try:
        with pytest.raises(SandboxRefused) as refused:
            await open_sandbox("bubblewrap").run(["/bin/touch", "/scratch/ran"], source=None, scratch=scratch)
    finally:
        probe_sandbox.cache_clear()
    assert "setting up uid map: Permission denied" in str(refused.value)
    assert "apt-get install bubblewrap" in str(refused.value)
    assert list(scratch.iterdir()) == []


def test_interpreter_is_runnable_from_its_places() -> None:
    places = interpreter_places()
    real = Path(sys.executable).resolve()
    assert any(real.is_relative_to(place) for place in places) or real.is_relative_to("/usr")
    assert Path("/") not in places


async def test_what_a_program_leaves_behind_can_be_removed(kind: str, folder: Path, scratch: Path) -> None:
    await shell(kind, "mkdir -p a/b; echo x >a/b/c; chmod 0 a/b a", scratch)
    await remove(scratch)
    assert not scratch.exists()
    assert folder.exists()


async def test_private_files_of_the_source_are_readable_inside_and_stay_private(
    kind: str, folder: Path, scratch: Path
) -> None:
    source = folder / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "file").write_text("private")
    for path, mode in ((source / "deep" / "file", 0o600), (source / "deep", 0o700), (source, 0o700)):
        path.chmod(mode)
    result = await shell(kind, "cat /source/deep/file", scratch, source)
    assert (result.exit_code, result.stdout) == (0, "private")
    assert source.stat().st_mode & 0o777 == 0o700
    assert source.stat().st_uid == folder.stat().st_uid
