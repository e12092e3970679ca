"""Approvals in the graph: who may decide, what is refused, and how it is told."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import OWNER_PERMISSIONS, Permission
from domain.approval import Approval, Ask, action_digest
from domain.severity import Severity
from domain.use_cases import lifecycle
from domain.use_cases.approvals import expire_approval, request_approval
from schema.node_ids import decode_as, encode
from tests.schema.conftest import Graph

ERRORS = """errors { __typename message code path
  ... on VersionConflict { expected current { __typename ... on Approval { version } } }
  ... on ApprovalEnded { approval { status } } ... on DigestMismatch { approval { action { digest } } }
  ... on AlreadyVoted { approval { quorum } } ... on SecondPersonNeeded { approval { requestedBy } }
  ... on PermissionDenied { permission } ... on NotFoundError { noun missingId } }"""

LISTED = """query ($n: Int, $after: Cursor) {
  awaitingApprovals(first: $n, after: $after) {
    totalCount { value } pageInfo { hasNextPage endCursor }
    nodes {
      id status quorum granted fallback expiresAt requestedBy selfApproved version neededPermission
      action { name kind summary arguments digest risk } votes { actor decision own } viewerCan { approve reject }
      execution { number status }
      task { key status blockedBy { __typename ... on WaitsForApproval { approval { id } } } }
    }
  }
}"""

FEED = """subscription ($after: Cursor) { approvalEvents(after: $after) { cursor approval { status }
  event { __typename actor execution { status }
    ... on ApprovalRequested { name summary digest }
    ... on ApprovalDecided { decision comment approvalStatus selfApproved }
    ... on ApprovalExpired { fallback } ... on ApprovalVoided { digest newDigest } } } }"""


def ask(name: str = "push", **given: Any) -> Ask:
    arguments = given.pop("arguments", {"branch": "main"})
    return Ask(
        name=name,
        kind="git.push",
        summary="Push to main.",
        arguments=arguments,
        digest=action_digest("inspector", "git.push", arguments),
        **given,
    )


async def waiting(graph: Graph, *asks: Ask) -> tuple[lifecycle.Segment, list[Approval]]:
    """An execution that waits for these."""
    (task,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    segment = await graph.start(task["latestExecution"]["id"])
    asked = [await graph.do(lambda uow, one=one: request_approval(uow, segment.lease, one)) for one in asks]  # type: ignore[misc]
    await graph.do(lambda uow: lifecycle.pause_execution(uow, segment.lease))
    return segment, asked


async def decide(graph: Graph, decision: str, approval: Approval, /, **given: Any) -> dict[str, Any]:
    type_name = f"{decision[0].upper()}{decision[1:]}Input!"
    selection = "approval { status granted selfApproved version votes { actor decision own } }"
    document = f"mutation ($input: {type_name}) {{ {decision}(input: $input) {{ {selection} {ERRORS} }} }}"
    asked = {"approvalId": encode("Approval", approval.id), "digest": approval.digest, **given}
    return dict((await graph.run(document, input=asked))[decision])


async def refused(graph: Graph, decision: str, approval: Approval, /, **given: Any) -> dict[str, Any]:
    (error,) = (await decide(graph, decision, approval, **given))["errors"]
    return dict(error)


@pytest.fixture
async def team(graph: Graph) -> tuple[Graph, Graph, Graph]:
    """The one who dispatches, and two more members of the workspace who may approve."""
    others = [replace(graph.actor, id=f"user:{name}", name=name) for name in ("bob", "eve")]
    people = [graph, *(replace(graph, actor=other) for other in others)]
    for one in people:
        actor = one.actor
        await graph.do(
            lambda uow, actor=actor: uow.members.ensure(actor.workspace_id, actor.id, OWNER_PERMISSIONS)  # type: ignore[misc]
        )
    return people[0], people[1], people[2]


async def test_alone_the_owner_decides_and_it_is_recorded(graph: Graph) -> None:
    _, (approval,) = await waiting(graph, ask(quorum=3))
    payload = await decide(graph, "approve", approval)
    assert payload["approval"] == {
        "status": "APPROVED",
        "granted": True,
        "selfApproved": True,
        "version": 2,
        "votes": [{"actor": "user:owner", "decision": "APPROVE", "own": True}],
    }


async def test_from_the_second_member_on_it_takes_another_person(team: tuple[Graph, Graph, Graph]) -> None:
    owner, bob, _ = team
    _, (approval,) = await waiting(owner, ask())
    error = await refused(owner, "approve", approval)
    assert (error["code"], error["approval"]) == ("SECOND_PERSON_NEEDED", {"requestedBy": "user:owner"})
    shown = {
        one.actor.id: (await one.run(LISTED))["awaitingApprovals"]["nodes"][0]["viewerCan"] for one in (owner, bob)
    }
    assert shown == {
        "user:owner": {"approve": False, "reject": True},
        "user:bob": {"approve": True, "reject": True},
    }
    payload = await decide(bob, "approve", approval)
    assert (payload["approval"]["status"], payload["approval"]["selfApproved"]) == ("APPROVED", False)


async def test_a_member_who_may_not_approve_is_no_second_person(graph: Graph) -> None:
    await graph.do(lambda uow: uow.members.ensure(graph.actor.workspace_id, "user:bob", {Permission.READ}))
    _, (approval,) = await waiting(graph, ask())
    assert (await decide(graph, "approve", approval))["approval"]["selfApproved"] is True


async def test_who_dispatched_may_reject_what_is_asked(team: tuple[Graph, Graph, Graph]) -> None:
    owner, _, _ = team
    _, (approval,) = await waiting(owner, ask())
    assert (await decide(owner, "reject", approval))["approval"]["status"] == "REJECTED"


async def test_a_quorum_counts_different_persons(team: tuple[Graph, Graph, Graph]) -> None:
    owner, bob, eve = team
    segment, (approval,) = await waiting(owner, ask(quorum=2))
    first = await decide(bob, "approve", approval, expectedVersion=1)
    assert (first["approval"]["status"], first["approval"]["version"]) == ("PENDING", 2)
    assert (await refused(bob, "approve", approval))["code"] == "ALREADY_VOTED"
    (listed,) = (await bob.run(LISTED))["awaitingApprovals"]["nodes"]
    assert listed["viewerCan"] == {"approve": False, "reject": True}
    conflict = await refused(eve, "approve", approval, expectedVersion=1)
    assert conflict["current"] == {"__typename": "Approval", "version": 2}
    execution = await owner.do(lambda uow: uow.executions.get(None, segment.execution.id))
    assert execution.status == "AWAITING_APPROVAL"
    assert (await decide(eve, "approve", approval, expectedVersion=2))["approval"]["status"] == "APPROVED"
    execution = await owner.do(lambda uow: uow.executions.get(None, segment.execution.id))
    assert (execution.status, execution.epoch) == ("QUEUED", 2)


async def test_one_rejection_is_enough_and_may_be_a_second_thought(team: tuple[Graph, Graph, Graph]) -> None:
    owner, bob, eve = team
    _, (approval,) = await waiting(owner, ask(quorum=2))
    await decide(bob, "approve", approval)
    payload = await decide(bob, "reject", approval)
    assert payload["approval"]["status"] == "REJECTED"
    assert [vote["decision"] for vote in payload["approval"]["votes"]] == ["APPROVE", "REJECT"]
    assert (await refused(eve, "approve", approval))["approval"] == {"status": "REJECTED"}


async def test_what_cannot_be_decided_is_refused_as_data(graph: Graph, viewer: Graph) -> None:
    _, (approval, needy) = await waiting(graph, ask(), ask("needy", permission=Permission.MANAGE_PROJECTS))
    assert (await refused(viewer, "approve", approval))["permission"] == "actions:approve"
    few = replace(graph, actor=replace(graph.actor, permissions=frozenset({Permission.READ, Permission.APPROVE})))
    assert (await refused(few, "approve", needy))["permission"] == "projects:manage"
    shown = {one["action"]["name"]: one["viewerCan"] for one in (await few.run(LISTED))["awaitingApprovals"]["nodes"]}
    assert shown["needy"] == {"approve": False, "reject": False}
    for wrong in ("", "0" * 64, approval.digest.upper(), "x" * 100_000):
        error = await refused(graph, "approve", approval, digest=wrong)
        assert (error["code"], error["path"]) == ("DIGEST_MISMATCH", ["input", "digest"])
        assert error["approval"] == {"action": {"digest": approval.digest}}
    error = await refused(graph, "approve", approval, approvalId=encode("Approval", uuid4()))
    assert (error["code"], error["noun"]) == ("NOT_FOUND", "approval")
    error = await refused(graph, "reject", approval, approvalId=encode("Task", approval.task_id))
    assert error["code"] == "BAD_USER_INPUT"
    assert (await refused(graph, "reject", approval, comment="c" * 2_001))["path"] == ["input", "comment"]
    stranger = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    assert (await refused(stranger, "approve", approval))["code"] == "NOT_FOUND"


async def test_what_has_expired_is_refused_before_anybody_has_noticed(graph: Graph) -> None:
    segment, (approval,) = await waiting(graph, ask(expires_in=timedelta(microseconds=1)))
    assert (await refused(graph, "approve", approval))["code"] == "APPROVAL_ENDED"
    (listed,) = (await graph.run(LISTED))["awaitingApprovals"]["nodes"]
    assert listed["viewerCan"] == {"approve": False, "reject": False}
    due = await graph.do(lambda uow: uow.approvals.due(uow.now, 100))
    assert approval.id in {one.id for one in due}
    many = await asyncio.gather(*(graph.do(lambda uow: expire_approval(uow, approval.id)) for _ in range(5)))
    assert [one.status for one in many if one is not None] == ["EXPIRED"]
    execution = await graph.do(lambda uow: uow.executions.get(None, segment.execution.id))
    assert (execution.status, execution.epoch) == ("QUEUED", 2)


async def test_lists_are_pages_and_take_the_same_few_statements(graph: Graph) -> None:
    names = [f"a{number}" for number in range(7)]
    await waiting(graph, *(ask(name, arguments={"n": name}) for name in names))
    few, many = [await graph.counted(LISTED, n=n) for n in (2, 7)]
    assert few == many <= 8
    seen, after = [], None
    while True:
        page = (await graph.run(LISTED, n=3, after=after))["awaitingApprovals"]
        assert page["totalCount"] == {"value": 7}
        seen += [node["action"]["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == names
    node = page["nodes"][-1]
    assert node["task"]["status"] == node["execution"]["status"] == "AWAITING_APPROVAL"
    assert len(node["task"]["blockedBy"]) == 7


async def test_an_approval_is_a_node_and_belongs_to_its_execution(graph: Graph) -> None:
    segment, (approval,) = await waiting(graph, ask(risk=Severity.HIGH))
    document = """query ($id: ID!, $execution: ID!) {
      node(id: $id) { ... on Approval { action { risk arguments } execution { id } } }
      execution(id: $execution) { status waitedMs approvals { totalCount { value } nodes { id } } }
    }"""
    global_id, execution_id = encode("Approval", approval.id), encode("Execution", segment.execution.id)
    data = await graph.run(document, id=global_id, execution=execution_id)
    assert data["node"] == {
        "action": {"risk": "HIGH", "arguments": {"branch": "main"}},
        "execution": {"id": execution_id},
    }
    assert data["execution"]["approvals"] == {"totalCount": {"value": 1}, "nodes": [{"id": global_id}]}
    stranger = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    assert (await stranger.run(document, id=global_id, execution=execution_id))["node"] is None


async def test_approvals_are_told_live_and_can_be_resumed(graph: Graph) -> None:
    watching = asyncio.create_task(graph.updates(FEED, take=2))
    await asyncio.wait({watching}, timeout=0.3)
    segment, (approval, _) = await waiting(graph, ask(), ask("later"))
    first, second = await watching
    assert (first["event"]["__typename"], first["event"]["name"]) == ("ApprovalRequested", "push")
    assert second["event"]["name"] == "later"
    await decide(graph, "approve", approval, comment="Fine.")
    again = await graph.start(encode("Execution", segment.execution.id))
    changed = ask("later", arguments={"branch": "other"})
    await graph.do(lambda uow: request_approval(uow, again.lease, changed))
    decided, voided, asked = await graph.updates(FEED, take=3, after=second["cursor"])
    assert decided["event"]["comment"] == "Fine."
    assert (decided["event"]["approvalStatus"], decided["event"]["selfApproved"]) == ("APPROVED", True)
    assert decided["approval"] == {"status": "APPROVED"}
    assert (voided["event"]["__typename"], voided["event"]["newDigest"]) == ("ApprovalVoided", changed.digest)
    assert asked["event"]["digest"] == changed.digest
    workspace = "subscription ($after: Cursor) { workspaceEvents(after: $after) { cursor } }"
    with pytest.raises(Exception, match="cursor"):
        await graph.updates(workspace, take=1, after=second["cursor"])


async def test_an_execution_that_was_decided_while_it_was_about_to_wait_goes_on(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {}, dispatch=True)
    segment = await graph.start(task["latestExecution"]["id"])
    approval = await graph.do(lambda uow: request_approval(uow, segment.lease, ask()))
    await decide(graph, "approve", approval)
    for _ in range(2):  # the second time it is another segment's
        await graph.do(lambda uow: lifecycle.pause_execution(uow, segment.lease))
        execution = await graph.do(lambda uow: uow.executions.get(None, segment.execution.id))
        assert (execution.status, execution.epoch) == ("QUEUED", 2)


async def test_what_waits_is_not_taken_from_anybody(graph: Graph) -> None:
    """The worker died after its segment had ended, but before the engine knew."""
    segment, _ = await waiting(graph, ask())
    lease = segment.lease
    requeued = await graph.do(
        lambda uow: lifecycle.requeue_execution(uow, lease.execution_id, lease.epoch, crashed=True, reason="died")
    )
    assert requeued is None
    execution = await graph.do(lambda uow: uow.executions.get(None, segment.execution.id))
    assert (execution.status, execution.epoch, execution.crashes) == ("AWAITING_APPROVAL", 1, 0)


async def test_a_member_of_many_rights_keeps_them_in_the_table(graph: Graph) -> None:
    workspace = graph.actor.workspace_id
    for permissions in (OWNER_PERMISSIONS, {Permission.APPROVE}):
        await graph.do(lambda uow, given=permissions: uow.members.ensure(workspace, "user:bob", given))  # type: ignore[misc]
        others = await graph.do(
            lambda uow: uow.members.others_who_may(workspace, {Permission.APPROVE, Permission.DISPATCH}, "user:owner")
        )
        assert others == (1 if permissions == OWNER_PERMISSIONS else 0)


def test_ids_of_approvals_are_opaque() -> None:
    uuid = uuid4()
    assert decode_as("Approval", encode("Approval", uuid)) == uuid
