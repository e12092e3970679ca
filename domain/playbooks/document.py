"""What a playbook says, once it has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from domain.errors import Invalid
from domain.playbooks.expressions import Expression
from domain.playbooks.read_checks import CheckDraft
from domain.playbooks.templates import Template
from domain.severity import Severity
from domain.task import OnFailure, RetryPolicy

MOST_STEPS = 100
MOST_INPUTS = 50
MOST_OUTPUTS = 50
MOST_ITEMS = 1_000
"""Tasks that one step may fan out to."""


class InputType(StrEnum):
    """Types of inputs."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"
    OBJECT = "object"


FITS: Mapping[InputType, tuple[type, ...]] = {
    InputType.STRING: (str,),
    InputType.INTEGER: (int,),
    InputType.NUMBER: (int, float),
    InputType.BOOLEAN: (bool,),
    InputType.LIST: (list, tuple),
    InputType.OBJECT: (dict, Mapping),
}
SAMPLES: Mapping[InputType, Any] = {
    InputType.STRING: "",
    InputType.INTEGER: 1,
    InputType.NUMBER: 1.0,
    InputType.BOOLEAN: True,
    InputType.LIST: [],
    InputType.OBJECT: {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookInput:
    """Something a playbook is given. One without a default has to be given; ``choices`` are all it may be."""

    name: str
    type: InputType = InputType.STRING
    description: str = ""
    required: bool = True
    default: Any = None
    choices: tuple[Any, ...] = ()

    def why_not(self, value: Any) -> str | None:
        """Why the value cannot be taken; ``None`` when it can."""
        fits = isinstance(value, FITS[self.type]) and (self.type is InputType.BOOLEAN or not isinstance(value, bool))
        if not fits:
            return f"it must be of type {self.type.value}"
        if self.choices and value not in self.choices:
            return "it must be one of " + ", ".join(map(str, self.choices))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked before a step. Without an answer in time (``expires_in``) the step is not done."""

    summary: Template
    risk: Severity = Severity.MEDIUM
    expires_in: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookStep:
    """One step: a task for an agent, or one for each item of a list.

    ``needs`` are steps that must have ended before; ``on_failure`` says whether it is skipped (``SKIP``) or done all
    the same (``CONTINUE``) when one of them did not complete. A step without an agent only asks its question.
    ``checks`` are the acceptance checks of its tasks. With ``may_fail`` the playbook succeeds
    although the step does not.
    """

    id: str
    title: Template
    agent: str | None
    inputs: dict[str, Template] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.SKIP
    condition: Expression | None = None
    for_each: Expression | tuple[Template, ...] | None = None
    retry: RetryPolicy = RetryPolicy()
    timeout: timedelta | None = None
    approve: Question | None = None
    checks: tuple[CheckDraft, ...] = ()
    outputs: Mapping[str, Expression] = field(default_factory=dict)
    may_fail: bool = False

    @property
    def fans_out(self) -> bool:
        """Whether it has a task for each item of a list."""
        return self.for_each is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A playbook whose document has no problem. ``steps`` are in the order of the document."""

    name: str
    title: str
    description: str = ""
    inputs: tuple[PlaybookInput, ...] = ()
    steps: tuple[PlaybookStep, ...] = ()
    outputs: Mapping[str, Expression] = field(default_factory=dict)

    def given(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs with what was left out filled in.

        Raises:
            Invalid: one is unknown, missing, or of another type; ``path`` names it.
        """
        known = {one.name: one for one in self.inputs}
        for name in values:
            if name not in known:
                named = ", ".join(known) or "none"
                raise Invalid(
                    f"The playbook has no input {name!r}; its inputs: {named}.", path=("input", "inputs", name)
                )
        filled = {}
        for one in self.inputs:
            path = ("input", "inputs", one.name)
            if one.name not in values:
                if one.required:
                    raise Invalid(f"The input {one.name!r} of the playbook has to be given.", path=path)
                filled[one.name] = one.default
                continue
            reason = one.why_not(values[one.name])
            if reason is not None:
                raise Invalid(f"The input {one.name!r} of the playbook does not fit: {reason}.", path=path)
            filled[one.name] = values[one.name]
        return filled
