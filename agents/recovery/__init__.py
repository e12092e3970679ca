"""What is done about errors of steps and tools: to what class an error belongs, and what its policy makes of it."""

from agents.recovery.classify import classify, retry_after, worst
from agents.recovery.decision import Decision, decide, described
from agents.recovery.fall_back import Call, with_alternatives

__all__ = ["Call", "Decision", "classify", "decide", "described", "retry_after", "with_alternatives", "worst"]
