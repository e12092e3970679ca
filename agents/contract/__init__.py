"""What an agent is, and what the platform gives it while it works.

An agent is a class with a declaration (kind, purpose, input and report models, tools) and one method, ``run``. It works
in *steps*: a step that has succeeded is never run again, whatever crashes. What a step records (findings, artifacts,
its output) is committed together with the step's success; log lines, progress and tool calls are visible at once.
"""

from agents.contract.agent import Agent, Inputs, Limits, Report, ToolRequirement
from agents.contract.approval import Action, ActionRejected, Answer, OnRejection
from agents.contract.budget import Budget
from agents.contract.checkout import Checkout
from agents.contract.children import Child, ChildResult
from agents.contract.context import AgentContext, FindingsSummary, Output
from agents.contract.extra import Extra
from agents.contract.failures import AgentFailure, BudgetExceeded, ToolFailure, ToolMissing, ToolTimedOut, WrongInputs
from agents.contract.mcp import McpAnswer
from agents.contract.memory import AgentMemory, CallMemory, FoundMemory
from agents.contract.message import MessageTimedOut, MessageUndeliverable, Received, RequestRefused, Sent
from agents.contract.model import Model, Prompt
from agents.contract.sandbox import Sandbox, SandboxLimits, SandboxRefused, SandboxResult
from agents.contract.services import DatabaseIdentity, Services
from agents.contract.side_effect import SideEffect
from agents.contract.source_use import SourceUse
from agents.contract.step import Alternative, Step, ToolResult
from agents.contract.tool import Tool, ToolLimits, ToolScope
from domain.approval import Fallback
from domain.evidence import ArtifactWritten, Claim, FindingsRecorded, StepSucceeded, TestsPassed, ToolRan
from domain.message import MessageType, ToAgent, ToExecution, ToTask

__all__ = [
    "Action",
    "ActionRejected",
    "Agent",
    "AgentContext",
    "AgentFailure",
    "AgentMemory",
    "Alternative",
    "Answer",
    "ArtifactWritten",
    "Budget",
    "BudgetExceeded",
    "CallMemory",
    "Checkout",
    "Child",
    "ChildResult",
    "Claim",
    "DatabaseIdentity",
    "Extra",
    "Fallback",
    "FindingsRecorded",
    "FindingsSummary",
    "FoundMemory",
    "Inputs",
    "Limits",
    "McpAnswer",
    "MessageTimedOut",
    "MessageType",
    "MessageUndeliverable",
    "Model",
    "OnRejection",
    "Output",
    "Prompt",
    "Received",
    "Report",
    "RequestRefused",
    "Sandbox",
    "SandboxLimits",
    "SandboxRefused",
    "SandboxResult",
    "Sent",
    "Services",
    "SideEffect",
    "SourceUse",
    "Step",
    "StepSucceeded",
    "TestsPassed",
    "ToAgent",
    "ToExecution",
    "ToTask",
    "Tool",
    "ToolFailure",
    "ToolLimits",
    "ToolMissing",
    "ToolRan",
    "ToolRequirement",
    "ToolResult",
    "ToolScope",
    "ToolTimedOut",
    "WrongInputs",
]
