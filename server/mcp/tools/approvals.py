"""What agents ask, and the answers."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from server.mcp.api import api_of, perform
from server.mcp.documents import APPROVALS, APPROVE, REJECT
from server.mcp.naming import After, Most
from server.mcp.offering import DECIDES, READS, offer
from server.mcp.results import Approval, Approvals
from server.mcp.showing import cursor_behind

Which = Annotated[str, Field(description="The id of the approval.")]
Digest = Annotated[
    str, Field(description="The digest of the action as you have read it; with another one the answer is refused.")
]
Comment = Annotated[str | None, Field(description="Why, for those who will read it.")]


def register(server: MCPServer) -> None:
    """Add the tools."""
    offer(server, list_approvals, "List what waits for a decision", READS)
    offer(server, approve, "Approve an action", DECIDES)
    offer(server, reject, "Reject an action", DECIDES)


async def list_approvals(context: Context, first: Most = 50, after: After = None) -> Approvals:
    """List what agents ask and nobody has decided yet, the oldest first."""
    found = (await api_of(context).query(APPROVALS, {"first": first, "after": after}))["awaitingApprovals"]
    return Approvals(
        approvals=[Approval.model_validate(one) for one in found["nodes"]], next_cursor=cursor_behind(found)
    )


async def approve(context: Context, approval: Which, digest: Digest, comment: Comment = None) -> Approval:
    """Approve exactly the action that has this digest; with enough approvals the execution goes on.

    It is a decision of the person you act for: ask them, and show them the summary and the arguments.
    """
    return await _decide(context, APPROVE, "approve", approval, digest, comment)


async def reject(context: Context, approval: Which, digest: Digest, comment: Comment = None) -> Approval:
    """Reject the action that has this digest. One rejection is enough."""
    return await _decide(context, REJECT, "reject", approval, digest, comment)


async def _decide(
    context: Context, document: str, mutation: str, approval: str, digest: str, comment: str | None
) -> Approval:
    asked = {"approvalId": approval, "digest": digest, "comment": comment}
    payload = await perform(api_of(context), document, mutation, asked)
    return Approval.model_validate(payload["approval"])
