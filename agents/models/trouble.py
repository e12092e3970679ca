"""What can go wrong with a model, in our classes of errors and in sentences for a person."""

from __future__ import annotations

from datetime import timedelta

from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
    UsageLimitExceeded,
)

from agents.recovery import classify
from domain.language_model import LanguageModel
from domain.recovery import ErrorClass

MOST_QUOTED = 300
"""Characters of what a provider says that are passed on."""
NOT_BEGUN = frozenset({ErrorClass.RATE_LIMITED, ErrorClass.UNREACHABLE, ErrorClass.BAD_INPUT})
"""After these no provider has computed anything, so nothing is charged."""

BEFORE_SENDING = frozenset({"pool", "connect"})

CLASSES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ErrorClass], ...] = (
    ((ModelRateLimitError, ModelUnavailableError), ErrorClass.RATE_LIMITED),
    ((ModelQuotaExceededError, ModelRequestRejectedError), ErrorClass.BAD_INPUT),
    (ModelServerError, ErrorClass.CONNECTION_LOST),
    ((ModelRequestTimeout, ModelTimeoutError), ErrorClass.TIMEOUT),
    (ModelConnectionError, ErrorClass.CONNECTION_LOST),
    # What is left of these: the provider answered something that is no answer.
    ((ModelAPIError, UnexpectedModelBehavior), ErrorClass.ANSWER_UNUSABLE),
)
"""The first row that fits counts."""


class ModelTrouble(Exception):
    """A model could not be used. The message is a sentence without secrets; ``error_class`` decides what is done."""

    def __init__(self, message: str, error_class: ErrorClass, retry_after: timedelta = timedelta()) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.retry_after = retry_after

    @property
    def begun(self) -> bool:
        """Whether the provider may have computed something, and will want to be paid for it."""
        return self.error_class not in NOT_BEGUN


def troubled(error: Exception, model: LanguageModel) -> ModelTrouble | None:
    """The error as trouble with the model; ``None`` when it is of another kind, and for somebody else."""
    if isinstance(error, ModelTrouble):
        return error
    if isinstance(error, UsageLimitExceeded):
        said = f"{model.name} was asked {model.max_requests} times for one question, which is the most it may be."
        return ModelTrouble(said, ErrorClass.MODEL_FAILED)
    if isinstance(error, TimeoutError):
        seconds = model.timeout.total_seconds()
        return ModelTrouble(f"{model.name} said nothing for {seconds:g} seconds.", ErrorClass.TIMEOUT)
    if isinstance(error, ModelAPIError | UnexpectedModelBehavior):
        found = _class_of(error)
        wait = getattr(error, "retry_after", None)
        return ModelTrouble(_sentence(error, found, model), found, timedelta(seconds=min(wait or 0.0, 86_400)))
    if classify(error) in {ErrorClass.UNREACHABLE, ErrorClass.CONNECTION_LOST}:
        return ModelTrouble(f"The connection to {_place(model)} broke: {_quoted(error)}", classify(error))
    return None


def cut_short(model: LanguageModel, most: int) -> ModelTrouble:
    """An answer that had no room for all of it. It would be cut again, so it is not asked for again."""
    said = f"The answer of {model.name} was cut at {most:,} tokens: raise its maxOutputTokens, or ask for less."
    return ModelTrouble(said, ErrorClass.MODEL_FAILED)


def _class_of(error: ModelAPIError | UnexpectedModelBehavior) -> ErrorClass:
    if isinstance(error, ModelConnectionError) and error.phase in BEFORE_SENDING:
        return ErrorClass.UNREACHABLE
    for types, found in CLASSES:
        if isinstance(error, types):
            return found
    raise AssertionError("unreachable")  # pragma: no cover


def _sentence(error: ModelAPIError | UnexpectedModelBehavior, found: ErrorClass, model: LanguageModel) -> str:
    said = _quoted(error)
    if isinstance(error, ModelAuthenticationError):
        secret = f"the secret {model.key_secret!r}" if model.key_secret else "its key, for it has none"
        return f"{model.name} was refused by {_place(model)}: check {secret}. It says: {said}"
    if isinstance(error, ModelNotFoundError):
        return f"There is no model {model.model_id!r} at {_place(model)}: check modelId and baseUrl. It says: {said}"
    if isinstance(error, ModelQuotaExceededError):
        return f"The account behind {model.name} has nothing left. {_place(model)} says: {said}"
    if isinstance(error, ModelContextWindowExceededError):
        return f"The question is too long for {model.name}. It says: {said}"
    match found:
        case ErrorClass.UNREACHABLE:
            return f"{model.name} cannot be reached at {_place(model)}: see that it runs. {said}"
        case ErrorClass.TIMEOUT:
            return f"{model.name} did not answer in time: {said}"
        case ErrorClass.RATE_LIMITED:
            return f"{model.name} asks to be left alone for a while: {said}"
        case ErrorClass.ANSWER_UNUSABLE:
            return f"{model.name} gave no answer that can be used: {said}"
    return f"{model.name} failed: {said}"


def _quoted(error: Exception) -> str:
    """What the provider says, in one line; of an HTTP error its status and message, not all that surrounds it."""
    said = str(error) or type(error).__name__
    if isinstance(error, ModelHTTPError):
        body = error.body
        inner = body.get("message") if isinstance(body, dict) else body
        said = f"{error.status_code} {inner if isinstance(inner, str) else ''}".strip()
    line = " ".join(said.split())
    return line if len(line) <= MOST_QUOTED else f"{line[:MOST_QUOTED]}…"


def _place(model: LanguageModel) -> str:
    return model.base_url or f"the API of {model.provider.value.capitalize()}"
