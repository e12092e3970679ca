"""Runs a playbook: each step becomes a task, or many, of the agents it names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from agents.contract import Agent, AgentContext, AgentFailure, Claim, Limits, SideEffect, StepSucceeded
from agents.playbook.inputs import PlaybookInputs
from agents.playbook.run import PlaybookRun
from domain.playbooks import read_playbook
from domain.reports.playbook import PlaybookReport
from domain.states import TaskStatus


class PlaybookAgent(Agent[PlaybookInputs, PlaybookReport]):
    """Expands a playbook into tasks, waits for them without a worker, and reports what came of each step."""

    kind = "playbook"
    version = "1.0"
    title = "Playbook"
    purpose = "Runs a playbook: a graph of tasks in one YAML file, with conditions, fan-out and approvals."
    capabilities = ("playbook",)
    side_effects = (SideEffect.NONE,)
    limits = Limits(timeout=timedelta(days=1))
    needs_source = False
    checks_out = False
    input_model = PlaybookInputs
    report_model = PlaybookReport

    async def run(self, context: AgentContext, inputs: PlaybookInputs) -> PlaybookReport:
        """Run every step when what it needs has ended.

        Raises:
            AgentFailure: a step did not complete that has to; it carries the report.
        """
        playbook = read_playbook(inputs.document)
        report = await PlaybookRun(playbook, playbook.given(inputs.inputs), context).run()
        if report.passed:
            return report
        failed = [
            f"{one.step}: {one.reason or one.status}"
            for one in report.steps
            if one.status is TaskStatus.FAILED and not one.may_fail
        ]
        message = f"{len(failed)} of {len(report.steps)} steps did not complete: {'; '.join(failed)}"
        raise AgentFailure(message[:2_000], report=report)

    def claims(self, report: PlaybookReport) -> Sequence[Claim]:
        """That what became of each step is on record."""
        return [StepSucceeded(step=one.step) for one in report.steps]
