"""Running programs: bounded, and never left behind."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from agents.process_family import MARKER, end_orphans
from agents.processes import ProcessNotStarted, ProcessResult, ProcessTimedOut, run

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable)
SHELL = Path("/bin/sh")
MINUTE = timedelta(minutes=1)

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
same = subprocess.Popen([sys.executable, "-c", child])
away = subprocess.Popen([sys.executable, "-c", child], start_new_session=True)
naked = subprocess.Popen([sys.executable, "-c", child], start_new_session=True, env={})
print(os.getpid(), same.pid, away.pid, naked.pid, flush=True)
open("ready", "w").close()
time.sleep(600)
"""

WORKER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from agents.processes import run

asyncio.run(run(Path(sys.executable), ["-c", sys.argv[2]], cwd=Path(sys.argv[1]),
                timeout=timedelta(minutes=5), max_output=1000))
"""


async def python(code: str, cwd: Path, *, max_output: int = 1 << 20, stdin: bytes | None = None) -> ProcessResult:
    return await run(PYTHON, ["-c", code], cwd=cwd, timeout=MINUTE, max_output=max_output, stdin=stdin)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_result_says_what_happened(tmp_path: Path) -> None:
    result = await python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr, result.truncated) == (3, "out\n", "err\n", False)
    assert timedelta(0) < result.duration < MINUTE


async def test_program_killed_by_a_signal_has_a_negative_exit_code(tmp_path: Path) -> None:
    assert (await python("import os; os.kill(os.getpid(), 11)", tmp_path)).exit_code == -signal.SIGSEGV


async def test_arguments_never_meet_a_shell(tmp_path: Path) -> None:
    result = await run(
        PYTHON, ["-c", "import sys; print(sys.argv[1])", "$(id); *"], cwd=tmp_path, timeout=MINUTE, max_output=99
    )
    assert result.stdout == "$(id); *\n"


async def test_environment_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    result = await python(
        "import os; print(sorted(os.environ)); print(os.environ['HOME'], os.listdir(os.environ['HOME']))", tmp_path
    )
    names, home = result.stdout.splitlines()
    assert names == str(sorted(["HOME", "LANG", "LC_ALL", "NO_COLOR", "PATH", "TMPDIR", "TZ", MARKER]))
    assert home.endswith(" []")
    assert not Path(home.split()[0]).exists(), "its home goes with it"
    assert list(tmp_path.iterdir()) == []


async def test_standard_input_is_given_or_empty(tmp_path: Path) -> None:
    echo = "import sys; print(len(sys.stdin.buffer.read()))"
    assert (await python(echo, tmp_path, stdin=b"x" * 3_000_000)).stdout == "3000000\n"
    assert (await python(echo, tmp_path)).stdout == "0\n"


async def test_output_beyond_the_limit_is_dropped_and_memory_stays_bounded(tmp_path: Path) -> None:
    before = psutil.Process().memory_info().rss
    result = await python("import sys; [sys.stdout.write('y' * 10**6) for _ in range(200)]", tmp_path, max_output=1000)
    assert (result.exit_code, result.stdout, result.truncated) == (0, "y" * 1000, True)
    assert psutil.Process().memory_info().rss - before < 50 * 2**20
    exact = await python("print('y' * 999)", tmp_path, max_output=1000)
    assert (len(exact.stdout), exact.truncated) == (1000, False)


async def test_undecodable_output_is_replaced(tmp_path: Path) -> None:
    result = await python(r"import sys; sys.stdout.buffer.write(b'a\xffb')", tmp_path)
    assert result.stdout == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("program", ["/nowhere/at/all", "/etc/passwd"])
async def test_what_cannot_be_started_is_one_sentence(tmp_path: Path, program: str) -> None:
    with pytest.raises(ProcessNotStarted, match=f"{program} cannot be started in"):
        await run(Path(program), [], cwd=tmp_path, timeout=MINUTE, max_output=10)


async def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProcessNotStarted, match="cannot be started in"):
        await run(PYTHON, [], cwd=tmp_path / "nowhere", timeout=MINUTE, max_output=10)


async def test_timeout_ends_the_whole_family_and_keeps_the_output(tmp_path: Path) -> None:
    gone: list[bool] = []
    begun = time.monotonic()
    with pytest.raises(ProcessTimedOut, match="took longer than 1 seconds and was ended") as timed_out:
        await run(
            PYTHON, ["-c", STUBBORN], cwd=tmp_path, timeout=timedelta(seconds=1), max_output=100,
            on_gone=lambda: gone.append(True),
        )  # fmt: skip
    pids = [int(pid) for pid in timed_out.value.result.stdout.split()]
    assert len(pids) == 4, "it had not begun"
    assert [pid for pid in pids if alive(pid)] == []
    assert time.monotonic() - begun < 1 + 5
    assert gone == [True]
    assert timed_out.value.result.exit_code == -signal.SIGKILL


async def test_cancel_returns_only_when_everybody_is_gone(tmp_path: Path) -> None:
    gone: list[float] = []
    running = asyncio.create_task(
        run(PYTHON, ["-c", STUBBORN + "\n"], cwd=tmp_path, timeout=MINUTE, max_output=100,
            on_gone=lambda: gone.append(time.monotonic()))
    )  # fmt: skip
    await until((tmp_path / "ready").exists)
    pids = [
        process.pid for process in psutil.Process().children(recursive=True) if STUBBORN + "\n" in process.cmdline()
    ]
    assert len(pids) == 1
    family = [pids[0], *(child.pid for child in psutil.Process(pids[0]).children(recursive=True))]
    assert len(family) == 4
    begun = time.monotonic()
    running.cancel()
    await asyncio.sleep(0.1)
    running.cancel()  # impatience does not help
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [pid for pid in family if alive(pid)] == []
    assert time.monotonic() - begun < 5
    assert len(gone) == 1


async def test_polite_program_may_clean_up(tmp_path: Path) -> None:
    polite = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (open('cleaned', 'w').close(), sys.exit(0)))\n"
        "open('ready', 'w').close()\ntime.sleep(600)"
    )
    running = asyncio.create_task(python(polite, tmp_path))
    await until((tmp_path / "ready").exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (tmp_path / "cleaned").exists()


async def test_background_child_that_holds_the_pipes_does_not_hold_us(tmp_path: Path) -> None:
    begun = time.monotonic()
    result = await run(
        SHELL, ["-c", "sleep 600 & setsid sleep 600 & echo done"], cwd=tmp_path, timeout=MINUTE, max_output=99
    )
    assert (result.exit_code, result.stdout) == (0, "done\n")
    assert time.monotonic() - begun < 10
    assert [
        it for it in psutil.process_iter(["cmdline"]) if it.info["cmdline"] == ["sleep", "600"] and _ours(it, tmp_path)
    ] == []


def _ours(process: psutil.Process, cwd: Path) -> bool:
    try:
        return process.cwd() == str(cwd)
    except psutil.Error:
        return False


async def test_program_dies_with_its_worker_and_its_children_at_the_next_start(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path), STUBBORN], cwd=ROOT)
    await until((tmp_path / "ready").exists)
    leader = psutil.Process(worker.pid).children()[0]
    children = leader.children()
    assert len(children) == 3
    worker.kill()
    worker.wait()
    await until(lambda: not alive(leader.pid))
    marked = [child for child in children if alive(child.pid) and MARKER in child.environ()]
    assert len(marked) == 2
    assert await asyncio.to_thread(end_orphans) >= 2
    await until(lambda: not any(alive(child.pid) for child in marked))
    for child in children:  # the one that emptied its environment cannot be known any more
        if child.is_running():
            child.kill()


async def test_living_workers_children_are_no_orphans(tmp_path: Path) -> None:
    slow = asyncio.create_task(
        python("import time; open('slow', 'w').close(); time.sleep(1.5); print('lived')", tmp_path)
    )
    await until((tmp_path / "slow").exists)
    await asyncio.to_thread(end_orphans)
    assert (await slow).stdout == "lived\n"


def test_it_works_on_uvloop_too(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, uvloop\nfrom datetime import timedelta\nfrom pathlib import Path\n"
        "from agents.processes import run, ProcessTimedOut\n"
        "async def main():\n"
        "    say = await run(Path('/bin/echo'), ['hello'], cwd=Path('/'), timeout=timedelta(seconds=9), max_output=9)\n"
        "    try:\n"
        "        await run(Path('/bin/sleep'), ['600'], cwd=Path('/'), timeout=timedelta(seconds=0.2), max_output=9)\n"
        "    except ProcessTimedOut as late:\n"
        "        print(say.stdout.strip(), late.result.exit_code)\n"
        "uvloop.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"hello {-signal.SIGTERM}\n"


async def test_what_a_program_takes_of_the_processor_is_measured_with_its_children(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    both = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); exec({burn!r})"
    busy = await run(PYTHON, ["-c", both], cwd=tmp_path, timeout=MINUTE, max_output=100)
    idle = await run(PYTHON, ["-c", "import time; time.sleep(0.6)"], cwd=tmp_path, timeout=MINUTE, max_output=100)
    assert busy.cpu_seconds > 0.6
    assert idle.cpu_seconds < 0.3
    with pytest.raises(ProcessTimedOut) as late:
        await run(PYTHON, ["-c", "while True: pass"], cwd=tmp_path, timeout=timedelta(seconds=0.7), max_output=100)
    assert late.value.result.cpu_seconds > 0.1
