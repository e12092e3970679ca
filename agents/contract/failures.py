"""How an agent says that it cannot go on."""

from __future__ import annotations

from domain.errors import BudgetExceeded as BudgetExceeded


class ToolFailure(Exception):
    """A tool could not be started, ran out of its time, or ended with an exit code that means it failed."""


class AgentFailure(Exception):
    """The agent cannot do the task as things are; its step is not tried again, the task as its retry policy says.

    ``code`` is published in ``docs/errors/``.
    """

    def __init__(self, message: str, *, code: str = "AGENT_FAILED") -> None:
        super().__init__(message)
        self.code = code
