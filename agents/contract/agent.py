"""What an agent declares, and its one method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Generic, TypeVar

from pydantic import BaseModel

from agents.contract.context import AgentContext
from agents.contract.side_effect import SideEffect
from agents.contract.source_use import SourceUse
from domain.evidence import Claim, ToolRan

Inputs = TypeVar("Inputs", bound=BaseModel)

Report = TypeVar("Report", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequirement:
    """A program an agent drives. Without an essential one it fails; without another its report says what is missing."""

    name: str
    essential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Defaults that a task may override."""

    timeout: timedelta = timedelta(minutes=30)


class Agent(ABC, Generic[Inputs, Report]):
    """Base of every agent. Registered by the entry point group ``wrenchai.agents``."""

    kind: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[str]
    capabilities: ClassVar[tuple[str, ...]]
    tools: ClassVar[tuple[ToolRequirement, ...]] = ()
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NONE,)
    limits: ClassVar[Limits] = Limits()
    needs_source: ClassVar[bool] = True
    checks_out: ClassVar[bool] = True
    """Whether it gets a copy of the source, where there is one; without, the source may change while it works."""
    input_model: type[Inputs]
    report_model: type[Report]

    @classmethod
    def check_inputs(cls, inputs: Inputs) -> None:
        """Refuse inputs that the model cannot know to be wrong, before a task is made of them.

        Raises:
            WrongInputs: names each that cannot be accepted.
        """

    @classmethod
    def source_use(cls, inputs: Inputs) -> SourceUse:
        """What a task with these inputs does with the source of its project."""
        return SourceUse.NEEDED if cls.needs_source else SourceUse.WHERE_THERE

    @abstractmethod
    async def run(self, context: AgentContext, inputs: Inputs) -> Report:
        """Do the work and return the report.

        Raises:
            AgentFailure: the task cannot be done; the message says why and what would help.
        """

    def claims(self, report: Report) -> Sequence[Claim]:
        """What ``report`` claims to have been done.

        The platform holds each claim against what it has recorded itself; an execution that claims more ends as
        ``CLAIMED_UNVERIFIED``. Unless an agent says otherwise, it claims that every essential tool ran. Whatever it
        says, one that declares tools must have a step that succeeded.
        """
        return [ToolRan(tool=tool.name) for tool in self.tools if tool.essential]
