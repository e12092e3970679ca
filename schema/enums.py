"""The enums of the domain, with a description for each of their values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition

from domain.acceptance import CheckKind
from domain.actor import Permission
from domain.approval import ApprovalStatus, Decision, Fallback
from domain.error_codes import ErrorCode
from domain.evidence import Verdict
from domain.finding import FindingState
from domain.language_model import AnswerMode, ModelProvider
from domain.ledger import Scope
from domain.mcp_server import CallPolicy, McpTransport
from domain.memory import MemoryScope
from domain.message import MessageState, MessageType
from domain.pages import Direction
from domain.playbooks.document import InputType
from domain.project import SourceKind
from domain.reads import TaskOrderField
from domain.recovery import ErrorClass, ErrorSeverity, RecoveryAction
from domain.severity import Severity
from domain.states import ExecutionStatus, StepStatus, TaskStatus, ToolCallState
from domain.task import OnFailure, Priority
from domain.tool import ToolKind, ToolStatus
from domain.units import Unit


class CountRelation(StrEnum):
    """How a total relates to the truth."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


def _publish(enum: type[Enum], description: str, values: Mapping[str, str]) -> None:
    """Give an enum of the domain its GraphQL definition. A test sees to it that every value is described."""
    definition = StrawberryEnumDefinition(
        wrapped_cls=enum,
        name=enum.__name__,
        values=[
            EnumValue(name, member.value, description=values.get(name)) for name, member in enum.__members__.items()
        ],
        description=f"{description} The list may grow: treat a value you do not know as unknown.",
    )
    enum.__strawberry_definition__ = definition  # type: ignore[attr-defined]


_publish(
    Verdict,
    "What the records say to an execution's claims.",
    {
        "VERIFIED": "Everything it claims is recorded, and every acceptance check is met.",
        "UNVERIFIED": "Something it claims is not recorded, or an acceptance check is not met.",
        "NOTHING_CLAIMED": "It says it is done, and claims nothing that could be held against the records.",
        "NOT_JUDGED": "It has not reported success, so there is nothing to judge.",
    },
)
_publish(
    CheckKind,
    "What an acceptance check looks at.",
    {
        "FINDINGS": "How many findings there are.",
        "COMMAND": "The exit code of a program.",
        "FILE": "Whether there is a file.",
        "QUERY": "The answer to a GraphQL query.",
    },
)
_publish(
    TaskStatus,
    "Where a task is in its life.",
    {
        "PENDING": "Created, and not dispatched yet.",
        "BLOCKED": "Dispatched; it waits for its dependencies.",
        "QUEUED": "It waits for a worker.",
        "IN_PROGRESS": "An execution of it runs.",
        "AWAITING_APPROVAL": "Its execution waits for a person's approval.",
        "AWAITING_CHILDREN": "Its execution waits for the tasks that it has started as parts of it.",
        "AWAITING_MESSAGE": "Its execution waits for a message.",
        "COMPLETED": "Its execution succeeded, on evidence.",
        "FAILED": "Its last execution did not succeed; statusReason says why.",
        "CANCELLED": "Somebody cancelled it.",
        "SKIPPED": "A dependency failed and says to skip what depends on it.",
    },
)
_publish(
    ExecutionStatus,
    "Where an execution is in its life.",
    {
        "QUEUED": "It waits for a worker.",
        "RUNNING": "A worker has it.",
        "AWAITING_APPROVAL": "It waits for a person's approval.",
        "AWAITING_CHILDREN": "It waits for the tasks that it has started.",
        "AWAITING_MESSAGE": "It waits for a message.",
        "SUCCEEDED": "Done, and the recorded evidence says so too.",
        "CLAIMED_UNVERIFIED": "The agent says it is done; the evidence does not.",
        "FAILED": "It ended with an error.",
        "CANCELLED": "Somebody cancelled it.",
        "TIMED_OUT": "It took longer than it may.",
    },
)
_publish(
    ErrorSeverity,
    "How grave an error is.",
    {
        "LOW": "It passes by itself: it was or will be tried again.",
        "MEDIUM": "It costs a result.",
        "HIGH": "A person has to look at it.",
        "CRITICAL": "Trouble of the platform itself, or work that takes its workers down.",
    },
)
_publish(
    ErrorClass,
    "A kind of error, as far as what is done about it differs.",
    {
        "UNREACHABLE": "The other side could not be reached; nothing was sent.",
        "CONNECTION_LOST": "The connection broke before the answer was there.",
        "RATE_LIMITED": "The other side asks to be left alone for a while.",
        "TIMEOUT": "No answer in time.",
        "OUT_OF_MEMORY": "The memory did not suffice.",
        "DISK_FULL": "The disk is full.",
        "TOOL_MISSING": "A tool is not installed.",
        "TOOL_FAILED": "A tool did not start, or said that it failed.",
        "TOOL_TIMED_OUT": "A tool ran out of its time and was ended.",
        "ANSWER_UNUSABLE": "A language model gave an answer that cannot be used.",
        "MODEL_FAILED": "A language model failed for good, and so did all that it falls back to.",
        "EFFECT_UNCERTAIN": "Something outside may have been changed, or not.",
        "BAD_INPUT": "What was given cannot be worked on.",
        "OVER_BUDGET": "A budget does not allow it; nothing was spent.",
        "SOURCE_CHANGED": "The source is another than when the execution began.",
        "REFUSED": "The agent says that it cannot do it.",
        "BUG": "An error in the agent or the platform.",
        "WORKER_DIED": "The worker died.",
        "STORE_LOST": "The database was away.",
    },
)
_publish(
    RecoveryAction,
    "What is done about an error.",
    {
        "RETRY": "It is tried again after a pause.",
        "FALL_BACK": "Another tool is tried instead.",
        "ASK": "A person is asked.",
        "GIVE_UP": "Nothing more is tried.",
    },
)
_publish(
    StepStatus,
    "Where a step is in its life.",
    {
        "RUNNING": "It is at work.",
        "SUCCEEDED": "Done, and what it recorded is kept: it is never done again.",
        "FAILED": "It ended with an error.",
        "CANCELLED": "It was stopped with its execution.",
    },
)
_publish(
    ToolCallState,
    "Where a call of a tool is in its life.",
    {
        "STARTED": "It is under way.",
        "SUCCEEDED": "It has done its work, and its result is recorded.",
        "FAILED": "It could not be done, or its exit code means a failure.",
        "INTERRUPTED": "Nobody has seen its end, and it may be made again.",
        "UNCERTAIN": "Nobody has seen its end, and it must not be made twice: it may have had its effect.",
    },
)
_publish(
    ToolKind,
    "What a tool is.",
    {"PROGRAM": "A program that is run with arguments.", "TYPED": "A tool with a schema of what goes in and out."},
)
_publish(
    ToolStatus,
    "Whether a tool can be used.",
    {
        "AVAILABLE": "It is here.",
        "MISSING": "It is not installed; installHint says how to.",
        "BROKEN": "It is here and does not work; problem says why.",
    },
)
_publish(
    MessageType,
    "What a message is for.",
    {
        "INFORM": "It says something, and wants no answer.",
        "REQUEST": "It asks for something, and wants an answer.",
        "REPLY": "It is the answer to a request.",
        "REFUSAL": "It says that a request will not be done.",
    },
)
_publish(
    MessageState,
    "How far a message has come. The last three are final.",
    {
        "QUEUED": "It is in the mailbox, and nobody has taken it.",
        "DELIVERED": "It was given to its receiver, who is not done with it; one to a person stays so.",
        "HANDLED": "What its receiver did about it is recorded.",
        "EXPIRED": "Nobody has taken it in its time.",
        "UNDELIVERABLE": "It will not be handled; reason says why.",
    },
)
_publish(
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
_publish(
    Fallback,
    "What an approval that nobody decided in time amounts to.",
    {
        "REJECT": "The action may not be done.",
        "APPROVE": "The action may be done.",
        "FAIL": "The execution fails.",
    },
)
_publish(
    Decision,
    "What a person says to an action.",
    {"APPROVE": "It may be done.", "REJECT": "It may not be done."},
)
_publish(
    Priority,
    "Order in the queue.",
    {
        "URGENT": "Taken before everything else.",
        "HIGH": "Taken before what is normal.",
        "NORMAL": "What a task is unless somebody says otherwise.",
        "LOW": "Taken when nothing else waits.",
    },
)
_publish(
    InputType,
    "Type of a playbook's input.",
    {
        "STRING": "A text.",
        "INTEGER": "A whole number.",
        "NUMBER": "A number.",
        "BOOLEAN": "True or false.",
        "LIST": "A list of anything.",
        "OBJECT": "A mapping.",
    },
)
_publish(
    OnFailure,
    "What a dependent does when the task it depends on ends without completing.",
    {
        "BLOCK": "It goes on waiting: a retry of the dependency frees it.",
        "SKIP": "It is skipped.",
        "CONTINUE": "It starts all the same.",
    },
)
_publish(
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
_publish(
    FindingState,
    "Where a finding is in its life.",
    {
        "NEW": "Found for the first time, or again after it was fixed.",
        "PERSISTING": "Found again.",
        "FIXED": "Looked for and not found again.",
        "WAIVED": "A person accepts it, with a reason and perhaps until a date.",
    },
)
_publish(
    SourceKind,
    "What a source is.",
    {"LOCAL": "A folder on the server, under one of its source roots.", "GIT": "A git repository by its URL."},
)
_publish(
    Permission,
    "What one may do in a workspace.",
    {
        "READ": "See everything.",
        "WRITE_TASKS": "Create, change, connect and delete tasks.",
        "DISPATCH": "Dispatch, retry and cancel.",
        "TRIAGE_FINDINGS": "Waive findings and take waivers back.",
        "MANAGE_PROJECTS": "Create projects and say what they work on.",
        "MANAGE_SECRETS": "Set and delete secrets; nobody can read them.",
        "APPROVE": "Approve or reject what agents ask.",
        "MANAGE_BUDGETS": "Set and remove budgets and prices.",
        "SEND_MESSAGES": "Say something to agents.",
        "MANAGE_MODELS": "Connect language models, try them out, and choose which agent uses which.",
        "MANAGE_MEMORY": "Remember, and correct and erase what anybody remembered.",
        "MANAGE_TOOLS": "Register MCP servers, whose programs run on workers, and say what agents may call.",
    },
)
_publish(
    McpTransport,
    "How an MCP server is reached.",
    {"STDIO": "A program that a worker runs.", "HTTP": "Streamable HTTP."},
)
_publish(
    CallPolicy,
    "Whether agents may call a tool.",
    {
        "ALLOW": "They may.",
        "ASK": "Each call waits for an approval of exactly its arguments.",
        "DENY": "They may not.",
    },
)
_publish(
    Scope,
    "What kind of thing has accounts and budgets. Each includes all below it.",
    {
        "WORKSPACE": "All projects.",
        "PROJECT": "All its tasks.",
        "TASK": "All its executions, and those of its children and so on.",
        "EXECUTION": "One attempt.",
    },
)
_publish(
    MemoryScope,
    "For whom a memory counts.",
    {
        "AGENT": "For agents of one kind, in all projects.",
        "PROJECT": "For all who work on one project.",
        "WORKSPACE": "For everybody.",
    },
)
_publish(
    Unit,
    "What is spent.",
    {
        "COST": "Money in the currency that the prices are written in, exact to a millionth.",
        "CPU_SECONDS": "Seconds of the processor, measured when a program has ended.",
        "BYTES": "What tools wrote to their output and what was stored as artifacts.",
        "TOOL_CALLS": "Calls of tools.",
        "UNPRICED_CALLS": "Calls of tools that have no price. A budget of 0 lets none through.",
        "INPUT_TOKENS": "Tokens that language models were given.",
        "OUTPUT_TOKENS": "Tokens that language models answered with.",
        "CACHED_TOKENS": "Those of INPUT_TOKENS that a provider had seen before, and may sell cheaper.",
    },
)
_publish(
    ModelProvider,
    "Whose API a language model is asked by.",
    {
        "OPENAI": "OpenAI's.",
        "OPENAI_COMPATIBLE": "Any server with OpenAI's chat completions, a local one as well.",
        "ANTHROPIC": "Anthropic's; it needs the extra `anthropic`.",
    },
)
_publish(
    AnswerMode,
    "How a language model is asked for an answer of a certain form.",
    {
        "TOOL": "As the arguments of a tool: what most models know.",
        "NATIVE": "By the schema in the request.",
        "PROMPTED": "By the schema in the text, for models that know neither.",
    },
)
_publish(Direction, "Order of a list.", {"ASC": "From the lowest on.", "DESC": "From the highest on."})
_publish(
    TaskOrderField,
    "What tasks can be ordered by. Ties are broken by id.",
    {
        "CREATED_AT": "When they were created.",
        "UPDATED_AT": "When they were changed last.",
        "PRIORITY": "How urgent they are: ASC begins with URGENT.",
    },
)
_publish(
    CountRelation,
    "How a total relates to the truth.",
    {"EXACT": "It is the number.", "AT_LEAST": "There are this many or more; beyond 10,000 nobody counts."},
)
_publish(
    ErrorCode,
    "A stable name for a kind of failure, with a page of its own in the documentation. None is ever renamed.",
    {
        "NOT_FOUND": "The thing does not exist, or not for you.",
        "VALIDATION_FAILED": "A value of the input cannot be accepted.",
        "PERMISSION_DENIED": "You lack a permission.",
        "VERSION_CONFLICT": "Somebody changed the thing since you read it.",
        "BUDGET_EXCEEDED": "A budget does not allow it.",
        "DEPENDENCY_CYCLE": "Tasks would wait for each other.",
        "NOT_DISPATCHABLE": "The task cannot be dispatched in the state it is in.",
        "NOT_RETRYABLE": "The task cannot be retried in the state it is in.",
        "NOT_CANCELLABLE": "It has ended already.",
        "IDEMPOTENCY_KEY_REUSED": "The key was used for another request.",
        "ILLEGAL_TRANSITION": "The state machine has no such move.",
        "SECRET_UNREADABLE": "A secret cannot be sealed or opened: its key is not here, or it was altered.",
        "ALREADY_VOTED": "You have approved it already, and it takes more persons.",
        "APPROVAL_ENDED": "It was decided, has expired, or is of no use any more.",
        "DIGEST_MISMATCH": "The action is not the one whose digest was given.",
        "MESSAGE_REFUSED": "The agent that was asked answered that it will not do it.",
        "MESSAGE_TIMED_OUT": "A message, or the answer to one, did not come in time.",
        "MESSAGE_UNDELIVERABLE": "Nobody is there, or will be, to whom the message could be given.",
        "SECOND_PERSON_NEEDED": "Who dispatched the task may not approve what its agent asks.",
        "ACCEPTANCE_FAILED": "An acceptance check of the task does not hold.",
        "CLAIM_UNVERIFIED": "What the report claims is not on record.",
        "AGENT_FAILED": "The agent ended with an error.",
        "APPROVAL_EXPIRED": "Nobody decided in time what its agent had asked.",
        "APPROVAL_REJECTED": "Somebody rejected what its agent had asked.",
        "CANCELLED": "Somebody cancelled it.",
        "MODEL_FAILED": "No language model gave an answer that can be used.",
        "POISONED": "It killed its worker each time it was tried.",
        "SOURCE_CHANGED": "The source changed before another worker went on with the execution.",
        "SOURCE_UNAVAILABLE": "The source could not be read.",
        "TOOL_CALL_UNCERTAIN": "A tool call that must not be made twice may have been made: look, then retry.",
        "TIMED_OUT": "It took longer than it may.",
        "TOOL_MISSING": "A tool that the agent cannot do without is not installed.",
        "BAD_REQUEST": "The request is not a GraphQL request.",
        "BAD_USER_INPUT": "A value does not fit its type, or an id is malformed.",
        "BODY_TOO_LARGE": "The request's body is larger than is accepted.",
        "CURSOR_EXPIRED": "The events behind the cursor are no longer kept.",
        "DOCUMENT_TOO_COMPLEX": "The document is deeper or wider than is accepted.",
        "GRAPHQL_PARSE_FAILED": "The document is not GraphQL.",
        "GRAPHQL_VALIDATION_FAILED": "The document does not fit the schema.",
        "INVALID_CURSOR": "The cursor belongs to another list, filter or order.",
        "METHOD_NOT_ALLOWED": "The HTTP method does not fit the operation.",
        "NOT_ACCEPTABLE": "The server cannot answer in any media type you accept.",
        "REQUEST_TIMEOUT": "The request took too long to arrive.",
        "TOO_MANY_OPERATIONS": "Too many operations at once.",
        "UNAUTHENTICATED": "Nobody is signed in.",
        "UNKNOWN_OPERATION": "The document has no such operation.",
        "UNSUPPORTED_MEDIA_TYPE": "The request's body has a media type that is not read.",
        "DEADLINE_EXCEEDED": "The operation took longer than it may.",
        "ARTIFACT_DAMAGED": "The bytes of an artifact are gone, or are not those that were stored; they are not sent.",
        "INTERNAL": "Something went wrong on the server; its log has the details.",
        "SERVICE_UNAVAILABLE": "The database cannot be reached right now.",
    },
)
