"""From a text to a playbook, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from domain.dag import find_cycle
from domain.errors import Invalid
from domain.playbooks.document import Playbook, PlaybookStep
from domain.playbooks.names import check_names
from domain.playbooks.nodes import Entries, read_nodes
from domain.playbooks.problems import PlaybookInvalid, Problem, Problems
from domain.playbooks.reading import ReadPlaybook, ReadStep, read
from domain.playbooks.templates import is_constant
from domain.ports.agents import AgentCatalogue, AgentFacts

RUNS_PLAYBOOKS = "playbook"
"""The kind of the agent that runs playbooks; a step cannot be another one."""


def read_playbook(text: str, agents: AgentCatalogue | None = None) -> Playbook:
    """The playbook that the text says. With ``agents`` its steps have to name some of these, with inputs that fit.

    Raises:
        PlaybookInvalid: it says none; carries every problem with its line and column.
    """
    problems = Problems()
    playbook = _playbook(text, agents, problems)
    if playbook is None or problems:
        raise PlaybookInvalid(problems.sorted(), path=("input", "document"))
    return playbook


def problems_of(text: str, agents: AgentCatalogue | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong with the text, in its order; none when it is a playbook."""
    problems = Problems()
    _playbook(text, agents, problems)
    return problems.sorted()


def _playbook(text: str, agents: AgentCatalogue | None, problems: Problems) -> Playbook | None:
    root = read_nodes(text, problems)
    if root is None:
        return None
    found = read(root, problems)
    steps = _steps(found, problems)
    inputs = {one.name: one for one in found.inputs}
    before = _before(steps)
    _check_cycles(found, steps, problems)
    for one in found.steps:
        for placed in one.formulas:
            own = steps.get(one.step.id, one.step)
            check_names(placed, inputs, steps, before.get(one.step.id, frozenset()), own, problems)
        if one.step.agent == RUNS_PLAYBOOKS:
            problems.add(one.agent_mark, "A step cannot run another playbook.")
        elif agents is not None:
            _check_agent(one, agents, problems)
    for placed in found.formulas:
        check_names(placed, inputs, steps, frozenset(steps), None, problems)
    return Playbook(
        name=found.name,
        title=found.title,
        description=found.description,
        inputs=tuple(found.inputs),
        steps=tuple(steps.values()),
        outputs=found.outputs,
    )


def _steps(found: ReadPlaybook, problems: Problems) -> dict[str, PlaybookStep]:
    """The steps by id, with what they need; ids that are there twice, and needs that are not there, are told."""
    first: dict[str, ReadStep] = {}
    for one in found.steps:
        known = first.setdefault(one.step.id, one)
        if known is not one and one.step.id:
            problems.add(one.mark, f"The id {one.step.id!r} is taken by the step in line {known.mark.line}.")
    steps = {}
    for step_id, one in first.items():
        needs = []
        for name, mark in one.needs:
            if name == step_id:
                problems.add(mark, f"The step {name!r} needs itself.")
            elif name not in first:
                problems.add(mark, f"There is no step {name!r} to wait for; the steps: {', '.join(first)}.")
            elif name in needs:
                problems.add(mark, f"{name!r} is needed twice.")
            else:
                needs.append(name)
        steps[step_id] = replace(one.step, needs=tuple(needs))
    return steps


def _before(steps: Mapping[str, PlaybookStep]) -> dict[str, frozenset[str]]:
    """The steps that each step waits for, by way of others too."""
    before: dict[str, frozenset[str]] = {}
    for step_id in steps:
        seen: set[str] = set()
        pending = list(steps[step_id].needs)
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(steps[name].needs)
        before[step_id] = frozenset(seen)
    return before


def _check_cycles(found: ReadPlaybook, steps: Mapping[str, PlaybookStep], problems: Problems) -> None:
    cycle = find_cycle({step_id: step.needs for step_id, step in steps.items()})
    if cycle is None:
        return
    marks = {(one.step.id, name): mark for one in found.steps for name, mark in one.needs}
    problems.add(marks[cycle[0], cycle[1]], f"Steps wait for each other: {' → '.join(cycle)}.")


def _check_agent(one: ReadStep, agents: AgentCatalogue, problems: Problems) -> None:
    kind = one.step.agent
    if kind is None:
        return
    facts = agents.get(kind)
    if facts is None:
        known = ", ".join(agent.kind for agent in agents.all() if agent.kind != RUNS_PLAYBOOKS)
        problems.add(one.agent_mark, f"There is no agent {kind!r}; the agents: {known}.")
    else:
        _check_agent_inputs(one, facts, problems)


def _check_agent_inputs(one: ReadStep, facts: AgentFacts, problems: Problems) -> None:
    """Inputs without expressions are checked as a task's are; of others, whether the agent knows their names."""
    node = one.inputs_node
    pairs = node.pairs if isinstance(node, Entries) else ()
    schema = facts.input_schema
    known: Mapping[str, object] = schema.get("properties", {})
    unknown = [key for key, _ in pairs if key.value not in known]
    if schema.get("additionalProperties") is False:
        for key in unknown:
            problems.add(
                key.mark, f"The agent {facts.kind!r} has no input {key.value!r}; its inputs: {', '.join(known)}."
            )
    named = {str(key.value) for key, _ in pairs}
    for name in schema.get("required", ()):
        if name not in named:
            problems.add(one.agent_mark, f"The agent {facts.kind!r} needs the input {name!r}.")
            return
    if unknown or not is_constant(one.step.inputs):
        return
    try:
        facts.check_inputs(one.step.inputs)
    except Invalid as error:
        marks = [key.mark for key, _ in pairs if key.value in error.path]
        problems.add(marks[0] if marks else one.agent_mark, error.reason)
