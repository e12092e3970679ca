"""What must be true of the database: each as a query for the rows that break it.

What compares rows with events tells of executions whose events are all there: where retention has been at work
(``pruned_to``), there is less to compare.
"""

from __future__ import annotations

from collections.abc import Mapping

ALWAYS: Mapping[str, str] = {
    # The log of an execution has no gap and no number twice, and its counter stands at the last.
    "sequence": """
        SELECT e.id, e.sequence, count(v.id) AS events, min(v.sequence) AS first, max(v.sequence) AS last
        FROM executions e LEFT JOIN events v ON v.execution_id = e.id WHERE e.pruned_to = 0 GROUP BY e.id
        HAVING (min(v.sequence), max(v.sequence), count(v.id), count(DISTINCT v.sequence))
            IS DISTINCT FROM (1, e.sequence, e.sequence, e.sequence)""",
    # Who writes as a worker is the one who started the execution last, and has not given it back. But it queues others,
    # which it releases.
    "owner": """
        WITH spans AS (
            SELECT *, count(*) FILTER (WHERE kind IN ('ExecutionStarted', 'ExecutionRequeued'))
                OVER (PARTITION BY execution_id ORDER BY sequence) AS span
            FROM events WHERE execution_id IS NOT NULL),
        owned AS (
            SELECT *, CASE first_value(kind) OVER each WHEN 'ExecutionStarted' THEN first_value(actor) OVER each END
                AS owner
            FROM spans WINDOW each AS (PARTITION BY execution_id, span ORDER BY sequence))
        SELECT execution_id, sequence, kind, actor, owner FROM owned
        WHERE actor LIKE 'worker:%' AND kind <> 'ExecutionQueued' AND owner IS DISTINCT FROM actor""",
    # It is started once in each epoch, in their order.
    "epochs": """
        SELECT * FROM (
            SELECT execution_id, sequence, (payload->>'epoch')::int AS epoch,
                lag((payload->>'epoch')::int, 1, 0) OVER (PARTITION BY execution_id ORDER BY sequence) AS before
            FROM events WHERE kind = 'ExecutionStarted') started
        WHERE epoch <= before""",
    # An ended execution says so once, last, and like its row; one that lives does not.
    "end": """
        SELECT e.id, e.status, e.sequence, array_agg(v.sequence) AS finished, array_agg(v.payload->>'status') AS said
        FROM executions e LEFT JOIN events v ON v.execution_id = e.id AND v.kind = 'ExecutionFinished'
        WHERE e.pruned_to = 0 GROUP BY e.id
        HAVING NOT CASE WHEN e.status IN ('QUEUED', 'RUNNING',
                'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE')
            THEN count(v.id) = 0 AND e.finished_at IS NULL
            ELSE count(v.id) = 1 AND max(v.sequence) = e.sequence AND max(v.payload->>'status') = e.status
                AND e.finished_at IS NOT NULL END""",
    # A step has succeeded once or not at all, as its row says.
    "step": """
        SELECT s.execution_id, s.name, s.status, count(v.id) AS successes
        FROM steps s JOIN executions e ON e.id = s.execution_id LEFT JOIN events v
            ON v.execution_id = s.execution_id AND v.kind = 'StepSucceeded' AND v.payload->>'step' = s.name
        WHERE e.pruned_to = 0 GROUP BY s.id HAVING count(v.id) <> (CASE s.status WHEN 'SUCCEEDED' THEN 1 ELSE 0 END)""",
    # A step that has succeeded never begins again.
    "repeated step": """
        SELECT done.execution_id, done.payload->>'step' AS step, begun.sequence
        FROM events done JOIN events begun ON begun.execution_id = done.execution_id
            AND begun.payload->>'step' = done.payload->>'step' AND begun.sequence > done.sequence
        WHERE done.kind = 'StepSucceeded' AND begun.kind IN ('StepStarted', 'StepFailed')""",
    # No step runs in an execution that has ended.
    "step left": """
        SELECT e.id, e.status, s.name FROM executions e JOIN steps s ON s.execution_id = e.id
        WHERE s.status = 'RUNNING'
            AND e.status NOT IN ('QUEUED', 'RUNNING', 'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE')""",
    # Log lines are numbered without gap or repetition.
    "log lines": """
        SELECT * FROM (
            SELECT execution_id, events.sequence, (payload->>'first_line')::int AS first_line,
                1 + coalesce(sum(jsonb_array_length(payload->'lines')) OVER (PARTITION BY execution_id
                    ORDER BY events.sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS expected
            FROM events JOIN executions e ON e.id = execution_id
            WHERE kind = 'LogWritten' AND e.pruned_to = 0) written
        WHERE first_line <> expected""",
    # The beginning and the end of each tool call are in the log once, and what is in the log is recorded.
    "tool calls": """
        SELECT coalesce(c.execution_id, v.execution_id) AS execution_id, c.id, c.state, v.began, v.ended
        FROM tool_calls c FULL JOIN (SELECT execution_id, payload->>'tool_call_id' AS id,
                count(*) FILTER (WHERE kind = 'ToolCallStarted') AS began,
                count(*) FILTER (WHERE kind IN ('ToolCallFinished', 'ToolCallUncertain')) AS ended
            FROM events WHERE kind LIKE 'ToolCall%' GROUP BY 1, 2) v
            ON v.id = c.id::text AND v.execution_id = c.execution_id
        JOIN executions e ON e.id = coalesce(c.execution_id, v.execution_id) AND e.pruned_to = 0
        WHERE c.id IS NULL OR v.id IS NULL OR v.began <> 1
            OR v.ended <> (CASE c.state WHEN 'STARTED' THEN 0 ELSE 1 END)""",
    # Of the calls that are made again under one key, only the last may still be under way.
    "tool calls in turn": """
        SELECT * FROM (
            SELECT execution_id, id, attempt, state,
                lead(attempt) OVER (PARTITION BY execution_id, idempotency_key ORDER BY attempt) AS following
            FROM tool_calls WHERE idempotency_key IS NOT NULL) called
        WHERE following IS NOT NULL AND (state = 'STARTED' OR following <> attempt + 1)""",
    # No tool call is under way in an execution that has ended.
    "tool call left": """
        SELECT e.id, e.status, c.tool FROM executions e JOIN tool_calls c ON c.execution_id = e.id
        WHERE c.state = 'STARTED'
            AND e.status NOT IN ('QUEUED', 'RUNNING', 'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE')""",
    # The attempts of a task are numbered, counted, and each was queued once.
    "attempts": """
        SELECT t.id, t.attempts, count(e.id) AS executions, max(e.number) AS last, sum(queued.times) AS queued
        FROM tasks t LEFT JOIN executions e ON e.task_id = t.id
        LEFT JOIN LATERAL (SELECT count(*) AS times FROM events v WHERE v.execution_id = e.id
            AND v.kind = 'ExecutionQueued' AND (v.payload->>'number')::int = e.number) queued ON true
        WHERE NOT EXISTS (SELECT FROM executions p WHERE p.task_id = t.id AND p.pruned_to > 0)
        GROUP BY t.id
        HAVING (count(e.id), coalesce(max(e.number), 0), coalesce(sum(queued.times), 0))
            <> (t.attempts, t.attempts, t.attempts) OR max(queued.times) > 1""",
    # The states of a task follow from each other, up to the one it has: a dependent is released once.
    "task states": """
        WITH moves AS (
            SELECT id, task_id, payload->>'previous' AS previous, payload->>'status' AS status,
                lag(payload->>'status', 1, 'PENDING') OVER (PARTITION BY task_id ORDER BY id) AS before
            FROM events WHERE kind = 'TaskStatusChanged')
        SELECT task_id, previous, before FROM moves WHERE previous <> before
        UNION ALL
        SELECT t.id, t.status, last.status FROM tasks t LEFT JOIN LATERAL
            (SELECT status FROM moves m WHERE m.task_id = t.id ORDER BY id DESC LIMIT 1) last ON true
        WHERE t.status <> coalesce(last.status, 'PENDING')""",
    # A task stands where its latest attempt does.
    "task and execution": """
        SELECT * FROM (
            SELECT DISTINCT ON (t.id) t.id, t.status AS task, e.status AS execution FROM tasks t
            JOIN executions e ON e.task_id = t.id ORDER BY t.id, e.number DESC) latest
        WHERE task <> CASE execution
            WHEN 'QUEUED' THEN 'QUEUED' WHEN 'RUNNING' THEN 'IN_PROGRESS' WHEN 'AWAITING_APPROVAL' THEN execution
            WHEN 'AWAITING_CHILDREN' THEN execution WHEN 'AWAITING_MESSAGE' THEN execution
            WHEN 'SUCCEEDED' THEN 'COMPLETED'
            WHEN 'CANCELLED' THEN execution ELSE 'FAILED' END""",
    # What waits has something to wait for, and what was skipped was to be.
    "dependents": """
        WITH judged AS (
            SELECT d.task_id,
                bool_or(on_failure = 'SKIP' AND t.status IN ('FAILED', 'CANCELLED', 'SKIPPED')) AS skip,
                bool_or(t.status NOT IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')
                    OR on_failure = 'BLOCK' AND t.status <> 'COMPLETED') AS wait
            FROM dependencies d JOIN tasks t ON t.id = d.depends_on_id GROUP BY d.task_id)
        SELECT t.id, t.status, j.skip, j.wait FROM tasks t LEFT JOIN judged j ON j.task_id = t.id
        WHERE t.status = 'BLOCKED' AND (j.skip OR NOT j.wait) IS NOT false
            OR t.status = 'SKIPPED' AND j.skip IS NOT true""",
    # No attempt was made before what it waits for had ended. (Edges are not added to what has begun.)
    "too early": """
        SELECT e.id, e.created_at, t.updated_at FROM executions e JOIN dependencies d ON d.task_id = e.task_id
            JOIN tasks t ON t.id = d.depends_on_id
        WHERE e.number = 1 AND NOT EXISTS (SELECT FROM events v WHERE v.task_id = d.depends_on_id
            AND v.kind = 'TaskStatusChanged' AND v.payload->>'status' IN
                ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED')
            AND v.id < (SELECT min(q.id) FROM events q WHERE q.execution_id = e.id))""",
    # What is queued is in the engine's hands, so it will be taken.
    "lost": """
        SELECT e.id, e.epoch, s.status FROM executions e LEFT JOIN dbos.workflow_status s
            ON s.workflow_uuid = 'execution-' || e.id || '-' || e.epoch
        WHERE e.status = 'QUEUED' AND (s.status IN ('ENQUEUED', 'DELAYED', 'PENDING')) IS NOT true""",
    # What waits for approvals has one that nobody has decided, and no worker has it.
    "awaiting": """
        SELECT e.id, e.worker_id, e.paused_at FROM executions e
        WHERE (e.status = 'AWAITING_APPROVAL') AND (e.worker_id IS NOT NULL OR e.paused_at IS NULL
            OR NOT EXISTS (SELECT FROM approvals a WHERE a.execution_id = e.id AND a.status = 'PENDING'))""",
    # What waits for children has started some, and no worker has it.
    "awaiting children": """
        SELECT e.id, e.worker_id, e.paused_at FROM executions e
        WHERE (e.status = 'AWAITING_CHILDREN') AND (e.worker_id IS NOT NULL OR e.paused_at IS NULL
            OR NOT EXISTS (SELECT FROM children c WHERE c.execution_id = e.id AND c.awaited))""",
    # A decision sends the execution that waits on its way: it waits only if it has paused since.
    "decision without segment": """
        SELECT e.id, v.sequence, v.kind FROM executions e JOIN events v ON v.execution_id = e.id
        WHERE e.status = 'AWAITING_APPROVAL'
            AND (v.kind = 'ApprovalExpired' OR v.kind = 'ApprovalDecided' AND v.payload->>'status' <> 'PENDING')
            AND v.sequence > (SELECT max(p.sequence) FROM events p
                WHERE p.execution_id = e.id AND p.kind = 'ExecutionPaused')""",
    # What waits for messages has a wait for one, and no worker has it.
    "awaiting a message": """
        SELECT e.id, e.worker_id, e.paused_at FROM executions e
        WHERE (e.status = 'AWAITING_MESSAGE') AND (e.worker_id IS NOT NULL OR e.paused_at IS NULL
            OR NOT EXISTS (SELECT FROM message_waits w WHERE w.execution_id = e.id AND w.status = 'WAITING'))""",
    # Who waits for a message does not do so while one is there that it could have.
    "message without segment": """
        SELECT e.id, m.id AS message, w.name FROM executions e
        JOIN message_waits w ON w.execution_id = e.id AND w.status = 'WAITING' AND w.kind = 'MESSAGE'
        JOIN messages m ON m.receiver_task_id = e.task_id AND m.type = ANY (w.types) AND m.state = 'QUEUED'
            AND coalesce(m.receiver_execution_id, e.id) = e.id AND coalesce(m.expires_at, 'infinity') > now()
        WHERE e.status LIKE 'AWAITING_%'""",
    # A message was handled once or not at all, as its row says, and by a step that has succeeded.
    "messages": """
        SELECT m.id, m.state, said.handled, s.status FROM messages m
        CROSS JOIN LATERAL (SELECT count(*) AS handled FROM events v
            WHERE v.kind = 'MessageHandled' AND v.execution_id = m.delivered_to_id
                AND v.payload->>'message_id' = m.id::text) said
        JOIN executions e ON e.id = m.delivered_to_id AND e.pruned_to = 0
        LEFT JOIN steps s ON s.execution_id = m.delivered_to_id AND s.name = m.step
        WHERE said.handled <> (CASE m.state WHEN 'HANDLED' THEN 1 ELSE 0 END)
            OR m.state = 'HANDLED' AND m.step IS NOT NULL AND s.status IS DISTINCT FROM 'SUCCEEDED'""",
    # Nothing is left in the mailbox of a task that has ended.
    "message left": """
        SELECT t.id, t.status, m.id AS message, m.state FROM tasks t JOIN messages m ON m.receiver_task_id = t.id
        WHERE t.status IN ('COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED') AND m.state IN ('QUEUED', 'DELIVERED')""",
    # An approval was asked once, and came to one end, as its row says; nothing is asked for what has ended.
    "approvals": """
        SELECT a.id, a.status, e.status AS execution, said.asked, said.ends
        FROM approvals a JOIN executions e ON e.id = a.execution_id
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE v.kind = 'ApprovalRequested') AS asked,
            count(*) FILTER (WHERE v.kind IN ('ApprovalExpired', 'ApprovalCancelled')
                OR v.kind = 'ApprovalDecided' AND v.payload->>'status' <> 'PENDING') AS ends,
            count(*) FILTER (WHERE v.kind = 'ApprovalVoided') AS voided
            FROM events v WHERE v.execution_id = a.execution_id AND v.payload->>'approval_id' = a.id::text) said
        WHERE e.pruned_to = 0 AND (said.asked <> 1 OR said.ends > 1
            OR (a.status = 'PENDING') <> (said.ends + said.voided = 0)
            OR (a.status = 'VOIDED') <> (said.voided = 1)
            OR a.status = 'PENDING'
                AND e.status NOT IN ('QUEUED', 'RUNNING',
                    'AWAITING_APPROVAL', 'AWAITING_CHILDREN', 'AWAITING_MESSAGE'))""",
    # Every vote is in the log.
    "votes": """
        SELECT a.id, votes.count, said.count AS said
        FROM approvals a JOIN executions e ON e.id = a.execution_id AND e.pruned_to = 0
        CROSS JOIN LATERAL (SELECT count(*) FROM approval_votes WHERE approval_id = a.id) votes
        CROSS JOIN LATERAL (SELECT count(*) FROM events v WHERE v.execution_id = a.execution_id
            AND v.kind = 'ApprovalDecided' AND v.payload->>'approval_id' = a.id::text) said
        WHERE votes.count <> said.count""",
    # Each account holds what the ledger says, of its own executions and of all below it.
    "accounts": """
        WITH posted AS (
            SELECT scope_id, unit,
                sum(CASE WHEN kind = 'RESERVE' THEN amount WHEN kind IN ('CHARGE', 'RELEASE') THEN -amount ELSE 0 END)
                    AS reserved,
                sum(CASE WHEN kind IN ('CHARGE', 'OVERRUN', 'MEASURE') THEN amount ELSE 0 END) AS spent
            FROM ledger_entries, unnest(scopes) AS scope_id GROUP BY scope_id, unit)
        SELECT scope_id, unit, a.reserved, p.reserved, a.spent, p.spent
        FROM accounts a FULL JOIN posted p USING (scope_id, unit)
        WHERE (coalesce(a.reserved, 0), coalesce(a.spent, 0)) <> (coalesce(p.reserved, 0), coalesce(p.spent, 0))""",
    # What is reserved by the call is what a budget may not be exceeded by.
    "budgets": """
        SELECT scope, scope_id, unit, reserved, spent, most FROM accounts
        WHERE unit IN ('COST', 'TOOL_CALLS', 'UNPRICED_CALLS') AND reserved + spent > most
            AND NOT EXISTS (SELECT FROM ledger_entries l WHERE scope_id = ANY (l.scopes) AND l.unit = accounts.unit
                AND l.kind IN ('OVERRUN', 'MEASURE'))""",
    # A reservation is settled once, and not beyond what it was.
    "reservations": """
        SELECT reference, unit FROM ledger_entries GROUP BY reference, unit
        HAVING sum(CASE WHEN kind = 'RESERVE' THEN amount WHEN kind IN ('CHARGE', 'RELEASE') THEN -amount ELSE 0 END)
            NOT IN (0, coalesce(sum(amount) FILTER (WHERE kind = 'RESERVE'), 0))""",
    # Nothing is reserved for what has ended or waits for a worker.
    "reserved by none": """
        SELECT e.id, e.status, a.unit, a.reserved FROM executions e JOIN accounts a ON a.scope_id = e.id
        WHERE a.reserved > 0 AND e.status <> 'RUNNING'""",
    # No worker has more than it has slots.
    "slots": """
        SELECT w.id, w.slots, count(*) FROM executions e JOIN workers w ON w.id = e.worker_id
        WHERE e.status = 'RUNNING' GROUP BY w.id HAVING count(*) > w.slots""",
    # Times come in the order of what they are the times of.
    "times": """
        SELECT id, created_at, started_at, finished_at FROM executions
        WHERE NOT (created_at <= coalesce(started_at, created_at)
            AND coalesce(started_at, created_at) <= coalesce(finished_at, 'infinity'))
        UNION ALL
        SELECT id, started_at, started_at, finished_at FROM steps WHERE finished_at < started_at""",
}
"""Hold in every snapshot, whatever is under way."""

SETTLED: Mapping[str, str] = {
    "abandoned": """
        SELECT id, worker_id FROM executions e WHERE status = 'RUNNING' AND NOT EXISTS (SELECT FROM workers w
            WHERE w.id = e.worker_id AND w.beat_at > clock_timestamp() - $1::interval)""",
    "held by the dead": """
        SELECT workflow_uuid, executor_id FROM dbos.workflow_status s WHERE status = 'PENDING' AND NOT EXISTS (SELECT
            FROM workers w WHERE w.id::text = s.executor_id AND w.beat_at > clock_timestamp() - $1::interval)""",
    "left lying": """
        SELECT e.id, e.epoch, s.status FROM executions e LEFT JOIN dbos.workflow_status s
            ON s.workflow_uuid = 'execution-' || e.id || '-' || e.epoch
        WHERE e.status = 'RUNNING' AND s.status IS DISTINCT FROM 'PENDING' AND $1::interval IS NOT NULL""",
}
"""Hold again a lease after a fault, at the latest. ``$1`` is the lease."""
