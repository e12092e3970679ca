"""Which agents there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol


class AgentCatalogue(Protocol):
    """The agents this installation has."""

    def get(self, kind: str) -> AgentFacts | None:
        """The agent's declaration, or ``None``."""

    def all(self) -> Sequence[AgentFacts]:
        """Every agent's declaration, by kind."""


class AgentFacts(Protocol):
    """What an agent declares."""

    @property
    def kind(self) -> str:
        """Its name in tasks, for example ``inspector``."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def purpose(self) -> str:
        """What it is for, in a sentence or two."""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it can be asked to do."""

    @property
    def side_effects(self) -> tuple[str, ...]:
        """What it may do outside its own checkout."""

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of a task's ``inputs``."""

    @property
    def needs_source(self) -> bool:
        """Whether the task's project must have a source."""

    @property
    def timeout(self) -> timedelta:
        """Default time limit of an execution."""

    @property
    def concurrency(self) -> int:
        """How many executions of it may run at once."""

    def works_on_source(self, inputs: Mapping[str, Any]) -> bool:
        """Whether a task with these inputs, which were checked, needs a source."""

    def check_inputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs with defaults filled in.

        Raises:
            domain.errors.Invalid: they do not fit the schema; ``path`` names the field, ``more`` has the others.
        """
