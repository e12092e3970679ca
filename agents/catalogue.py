"""The agents of this installation, found by the entry point group ``wrenchai.agents``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.contract import Agent
from domain.errors import Invalid

GROUP = "wrenchai.agents"

AnyAgent = Agent[Any, Any]


@dataclass(frozen=True)
class Declaration:
    """What an agent class declares; see :class:`domain.ports.AgentFacts`.

    ``concurrency`` is the installation's: how many executions of one agent the queue lets run at once.
    """

    agent: type[AnyAgent]
    concurrency: int

    @property
    def kind(self) -> str:
        """Its name in tasks."""
        return self.agent.kind

    @property
    def version(self) -> str:
        """Its version."""
        return self.agent.version

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.agent.title

    @property
    def purpose(self) -> str:
        """What it is for."""
        return self.agent.purpose

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it can be asked to do."""
        return self.agent.capabilities

    @property
    def side_effects(self) -> tuple[str, ...]:
        """What it may do outside its own checkout."""
        return tuple(effect.value for effect in self.agent.side_effects)

    @cached_property
    def input_schema(self) -> Mapping[str, Any]:
        """JSON Schema of a task's inputs."""
        schema: dict[str, Any] = self.agent.input_model.model_json_schema()
        return schema

    @property
    def needs_source(self) -> bool:
        """Whether the task's project must have a source."""
        return self.agent.needs_source

    @property
    def checks_out(self) -> bool:
        """Whether it gets a copy of the source, where there is one."""
        return self.agent.checks_out

    @property
    def timeout(self) -> timedelta:
        """Default time limit of an execution."""
        return self.agent.limits.timeout

    def check_inputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs with defaults filled in.

        Raises:
            Invalid: they do not fit the schema; names the first field that does not.
        """
        try:
            model: BaseModel = self.agent.input_model.model_validate(dict(inputs))
        except ValidationError as error:
            first = error.errors()[0]
            path = tuple(str(part) for part in first["loc"])
            where = ".".join(("inputs", *path))
            raise Invalid(f"{where}: {first['msg']}.", path=("input", "inputs", *path)) from error
        return model.model_dump(mode="json")


class InstalledAgents:
    """See :class:`domain.ports.AgentCatalogue`. An agent that cannot be loaded is left out and named in ``broken``."""

    def __init__(self, *, concurrency: int) -> None:
        self.broken: dict[str, str] = {}
        self._declarations: dict[str, Declaration] = {}
        for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
            try:
                agent = point.load()
            except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and must not take the platform along
                self.broken[point.name] = f"{type(error).__name__}: {error}"
                continue
            self._declarations.setdefault(agent.kind, Declaration(agent, concurrency))

    def get(self, kind: str) -> Declaration | None:
        """The agent's declaration, or ``None``."""
        return self._declarations.get(kind)

    def all(self) -> Sequence[Declaration]:
        """Every agent's declaration, by kind."""
        return [self._declarations[kind] for kind in sorted(self._declarations)]
