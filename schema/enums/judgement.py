"""Enums of findings, evidence and approvals, and of who may do what."""

from __future__ import annotations

from domain.acceptance import CheckKind
from domain.actor import Permission
from domain.approval import ApprovalStatus, Decision, Fallback
from domain.evidence import Verdict
from domain.finding import FindingState
from domain.severity import Severity
from schema.enums.publish import publish

publish(
    Verdict,
    "What the records say to an execution's claims.",
    {
        "VERIFIED": "Everything it claims is recorded, and every acceptance check is met.",
        "UNVERIFIED": "Something it claims is not recorded, or an acceptance check is not met.",
        "NOTHING_CLAIMED": "It says it is done, and claims nothing that could be held against the records.",
        "NOT_JUDGED": "It has not reported success, so there is nothing to judge.",
    },
)
publish(
    CheckKind,
    "What an acceptance check looks at.",
    {
        "FINDINGS": "How many findings there are.",
        "COMMAND": "The exit code of a program.",
        "FILE": "Whether there is a file.",
        "QUERY": "The answer to a GraphQL query.",
    },
)
publish(
    Severity,
    "How bad a finding is.",
    {
        "CRITICAL": "It can be exploited or loses data: mend it now.",
        "HIGH": "A bug, or a weakness that matters.",
        "MEDIUM": "It should be mended.",
        "LOW": "It could be better.",
        "INFO": "Good to know.",
    },
)
publish(
    FindingState,
    "Where a finding is in its life.",
    {
        "NEW": "Found for the first time, or again after it was fixed.",
        "PERSISTING": "Found again.",
        "FIXED": "Looked for and not found again.",
        "WAIVED": "A person accepts it, with a reason and perhaps until a date.",
    },
)
publish(
    ApprovalStatus,
    "Where an approval is in its life. All but PENDING are final.",
    {
        "PENDING": "Nobody has decided, or not enough persons have.",
        "APPROVED": "The action may be done.",
        "REJECTED": "The action may not be done.",
        "EXPIRED": "Nobody decided in time: the fallback counts.",
        "VOIDED": "The action's arguments have changed; it was asked anew.",
        "CANCELLED": "The execution ended before anybody had decided.",
    },
)
publish(
    Decision,
    "What a person says to an action.",
    {"APPROVE": "It may be done.", "REJECT": "It may not be done."},
)
publish(
    Fallback,
    "What an approval that nobody decided in time amounts to.",
    {
        "REJECT": "The action may not be done.",
        "APPROVE": "The action may be done.",
        "FAIL": "The execution fails.",
    },
)
publish(
    Permission,
    "What one may do in a workspace.",
    {
        "READ": "See everything.",
        "WRITE_TASKS": "Create, change, connect and delete tasks.",
        "DISPATCH": "Dispatch, retry and cancel.",
        "TRIAGE_FINDINGS": "Waive findings and take waivers back.",
        "MANAGE_PROJECTS": "Create projects and say what they work on.",
        "MANAGE_SECRETS": "Set and delete secrets, and say which model or MCP server gets one; nobody can read them.",
        "APPROVE": "Approve or reject what agents ask.",
        "MANAGE_BUDGETS": "Set and remove budgets and prices.",
        "SEND_MESSAGES": "Say something to agents.",
        "MANAGE_MODELS": "Connect language models, try them out, and choose which agent uses which.",
        "MANAGE_MEMORY": "Remember, and correct and erase what anybody remembered.",
        "MANAGE_TOOLS": "Register MCP servers, whose programs run on workers, and say what agents may call.",
    },
)
