"""Every tool of this installation: known programs, and typed tools by the entry point group ``wrenchai.tools``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from agents.contract import SourceUse
from agents.toolbox.known import ALL_TOOLS, KnownTool
from agents.toolbox.programs import UNKNOWN, Program, Toolbox
from agents.toolbox.typed import GROUP, AnyTool, example_of
from domain.tool import ExitCodeMeaning, ToolFacts, ToolKind, ToolStatus


class ToolRegistry:
    """See :class:`domain.ports.ToolCatalogue`. It speaks of the machine and the Python of this process.

    ``typed`` are the typed tools by name; one that cannot be loaded is not among them, but shown as broken.
    """

    def __init__(self, toolbox: Toolbox) -> None:
        self.typed: dict[str, type[AnyTool]] = {}
        self._toolbox = toolbox
        self._facts: dict[str, ToolFacts] = {}
        for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
            facts = self._load(point)
            self._facts.setdefault(facts.name, facts)

    async def all(self) -> Sequence[ToolFacts]:
        """Every tool, by name."""
        found = await self._toolbox.survey(ALL_TOOLS)
        programs = {name: _program_facts(ALL_TOOLS[name], program) for name, program in found.items()}
        facts = {**programs, **{name: self._now(known) for name, known in self._facts.items()}}
        return [facts[name] for name in sorted(facts)]

    def _now(self, facts: ToolFacts) -> ToolFacts:
        """The facts with what is missing at the moment: it may have been installed since the tool was loaded."""
        tool = self.typed.get(facts.name)
        command = tool.missing() if tool is not None else None
        if command is None:
            return facts
        problem = "something that it needs is not installed"
        return replace(facts, status=ToolStatus.MISSING, problem=problem, install_hint=command)

    def _load(self, point: EntryPoint) -> ToolFacts:
        try:
            tool = point.load()
            facts = _typed_facts(tool)
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and must not take the platform along
            return ToolFacts(
                name=point.name,
                kind=ToolKind.TYPED,
                version=None,
                status=ToolStatus.BROKEN,
                licence="unknown",
                purpose="unknown",
                problem=f"{point.value} cannot be loaded: {type(error).__name__}: {error}",
            )
        self.typed.setdefault(tool.name, tool)
        return facts


def _typed_facts(tool: type[AnyTool]) -> ToolFacts:
    arguments: Mapping[str, Any] = tool.arguments_model.model_json_schema()
    result: Mapping[str, Any] = tool.result_model.model_json_schema(mode="serialization")
    return ToolFacts(
        name=tool.name,
        kind=ToolKind.TYPED,
        version=tool.version,
        status=ToolStatus.AVAILABLE,
        licence=tool.licence,
        purpose=tool.purpose,
        side_effects=tuple(effect.value for effect in tool.side_effects),
        repeatable=tool.repeatable,
        arguments_schema=arguments,
        result_schema=result,
        needs_source=tool.source_use is SourceUse.NEEDED,
        timeout=tool.limits.timeout,
        max_answer=tool.limits.max_output,
        example=example_of(tool),
    )


def _program_facts(known: KnownTool, program: Program | None) -> ToolFacts:
    status, problem = ToolStatus.AVAILABLE, None
    if program is None:
        status, problem = ToolStatus.MISSING, "it is not installed"
    elif program.version == UNKNOWN:
        status, problem = ToolStatus.BROKEN, f"{program.path} does not say its version"
    return ToolFacts(
        name=known.name,
        kind=ToolKind.PROGRAM,
        version=program.version if program is not None and program.version != UNKNOWN else None,
        status=status,
        licence=known.licence,
        purpose=known.purpose,
        install_hint=known.install,
        problem=problem,
        exit_codes=tuple(ExitCodeMeaning(code, meaning) for code, meaning in sorted(known.exit_codes.items())),
    )
