"""What an agent claims with its report, and what it cannot keep silent about."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from agents.contract import Agent, AgentFailure
from domain.evidence import Claim, StepSucceeded

MOST_CLAIMS = 10_000


def claims_with_steps(agent: Agent[Any, Any], report: BaseModel) -> tuple[Claim, ...]:
    """The agent's claims; one that declares tools claims besides that it did anything at all.

    Raises:
        AgentFailure: they are no claims, or too many.
    """
    claims = tuple(agent.claims(report))
    if len(claims) > MOST_CLAIMS or not all(isinstance(claim, get_args(Claim)) for claim in claims):
        kinds = ", ".join(sorted(kind.__name__ for kind in get_args(Claim)))
        raise AgentFailure(f"The agent's claims must be at most {MOST_CLAIMS:,}, each one of {kinds}.")
    return (*claims, StepSucceeded()) if agent.tools else claims
