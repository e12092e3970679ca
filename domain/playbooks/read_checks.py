"""Acceptance checks in playbooks: how they are written, and what they are once their expressions have values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.acceptance import AcceptanceCheck, CommandCheck, FileCheck, FindingThreshold
from domain.playbooks.expressions import ExpressionError
from domain.playbooks.fields import Fields
from domain.playbooks.formulas import Formulas
from domain.playbooks.nodes import Items, Node
from domain.playbooks.problems import Problems
from domain.playbooks.templates import Template, render
from domain.severity import Severity

CHECK = ("name", "severity", "maximum", "only_new", "command", "exit_code", "timeout", "file", "artifact")
SEVERITIES: dict[str, Severity | None] = {one.value: one for one in Severity}
KINDS = ("severity", "command", "file", "artifact")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDraft:
    """A check whose texts may have expressions. A command that comes out empty is no check."""

    name: Template = ""
    severity: Severity | None = None
    maximum: int = 0
    only_new: bool = True
    command: Template = None
    exit_code: int = 0
    timeout: timedelta = timedelta(minutes=5)
    file: Template = None
    artifact: Template = None

    def check(self, variables: Mapping[str, Any]) -> AcceptanceCheck | None:
        """The acceptance check of a task.

        Raises:
            ExpressionError: an expression gives no value, or not one that fits.
        """
        name = str(render(self.name, variables))
        if self.severity is not None:
            return FindingThreshold(name=name, severity=self.severity, maximum=self.maximum, only_new=self.only_new)
        if self.command is not None:
            command = render(self.command, variables)
            if not isinstance(command, list) or not all(isinstance(one, str) for one in command):
                raise ExpressionError(f"the command of the check {name!r} is no list of texts")
            if not command:
                return None
            return CommandCheck(name=name, command=tuple(command), exit_code=self.exit_code, timeout=self.timeout)
        path, artifact = render(self.file, variables), render(self.artifact, variables)
        return FileCheck(
            name=name,
            path=None if path is None else str(path),
            artifact=None if artifact is None else str(artifact),
        )


def read_check(node: Node, formulas: Formulas, problems: Problems) -> CheckDraft:
    """A check as it is written; whatever is wrong goes into ``problems``."""
    fields = Fields(node, "A check", CHECK, problems, node.mark)
    if not fields.readable:
        return CheckDraft()
    fields.text("name", most=200, required=True)
    kinds = [kind for kind in KINDS if fields.node(kind) is not None]
    if len(kinds) != 1:
        problems.add(
            fields.mark, f"A check has exactly one of {', '.join(KINDS)}; this has {' and '.join(kinds) or 'none'}."
        )
    command = fields.node("command")
    if isinstance(command, Items) and not command.nodes:
        problems.add(command.mark, "The command needs a program.")
    for name in ("file", "artifact"):
        fields.text(name, most=1_000)

    def template(name: str) -> Template:
        found = fields.node(name)
        return None if found is None else formulas.template(found, "step")

    return CheckDraft(
        name=template("name") or "",
        severity=fields.choice("severity", None, SEVERITIES),
        maximum=fields.whole("maximum", 0, least=0, most=1_000_000),
        only_new=fields.truth("only_new", default=True),
        command=template("command"),
        exit_code=fields.whole("exit_code", 0, least=0, most=255),
        timeout=fields.duration("timeout", least=timedelta(seconds=1), most=timedelta(hours=1)) or timedelta(minutes=5),
        file=template("file"),
        artifact=template("artifact"),
    )
