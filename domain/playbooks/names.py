"""What an expression may name, depending on where it stands, and whether its types can be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from domain.playbooks.document import SAMPLES, PlaybookInput, PlaybookStep
from domain.playbooks.expressions import MOST_TRIED, ExpressionError, IllTyped, type_of
from domain.playbooks.formulas import Placed
from domain.playbooks.grammar import Name
from domain.playbooks.problems import Problems

ROOTS: Mapping[str, tuple[str, ...]] = {
    "condition": ("inputs", "steps"),
    "list": ("inputs", "steps"),
    "list item": ("inputs", "steps"),
    "question": ("inputs", "steps"),
    "step": ("inputs", "steps"),
    "step outputs": ("inputs", "steps", "report"),
    "outputs": ("inputs", "steps"),
}
"""The names of each place; ``item`` and ``index`` are added within a step that fans out."""

OF_ITEM = frozenset({"step", "step outputs"})
OF_STEP = ("status", "reason", "outputs")
OF_FAN_OUT = ("status", "reason", "items")
SAMPLE_STEP = {"status": "COMPLETED", "reason": ""}
WANTED = {"condition": bool, "list": list}
SAID = {"condition": "'if' must be true or false", "list": "'for_each' needs a list"}


def check_names(
    placed: Placed,
    inputs: Mapping[str, PlaybookInput],
    steps: Mapping[str, PlaybookStep],
    ended: Collection[str],
    owner: PlaybookStep | None,
    problems: Problems,
) -> None:
    """Check one expression. ``ended`` are the steps that have ended when it is evaluated; ``owner`` is its step."""
    roots = ROOTS[placed.place]
    if owner is not None and owner.fans_out and placed.place in OF_ITEM:
        roots = (*roots, "item", "index")
    sound = True
    for reference in placed.expression.references:
        reason = _why_not(reference, roots, inputs, steps, ended, owner)
        if reason is not None:
            problems.add(placed.at(reference.offset), reason)
            sound = False
    if sound:
        _try(placed, inputs, steps, problems)


def _why_not(
    reference: Name,
    roots: tuple[str, ...],
    inputs: Mapping[str, PlaybookInput],
    steps: Mapping[str, PlaybookStep],
    ended: Collection[str],
    owner: PlaybookStep | None,
) -> str | None:
    root, *behind = reference.path
    if root not in roots:
        return f"There is no {root!r} here; an expression here may use {', '.join(roots)}."
    if not behind:
        return None
    if root == "inputs" and behind[0] not in inputs:
        return f"The playbook has no input {behind[0]!r}; its inputs: {', '.join(inputs) or 'none'}."
    if root == "steps":
        return _why_not_step(behind, steps, ended, owner)
    return None


def _why_not_step(
    path: list[str], steps: Mapping[str, PlaybookStep], ended: Collection[str], owner: PlaybookStep | None
) -> str | None:
    name = path[0]
    if name not in steps:
        return f"There is no step {name!r}; the steps: {', '.join(steps)}."
    if name not in ended:
        here = owner.id if owner is not None else ""
        return f"The step {here!r} uses {name!r} and does not need it: add {name!r} to its 'needs'."
    if len(path) == 1:
        return None
    step = steps[name]
    parts = OF_FAN_OUT if step.fans_out else OF_STEP
    if path[1] not in parts:
        return f"Of the step {name!r} there is {', '.join(parts)}, and no {path[1]!r}."
    if path[1] == "outputs" and len(path) > 2 and path[2] not in step.outputs:
        return f"The step {name!r} has no output {path[2]!r}; its outputs: {', '.join(step.outputs) or 'none'}."
    return None


def _try(
    placed: Placed, inputs: Mapping[str, PlaybookInput], steps: Mapping[str, PlaybookStep], problems: Problems
) -> None:
    """Evaluate it with values of the declared types, where these are all it uses, and look at what comes out."""
    for reference in placed.expression.references:
        if reference.path[0] not in {"inputs", "steps"} or {"outputs", "items"} & set(reference.path[2:3]):
            return
        if reference.path[0] == "steps" and len(reference.path) < 3:
            return
    variables: dict[str, Any] = {
        "inputs": {name: SAMPLES[one.type] for name, one in inputs.items()},
        "steps": dict.fromkeys(steps, SAMPLE_STEP),
    }
    try:
        value = placed.expression.evaluate(variables, MOST_TRIED)
    except IllTyped as error:
        problems.add(placed.at(0), f"The types do not fit: {error.reason}.")
        return
    except ExpressionError:
        return  # a list may have no third item now, and have one then; or it costs too much to be tried out here
    wanted = WANTED.get(placed.place)
    if wanted is not None and not isinstance(value, wanted):
        problems.add(placed.at(0), f"{SAID[placed.place]}; this gives {type_of(value)}.")
