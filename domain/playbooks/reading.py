"""From nodes to a playbook. What the parts say of each other is checked in :mod:`domain.playbooks.checks`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.playbooks.document import (
    MOST_INPUTS,
    MOST_ITEMS,
    MOST_OUTPUTS,
    MOST_STEPS,
    InputType,
    PlaybookInput,
    PlaybookStep,
    Question,
)
from domain.playbooks.expressions import Expression
from domain.playbooks.fields import Fields, kind_of
from domain.playbooks.formulas import Formulas
from domain.playbooks.nodes import Items, Node, Scalar, plain
from domain.playbooks.problems import Mark, Problems
from domain.playbooks.read_checks import read_check
from domain.severity import Severity
from domain.task import OnFailure, RetryPolicy

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
NAMED = "1 to 63 lower-case letters, digits and dashes, the first a letter or digit"
IDENTIFIED = "1 to 63 lower-case letters, digits and underscores, the first a letter"

TOP = ("name", "title", "description", "inputs", "steps", "outputs")
INPUT = ("type", "description", "default", "choices")
STEP = (
    *("id", "title", "agent", "inputs", "needs", "on_failure", "if", "for_each", "retry", "timeout", "approve"),
    *("checks", "outputs", "may_fail"),
)
RETRY = ("max_attempts", "backoff")
APPROVE = ("question", "risk", "expires_in")

SEVERITIES = {one.value: one for one in Severity}
ON_FAILURE = {"skip": OnFailure.SKIP, "continue": OnFailure.CONTINUE}
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class ReadStep:
    """A step as it was read, with the places that its checks have to name."""

    step: PlaybookStep
    mark: Mark
    agent_mark: Mark
    inputs_node: Node | None
    formulas: Formulas
    needs: tuple[tuple[str, Mark], ...] = ()


@dataclass
class ReadPlaybook:
    """A document that was read."""

    name: str = ""
    title: str = ""
    description: str = ""
    inputs: list[PlaybookInput] = field(default_factory=list)
    steps: list[ReadStep] = field(default_factory=list)
    outputs: dict[str, Expression] = field(default_factory=dict)
    formulas: Formulas = field(default_factory=lambda: Formulas(Problems()))


def read(root: Node, problems: Problems) -> ReadPlaybook:
    """The playbook that the nodes say; whatever is wrong goes into ``problems``."""
    top = Fields(root, "A playbook", TOP, problems, Mark())
    found = ReadPlaybook(formulas=Formulas(problems))
    if not top.readable:
        return found
    found.name = _name(top)
    found.title = top.text("title", most=200) or found.name
    found.description = top.text("description", most=5_000) or ""
    for key, node in top.entries("inputs", most=MOST_INPUTS):
        _identifier(str(key.value), key.mark, "An input's name", problems)
        found.inputs.append(_input(str(key.value), node, problems))
    steps = top.require("steps")
    if isinstance(steps, Items) and not steps.nodes:
        problems.add(steps.mark, "A playbook needs at least one step.")
    found.steps = [_step(node, problems) for node in top.items("steps", most=MOST_STEPS)]
    found.outputs = _outputs(top, found.formulas, "outputs")
    return found


def _name(top: Fields) -> str:
    name = top.text("name", required=True)
    node = top.node("name")
    if name is not None and node is not None and not NAME.fullmatch(name):
        top.wrong(node, f"A playbook's name has {NAMED}; this is {name!r:.80}.")
    return name or ""


def _identifier(text: str, mark: Mark, what: str, problems: Problems) -> None:
    if not ID.fullmatch(text):
        problems.add(mark, f"{what} has {IDENTIFIED}; this is {text!r:.80}.")


def _input(name: str, node: Node, problems: Problems) -> PlaybookInput:
    fields = Fields(node, f"The input {name!r}", INPUT, problems, node.mark)
    if not fields.readable:
        return PlaybookInput(name=name)
    kind = fields.choice("type", InputType.STRING, {one.value: one for one in InputType})
    draft = PlaybookInput(name=name, type=kind)
    choices = fields.items("choices", most=100)
    for choice in choices:
        _fit(fields, draft, choice, "A choice")
    read = PlaybookInput(
        name=name,
        type=kind,
        description=fields.text("description", most=1_000) or "",
        required=fields.node("default") is None,
        default=None,
        choices=tuple(map(plain, choices)),
    )
    default = fields.node("default")
    if default is None:
        return read
    _fit(fields, read, default, "The default")
    return PlaybookInput(
        name=name,
        type=kind,
        description=read.description,
        required=False,
        default=plain(default),
        choices=read.choices,
    )


def _fit(fields: Fields, wanted: PlaybookInput, node: Node, what: str) -> None:
    reason = wanted.why_not(plain(node))
    if reason is not None:
        fields.wrong(node, f"{what} of {wanted.name!r} does not fit: {reason}, and it is {kind_of(node)}.")


def _step(node: Node, problems: Problems) -> ReadStep:
    fields = Fields(node, "A step", STEP, problems, node.mark)
    formulas = Formulas(problems)
    step_id = fields.text("id", required=True) or ""
    id_node = fields.node("id")
    if step_id and id_node is not None:
        _identifier(step_id, id_node.mark, "A step's id", problems)
    agent = fields.text("agent", most=100)
    approve = _question(fields, formulas)
    if fields.readable and fields.node("agent") is None and fields.node("approve") is None:
        problems.add(fields.mark, f"The step {step_id!r} has neither an agent nor a question to approve.")
    if fields.node("agent") is None:
        for name in ("inputs", "for_each", "retry", "timeout", "checks", "outputs"):
            if fields.readable and fields.node(name) is not None:
                problems.add(fields.mark_of(name), f"{name!r} is for steps with an agent.")
    inputs_node = fields.node("inputs")
    title_node = fields.node("title")
    fields.text("title", most=300)
    step = PlaybookStep(
        id=step_id,
        title=step_id if title_node is None else formulas.template(title_node, "step"),
        agent=agent,
        inputs={str(key.value): formulas.template(one, "step") for key, one in fields.entries("inputs", most=200)},
        needs=(),
        on_failure=fields.choice("on_failure", OnFailure.SKIP, ON_FAILURE),
        condition=_condition(fields, formulas),
        for_each=_for_each(fields, formulas),
        retry=_retry(fields, problems),
        timeout=fields.duration("timeout", least=SECOND, most=7 * DAY),
        approve=approve,
        checks=tuple(read_check(one, formulas, problems) for one in fields.items("checks", most=20)),
        outputs=_outputs(fields, formulas, "step outputs"),
        may_fail=fields.truth("may_fail", default=False),
    )
    needs = _needs(fields)
    read_step = ReadStep(step, fields.mark, fields.mark, inputs_node, formulas, needs)
    if id_node is not None:
        read_step.mark = id_node.mark
    agent_node = fields.node("agent")
    if agent_node is not None:
        read_step.agent_mark = agent_node.mark
    return read_step


def _needs(fields: Fields) -> tuple[tuple[str, Mark], ...]:
    def one(node: Node) -> tuple[str, Mark] | None:
        name = fields.text_of(node, "needs")
        return None if name is None else (name, node.mark)

    return fields.each("needs", one, most=MOST_STEPS)


def _condition(fields: Fields, formulas: Formulas) -> Expression | None:
    node = fields.node("if")
    if node is None:
        return None
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        node = Scalar("true" if node.value else "false", node.mark)
    return formulas.expression(node, "if", "condition")


def _for_each(fields: Fields, formulas: Formulas) -> Expression | tuple[Any, ...] | None:
    node = fields.node("for_each")
    if node is None:
        return None
    if isinstance(node, Items):
        if len(node.nodes) > MOST_ITEMS:
            fields.wrong(
                node, f"A step can fan out to at most {MOST_ITEMS:,} tasks; this list has {len(node.nodes):,}."
            )
        return tuple(formulas.template(one, "list item") for one in node.nodes[:MOST_ITEMS])
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        fields.wrong(node, f"'for_each' must be a list, or an expression that gives one, not {kind_of(node)}.")
        return ()
    return formulas.expression(node, "for_each", "list")


def _retry(fields: Fields, problems: Problems) -> RetryPolicy:
    node = fields.node("retry")
    if node is None:
        return RetryPolicy()
    retry = Fields(node, "'retry'", RETRY, problems, node.mark)
    return RetryPolicy(
        max_attempts=retry.whole("max_attempts", 1, least=1, most=20),
        backoff=retry.duration("backoff", least=timedelta(), most=HOUR) or RetryPolicy().backoff,
    )


def _question(fields: Fields, formulas: Formulas) -> Question | None:
    node = fields.node("approve")
    if node is None:
        return None
    if isinstance(node, Scalar):
        fields.text_of(node, "approve", most=2_000)
        return Question(summary=formulas.template(node, "question"))
    own = Fields(node, "'approve'", APPROVE, fields.problems, node.mark)
    own.text("question", most=2_000, required=True)
    asked = own.node("question")
    return Question(
        summary="" if asked is None else formulas.template(asked, "question"),
        risk=own.choice("risk", Severity.MEDIUM, SEVERITIES),
        expires_in=own.duration("expires_in", least=SECOND, most=365 * DAY),
    )


def _outputs(fields: Fields, formulas: Formulas, place: str) -> dict[str, Expression]:
    found = {}
    for key, node in fields.entries("outputs", most=MOST_OUTPUTS):
        _identifier(str(key.value), key.mark, "An output's name", fields.problems)
        expression = formulas.expression(node, str(key.value), place)
        if expression is not None:
            found[str(key.value)] = expression
    return found
