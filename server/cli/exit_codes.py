"""The exit codes of every command. 64 and above follow ``sysexits.h``."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command says to the shell."""

    OK = 0
    """Done; for ``audit``: the quality gate passed."""
    FAILED = 1
    """Not passed: the command was done, and what it looked at is not as it should be. The gate of ``audit`` failed, a
    step of ``playbook run`` did not complete, the document of ``playbook run|validate|save`` has problems, ``doctor``
    misses something essential, ``graphql`` got errors; and so with ``agents test``, ``models test``,
    ``receipt verify`` and ``tools install|verify``."""
    USAGE = 2
    """The command line was not understood."""
    EXECUTION = 3
    """The execution itself ended in an error, so nothing can be said about the gate; or what was asked was refused, by
    the API or by the rules behind it."""
    UNAVAILABLE = 69
    """A service that is needed does not answer, or a port is taken: database, Redis, the platform itself."""
    INTERNAL = 70
    """A mistake of ours."""
    INPUT_OUTPUT = 74
    """A disk is full, or a file cannot be read or written, or is not what it should be (a damaged backup)."""
    TEMPORARY = 75
    """It may work later: too busy, or no worker took the work in time."""
    PERMISSION = 77
    """The user may not do this."""
    CONFIGURATION = 78
    """A setting cannot be used, or names a place that does not fit: a data folder to restore into that is not empty."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
