"""What the runtime and the test kit make of an action: the question that is asked, and the answer an agent gets."""

from __future__ import annotations

from datetime import timedelta

from agents.contract.approval import Action, ActionRejected, Answer, OnRejection
from domain.approval import Ask, Fallback, action_digest
from domain.errors import Invalid
from domain.text import check_document, check_text

MOST_ARGUMENTS = 50_000
MOST_QUORUM = 20
LONGEST_EXPIRY = timedelta(days=365)


def question(agent: str, action: Action) -> Ask:
    """The action as it is asked, with the digest that stands for it.

    Raises:
        Invalid: the action cannot be asked as it is; the message says what is wrong with it.
    """
    check_document(action.arguments, "arguments", most=MOST_ARGUMENTS)
    if not 1 <= action.quorum <= MOST_QUORUM:
        raise Invalid(f"The quorum of {action.name!r} must be from 1 to {MOST_QUORUM}, not {action.quorum}.")
    if action.expires_in is not None and not timedelta() < action.expires_in <= LONGEST_EXPIRY:
        raise Invalid(f"expires_in of {action.name!r} must be more than nothing and at most 365 days.")
    try:
        digest = action_digest(agent, action.kind, action.arguments)
    except (TypeError, ValueError) as error:
        raise Invalid(f"The arguments of {action.name!r} are not JSON: {error}.") from error
    return Ask(
        name=check_text(action.name, "name", most=200, required=True),
        kind=check_text(action.kind, "kind", most=200, required=True),
        summary=check_text(action.summary, "summary", most=2_000, required=True),
        arguments=action.arguments,
        digest=digest,
        risk=action.risk,
        permission=action.permission,
        quorum=action.quorum,
        expires_in=action.expires_in,
        fallback=action.fallback,
    )


def given(action: Action, answer: Answer) -> Answer:
    """The answer as the agent wants to have it.

    Raises:
        ActionRejected: the action may not be done, and the agent does not want to go on without it, or may not.
    """
    failed = answer.expired and action.fallback is Fallback.FAIL
    if not answer.granted and (failed or action.on_rejection is OnRejection.FAIL):
        raise ActionRejected(action.name, answer)
    return answer
