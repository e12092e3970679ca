"""The GraphQL operations behind the tools."""

from __future__ import annotations

from domain.use_cases.task_tree import MOST_LEVELS

_ASKED = """
fragment Asked on Approval {
  id status quorum expiresAt fallback requestedBy requestedAt
  action { name kind summary arguments risk digest }
  votes { actor decision comment }
  task { key title }
  execution { id agentKind }
  viewerCan { approve reject }
}
"""

_SHOWN = (
    """
fragment Shown on Task {
  id key title status statusReason agentKind attempts
  project { id key }
  blockedBy {
    __typename
    ... on WaitsForDependency { task { key title } onFailure }
    ... on WaitsForSlot { agentKind limit running }
    ... on WaitsForWorker { agentKind }
    ... on WaitsForRoom { agentKind }
    ... on WaitsForTime { until }
    ... on WaitsForApproval { approval { ...Asked } }
    ... on WaitsForMessage { name messageTypes expiresAt }
    ... on WaitsForBudget { budget { scope unit limit spent } }
  }
  latestExecution {
    id number status
    progress { done total message }
    error { code message }
    startedAt finishedAt durationMs
  }
}
"""
    + _ASKED
)

PROJECTS = """
query McpProjects($first: Int!, $after: Cursor) {
  projects(first: $first, after: $after) {
    nodes { id key name description source { kind location revision } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

PROJECT = "query McpProject($by: ProjectReference!) { project(by: $by) { id key } }"

CREATE_PROJECT = """
mutation McpCreateProject($input: CreateProjectInput!) {
  createProject(input: $input) {
    project { id key name description source { kind location revision } }
    errors { code message path }
  }
}
"""

TASKS = (
    """
query McpTasks($filter: TaskFilterInput, $first: Int!, $after: Cursor) {
  tasks(filter: $filter, first: $first, after: $after, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes { ...Shown }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _SHOWN
)

TASK = "query McpTask($by: TaskReference!) { task(by: $by) { ...Shown } }" + _SHOWN

CREATE_TASK = (
    """
mutation McpCreateTask($input: CreateTaskInput!) {
  createTask(input: $input) { task { ...Shown } errors { code message path } }
}
"""
    + _SHOWN
)

DISPATCH_TASK = (
    """
mutation McpDispatchTask($input: DispatchTaskInput!) {
  dispatchTask(input: $input) { task { ...Shown } errors { code message path } }
}
"""
    + _SHOWN
)

RETRY_TASK = (
    """
mutation McpRetryTask($input: RetryTaskInput!) {
  retryTask(input: $input) { task { ...Shown } errors { code message path } }
}
"""
    + _SHOWN
)

CANCEL_TASK = (
    """
mutation McpCancelTask($input: CancelTaskInput!) {
  cancelTask(input: $input) { task { ...Shown } errors { code message path } }
}
"""
    + _SHOWN
)

EVENTS = """
subscription McpWatch($id: ID!, $after: Cursor) {
  executionEvents(executionId: $id, after: $after) {
    cursor
    event {
      __typename
      ... on ExecutionRequeued { reason }
      ... on ExecutionPaused { approvals { id } awaitedMessages }
      ... on ApprovalRequested { name summary }
      ... on SourcePrepared { sourceState }
      ... on StepStarted { step }
      ... on StepSucceeded { step }
      ... on StepFailed { step message }
      ... on RecoveryAttempted { step action message }
      ... on ProgressChanged { done total message }
      ... on ToolCallStarted { step tool }
      ... on FindingsRecorded { step new persisting }
      ... on CancelRequested { by }
      ... on ExecutionFinished { outcome }
    }
  }
}
"""

APPROVALS = (
    """
query McpApprovals($first: Int!, $after: Cursor) {
  awaitingApprovals(first: $first, after: $after) { nodes { ...Asked } pageInfo { hasNextPage endCursor } }
}
"""
    + _ASKED
)

_ABOVE = f"fragment Above on Task {{ {'parent { id ' * (MOST_LEVELS - 1)}{'}' * MOST_LEVELS}"
"""All tasks that one is a part of."""

ASKED_BELOW = (
    """
query McpAskedBelow($first: Int!, $after: Cursor) {
  awaitingApprovals(first: $first, after: $after) {
    nodes { ...Asked task { ...Above } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ABOVE
    + _ASKED
)

APPROVE = (
    """
mutation McpApprove($input: ApproveInput!) {
  approve(input: $input) { approval { ...Asked } errors { code message path } }
}
"""
    + _ASKED
)

REJECT = (
    """
mutation McpReject($input: RejectInput!) {
  reject(input: $input) { approval { ...Asked } errors { code message path } }
}
"""
    + _ASKED
)

_FOUND = """
fragment Found on Finding {
  id engine rule severity state message fix helpUrl fingerprint waiverReason
  location { path startLine endLine startColumn endColumn }
}
"""

FINDINGS = (
    """
query McpFindings($filter: FindingFilterInput, $first: Int!, $after: Cursor) {
  findings(filter: $filter, first: $first, after: $after) {
    nodes { ...Found }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _FOUND
)

FINDINGS_OF_EXECUTION = (
    """
query McpFindingsOfExecution($id: ID!, $first: Int!, $after: Cursor) {
  execution(id: $id) {
    agent { kind version }
    findings(first: $first, after: $after) {
      edges { state node { ...Found } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""
    + _FOUND
)

AGENTS = "query McpAgents { agents { kind version title purpose capabilities sideEffects needsSource inputSchema } }"

TOOLS = """
query McpTools {
  tools { name kind version status problem purpose sideEffects repeatable installHint argumentsSchema resultSchema }
}
"""
