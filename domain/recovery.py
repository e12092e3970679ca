"""What the platform does about an error: its class says how grave it is, and what is tried.

Pauses have full jitter: a random part of ``min(cap, base * 2 ** (attempt - 1))``, so that what failed together is not
repeated together (AWS Architecture Blog, "Exponential Backoff And Jitter"). A base of 1 s, a cap of 20 s and three
attempts are the AWS SDKs' standard retry mode; where the table departs from it, it says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ErrorSeverity(StrEnum):
    """How grave an error is: LOW passes by itself, MEDIUM costs a result, HIGH needs a person, CRITICAL is trouble of
    the platform itself and is logged as an error."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """0 for LOW to 3 for CRITICAL."""
        return list(ErrorSeverity).index(self)


class RecoveryAction(StrEnum):
    """What is tried after an error."""

    RETRY = "RETRY"
    FALL_BACK = "FALL_BACK"
    ASK = "ASK"
    GIVE_UP = "GIVE_UP"


class ErrorClass(StrEnum):
    """A kind of error, as far as what to do about it differs."""

    UNREACHABLE = "UNREACHABLE"
    CONNECTION_LOST = "CONNECTION_LOST"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    DISK_FULL = "DISK_FULL"
    TOOL_MISSING = "TOOL_MISSING"
    TOOL_FAILED = "TOOL_FAILED"
    TOOL_TIMED_OUT = "TOOL_TIMED_OUT"
    ANSWER_UNUSABLE = "ANSWER_UNUSABLE"
    MODEL_FAILED = "MODEL_FAILED"
    EFFECT_UNCERTAIN = "EFFECT_UNCERTAIN"
    BAD_INPUT = "BAD_INPUT"
    OVER_BUDGET = "OVER_BUDGET"
    SOURCE_CHANGED = "SOURCE_CHANGED"
    REFUSED = "REFUSED"
    BUG = "BUG"
    WORKER_DIED = "WORKER_DIED"
    STORE_LOST = "STORE_LOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPolicy:
    """What is done about one class of error.

    ``max_attempts`` counts the first one. ``harmless``: an attempt that failed so has certainly changed nothing
    outside, hence even an agent with side effects may repeat it.
    """

    severity: ErrorSeverity
    action: RecoveryAction
    max_attempts: int = 1
    base: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=20)
    harmless: bool = False

    def allows(self, attempt: int, *, side_effects: bool) -> bool:
        """Whether another attempt may follow the failed one of that number, 1 for the first."""
        if self.action is not RecoveryAction.RETRY or attempt >= self.max_attempts:
            return False
        return self.harmless or not side_effects

    def pause_after(self, attempt: int, share: float, *, at_least: timedelta = timedelta()) -> timedelta:
        """The pause after the failed attempt of that number; ``share`` is a random number in [0, 1).

        ``at_least`` is what the other side asked for (``Retry-After``); it is honoured up to ``cap``.
        """
        longest = min(self.cap, self.base * (1 << min(attempt - 1, 30)))
        return max(longest * share, min(at_least, self.cap))


def _give_up(severity: ErrorSeverity) -> RecoveryPolicy:
    return RecoveryPolicy(severity=severity, action=RecoveryAction.GIVE_UP)


_LOW, _MEDIUM, _HIGH, _CRITICAL = ErrorSeverity
_RETRY, _FALL_BACK, _ASK, _ = RecoveryAction

POLICIES: Mapping[ErrorClass, RecoveryPolicy] = {
    # Nothing was sent: it may be repeated whatever the agent does.
    ErrorClass.UNREACHABLE: RecoveryPolicy(severity=_LOW, action=_RETRY, max_attempts=3, harmless=True),
    # It may have been done without our hearing of it, hence only for agents without side effects (RFC 9110, 9.2.2).
    ErrorClass.CONNECTION_LOST: RecoveryPolicy(severity=_LOW, action=_RETRY, max_attempts=3),
    # Refused, so not done. Limits are by the minute more often than not: five attempts and a cap of 60 s outlast one.
    ErrorClass.RATE_LIMITED: RecoveryPolicy(
        severity=_LOW,
        action=_RETRY,
        max_attempts=5,
        base=timedelta(seconds=2),
        cap=timedelta(seconds=60),
        harmless=True,
    ),
    # One repetition: what was slow twice is slow, and each attempt costs the whole limit again.
    ErrorClass.TIMEOUT: RecoveryPolicy(severity=_MEDIUM, action=_RETRY, max_attempts=2),
    # The same input needs the same memory.
    ErrorClass.OUT_OF_MEMORY: _give_up(_HIGH),
    # Every execution of this machine is concerned; workers take no new work until there is room.
    ErrorClass.DISK_FULL: _give_up(_CRITICAL),
    ErrorClass.TOOL_MISSING: RecoveryPolicy(severity=_MEDIUM, action=_FALL_BACK),
    # A program that works on files of its own gives the same answer to the same question: no repetition.
    ErrorClass.TOOL_FAILED: RecoveryPolicy(severity=_MEDIUM, action=_FALL_BACK),
    ErrorClass.TOOL_TIMED_OUT: RecoveryPolicy(severity=_MEDIUM, action=_FALL_BACK),
    # Models do not answer the same question in the same way twice: told what was wrong, most mend it. After two repairs
    # that failed a third seldom helps, and each costs the whole conversation again.
    ErrorClass.ANSWER_UNUSABLE: RecoveryPolicy(severity=_MEDIUM, action=_RETRY, max_attempts=3, harmless=True),
    # All that its class allows was tried before: what is left is another model.
    ErrorClass.MODEL_FAILED: RecoveryPolicy(severity=_MEDIUM, action=_FALL_BACK),
    # Something outside may have happened or not: only a person can look. The ledger of tool calls asks, before the
    # call and not behind it, since a step whose question has to wait is run again from its top.
    ErrorClass.EFFECT_UNCERTAIN: RecoveryPolicy(severity=_HIGH, action=_ASK),
    ErrorClass.BAD_INPUT: _give_up(_MEDIUM),
    # Nothing was spent, and trying again would spend no less.
    ErrorClass.OVER_BUDGET: _give_up(_MEDIUM),
    ErrorClass.SOURCE_CHANGED: _give_up(_MEDIUM),
    # The agent itself says that it cannot: it knows best.
    ErrorClass.REFUSED: _give_up(_MEDIUM),
    ErrorClass.BUG: _give_up(_HIGH),
    # Not the step but the execution goes on elsewhere. Three is what queues with a dead-letter policy are commonly set
    # to: one death is an accident of the machine, the third in a row is the work's doing.
    ErrorClass.WORKER_DIED: RecoveryPolicy(severity=_HIGH, action=_RETRY, max_attempts=3),
    # The execution goes back to the queue; it is not known what was written, and the next segment reads what is there.
    ErrorClass.STORE_LOST: RecoveryPolicy(severity=_CRITICAL, action=_RETRY, harmless=True),
}
"""One row for each class; docs/explanation/recovery.md shows it to people."""
