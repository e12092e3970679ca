"""What to do about an attempt at a step that failed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

from agents.contract import AgentFailure, BudgetExceeded
from agents.recovery.classify import classify, retry_after
from domain.events import RecoveryAttempted
from domain.recovery import POLICIES, ErrorClass, ErrorSeverity, RecoveryAction
from domain.task import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is done about an error. ``pause`` is how long is waited before the next attempt."""

    error_class: ErrorClass
    severity: ErrorSeverity
    action: RecoveryAction
    attempt: int
    pause: timedelta
    message: str

    @property
    def repeats(self) -> bool:
        """Whether another attempt follows."""
        return self.action is RecoveryAction.RETRY

    def event(self, step: str, message: str) -> RecoveryAttempted:
        """What is recorded; ``message`` is :attr:`message` in a form that can be stored."""
        return RecoveryAttempted(
            step=step,
            error_class=self.error_class,
            severity=self.severity,
            action=self.action,
            attempt=self.attempt,
            pause_ms=self.pause // timedelta(milliseconds=1),
            message=message,
        )


def decide(error: Exception, attempt: int, explicit: RetryPolicy | None, *, side_effects: bool) -> Decision:
    """Decide about the failed attempt of that number, 1 for the first.

    With a policy of the agent's own that policy counts, else that of the error's class. What an agent with side effects
    did may be had twice, so its step is repeated only where the class says that nothing was done. The pauses of a
    policy of the agent's own are exact; those of a class are jittered.
    """
    found = classify(error)
    policy = POLICIES[found]
    if explicit is not None:
        repeats = attempt < explicit.max_attempts and not isinstance(error, (AgentFailure, BudgetExceeded))
        pause = explicit.pause_after(attempt) if repeats else timedelta()
    else:
        repeats = policy.allows(attempt, side_effects=side_effects)
        share = random.random()  # noqa: S311 - spreads the attempts, hides nothing
        pause = policy.pause_after(attempt, share, at_least=retry_after(error)) if repeats else timedelta()
    # A call falls back, and the ledger asks, before its step has failed: what is left then is to repeat it or not.
    action = RecoveryAction.RETRY if repeats else RecoveryAction.GIVE_UP
    return Decision(
        error_class=found,
        severity=policy.severity,
        action=action,
        attempt=attempt,
        pause=pause,
        message=described(error),
    )


def described(error: BaseException) -> str:
    """The error in one line: its type and what it says."""
    return f"{type(error).__name__}: {error}"
