"""What the run of a playbook reports."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.states import TaskStatus


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaybookTask(_Frozen):
    """A task that a step had done."""

    task_id: str | None = Field(description="Id of the task, null when it was deleted meanwhile.")
    key: str | None = Field(description="Key of the task, for example WR-12.")
    item: Any = Field(default=None, description="What of the list it was for, null in a step without one.")
    status: TaskStatus
    reason: str | None = Field(default=None, description="Why it did not complete.")
    outputs: dict[str, Any] = Field(default_factory=dict, description="What the step's outputs gave for it.")


class PlaybookStepResult(_Frozen):
    """How a step came out: COMPLETED, FAILED or SKIPPED. It has failed when a task of it was cancelled."""

    step: str
    title: str
    status: TaskStatus
    reason: str | None = Field(default=None, description="Why it did not complete, or was skipped.")
    fans_out: bool = False
    may_fail: bool = False
    tasks: list[PlaybookTask] = Field(default_factory=list)

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs of its task, where it has one only."""
        return self.tasks[0].outputs if self.tasks and not self.fans_out else {}


class PlaybookReport(_Frozen):
    """How a playbook came out."""

    playbook: str
    passed: bool = Field(description="Whether every step completed, was skipped by its condition, or may fail.")
    steps: list[PlaybookStepResult]
    outputs: dict[str, Any] = Field(default_factory=dict)
    problems: list[str] = Field(default_factory=list, description="Why outputs of the playbook have no value.")
