"""Git, started so that nothing of the repository runs: no hook, filter, fsmonitor, pager, prompt or submodule."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from agents.checkout.policy import SourceUnavailable
from agents.processes import ProcessNotStarted, ProcessResult, ProcessTimedOut, run
from agents.toolbox import Toolbox

NOTHING_RUNS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.pager=cat",
    "diff.external=",
    "credential.interactive=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    "filter.lfs.smudge=",
    "filter.lfs.process=",
    "filter.lfs.required=false",
)

PASSED_ON = ("SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY")

_toolbox = Toolbox()


async def git(
    arguments: Sequence[str],
    *,
    cwd: Path,
    protocols: str = "none",
    timeout: timedelta = timedelta(minutes=2),
    max_output: int = 256 * 2**20,
) -> ProcessResult:
    """Run git and return what it did, whatever its exit code. ``protocols`` are those it may use, joined by colons.

    The configuration of the machine and of the user stays in force: ``safe.directory``, proxies, credentials.

    Raises:
        SourceUnavailable: git is not installed, or took longer than ``timeout``.
    """
    tool = _toolbox.find("git")
    if tool is None:
        raise SourceUnavailable("Git is needed for this source and is not installed: run `apt-get install git`.")
    options = [part for setting in NOTHING_RUNS for part in ("-c", setting)]
    env = {
        "HOME": str(Path.home()),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
    }
    try:
        return await run(tool.path, [*options, *arguments], cwd=cwd, env=env, timeout=timeout, max_output=max_output)
    except ProcessTimedOut as error:
        raise SourceUnavailable(
            f"Git did not finish within {timeout.total_seconds():g} seconds: try again later."
        ) from error
    except ProcessNotStarted as error:
        raise SourceUnavailable(str(error)) from error


def names(output: str) -> list[str]:
    """The names in the output of a command with ``-z``; undecodable ones come back with a replacement sign."""
    return [name for name in output.split("\0") if name]
