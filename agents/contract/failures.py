"""How an agent says that it cannot go on."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from domain.error_codes import is_code
from domain.errors import BudgetExceeded as BudgetExceeded
from domain.recovery import ErrorClass

BY_CODE = {
    "MODEL_FAILED": ErrorClass.MODEL_FAILED,
    "SOURCE_CHANGED": ErrorClass.SOURCE_CHANGED,
    "TOOL_CALL_UNCERTAIN": ErrorClass.EFFECT_UNCERTAIN,
    "TOOL_MISSING": ErrorClass.TOOL_MISSING,
}


class ToolFailure(Exception):
    """A tool could not be started, ran out of its time, or ended with an exit code that means it failed.

    ``error_class`` decides what is done about it; a tool that knows better than ``TOOL_FAILED`` says so.
    """

    error_class = ErrorClass.TOOL_FAILED

    def __init__(self, message: str, *, error_class: ErrorClass | None = None) -> None:
        super().__init__(message)
        self.error_class = error_class or type(self).error_class


class ToolMissing(ToolFailure):
    """The tool is not installed. The message says how to install it."""

    error_class = ErrorClass.TOOL_MISSING


class ToolTimedOut(ToolFailure):
    """The tool ran out of its time and was ended."""

    error_class = ErrorClass.TOOL_TIMED_OUT


class AgentFailure(Exception):
    """The agent cannot do the task as things are; its step is not tried again, the task as its retry policy says.

    ``code`` is published in ``docs/errors/``, or the agent's own: 2 to 64 capital letters, digits and underscores.
    ``error_class`` follows from it. ``report`` is what it has to report all the same, of its report model.

    Raises:
        ValueError: the code has not that form.
    """

    def __init__(self, message: str, *, code: str = "AGENT_FAILED", report: BaseModel | None = None) -> None:
        super().__init__(message)
        self.report = report
        if not is_code(code):
            raise ValueError(f"A code is 2 to 64 capital letters, digits and underscores, not {code!r:.100}.")
        self.code = code
        self.error_class = BY_CODE.get(code, ErrorClass.REFUSED)


class WrongInputs(ValueError):
    """Inputs that fit the model and still cannot be accepted. ``problems`` has, for each, where it is and what is
    wrong, as half a sentence."""

    def __init__(self, problems: Sequence[tuple[tuple[str, ...], str]]) -> None:
        super().__init__("; ".join(f"{'.'.join(where)}: {what}" for where, what in problems))
        self.problems = tuple(problems)
