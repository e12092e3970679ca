"""What agents ask, and the answers, through the API."""

from __future__ import annotations

from typing import Any, Literal

from server.client.graphql_client import GraphQLClient, Refused

AWAITING = """
query AwaitingApprovals($after: Cursor) {
  awaitingApprovals(first: 100, after: $after) {
    nodes {
      id status quorum expiresAt fallback requestedBy requestedAt version
      action { name kind summary arguments risk digest }
      votes { actor decision comment }
      viewerCan { approve reject }
      task { key title }
      execution { id agentKind }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

APPROVE = """
mutation Approve($input: ApproveInput!) {
  approve(input: $input) { approval { id status quorum selfApproved votes { decision } } errors { message code } }
}
"""

REJECT = """
mutation Reject($input: RejectInput!) {
  reject(input: $input) { approval { id status quorum selfApproved votes { decision } } errors { message code } }
}
"""

Decision = Literal["approve", "reject"]


async def awaiting_approvals(client: GraphQLClient) -> list[dict[str, Any]]:
    """All that nobody has decided yet, the oldest first."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.query(AWAITING, {"after": after}))["awaitingApprovals"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def approval_named(client: GraphQLClient, name: str) -> dict[str, Any]:
    """The one that waits under this id, or for the task with this key.

    Raises:
        Refused: there is none, or the task waits for several.
    """
    waiting = await awaiting_approvals(client)
    found = [one for one in waiting if one["id"] == name or (one["task"] and one["task"]["key"] == name)]
    if not found:
        raise Refused(f"Nothing waits for a decision under {name!r}: `wrenchai approvals list` shows what does.")
    if len(found) > 1:
        ids = ", ".join(one["id"] for one in found)
        raise Refused(f"{name} waits for {len(found)} decisions: name one of {ids}.")
    return found[0]


async def decide(
    client: GraphQLClient, decision: Decision, approval: dict[str, Any], comment: str | None
) -> dict[str, Any]:
    """Decide exactly what ``approval`` shows, and answer it as it is then.

    Raises:
        Refused: the API said no: it was decided meanwhile, say, or the action has changed.
    """
    asked = {"approvalId": approval["id"], "digest": approval["action"]["digest"], "comment": comment}
    document = APPROVE if decision == "approve" else REJECT
    payload = (await client.query(document, {"input": asked}))[decision]
    if payload["errors"]:
        raise Refused(" ".join(error["message"] for error in payload["errors"]))
    decided: dict[str, Any] = payload["approval"]
    return decided
