"""The agents of this installation, found by the entry point group ``wrenchai.agents``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.contract import Agent, SourceUse, WrongInputs
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

    def works_on_source(self, inputs: Mapping[str, Any]) -> bool:
        """Whether a task with these inputs, which were checked, needs a source."""
        return self.agent.source_use(self.agent.input_model.model_validate(dict(inputs))) is SourceUse.NEEDED

    def check_inputs(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The inputs with defaults filled in.

        Raises:
            Invalid: they do not fit the schema, or the agent refuses them; names each field that is wrong.
        """
        try:
            model: BaseModel = self.agent.input_model.model_validate(dict(inputs))
            self.agent.check_inputs(model)
        except ValidationError as error:
            raise _invalid([(places(one["loc"]), one["msg"]) for one in error.errors()]) from error
        except WrongInputs as error:
            raise _invalid(error.problems) from error
        return model.model_dump(mode="json")


def places(loc: Sequence[int | str]) -> tuple[str, ...]:
    """Where pydantic found something, as texts."""
    return tuple(str(part) for part in loc)


def _invalid(problems: Sequence[tuple[tuple[str, ...], str]]) -> Invalid:
    """The first of the problems, with the others as ``more``."""
    first, *more = (
        Invalid(f"{'.'.join(('inputs', *where))}: {what.rstrip('.')}.", path=("input", "inputs", *where))
        for where, what in problems
    )
    first.more = tuple(more)
    return first


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
