"""Asking a model one question: the conversation is pydantic-ai's, each of its requests is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_ai import Agent, ModelRetry, NativeOutput, PromptedOutput, ToolOutput, UsageLimits
from pydantic_ai import Tool as CallableTool
from pydantic_ai.exceptions import OutputTokenLimitExceeded, UnexpectedModelBehavior
from pydantic_ai.settings import ModelSettings

from agents.contract import AgentFailure, Prompt, Tool, ToolFailure
from agents.models.host import ModelHost
from agents.models.recorded import RecordedModel
from agents.models.trouble import ModelTrouble, cut_short, troubled
from agents.recovery import Decision
from domain.language_model import AnswerMode, LanguageModel
from domain.recovery import POLICIES, ErrorClass, RecoveryAction

REPAIRS = POLICIES[ErrorClass.ANSWER_UNUSABLE].max_attempts - 1
FORMS = {AnswerMode.TOOL: ToolOutput, AnswerMode.NATIVE: NativeOutput, AnswerMode.PROMPTED: PromptedOutput}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """See :meth:`agents.contract.Model.ask`."""

    prompt: str | Prompt
    returns: Any
    system: str | None
    tools: tuple[type[Tool[Any, Any]], ...]
    max_output_tokens: int | None
    sample: int


async def ask(chain: Sequence[LanguageModel], host: ModelHost, question: Question) -> Any:
    """The answer of the first model that gives one.

    Raises:
        BudgetExceeded: a budget does not allow a request.
        AgentFailure: none of them gave an answer (``MODEL_FAILED``).
    """
    said: list[str] = []
    for number, model in enumerate(chain, 1):
        try:
            return await _ask(model, host, question)
        except ModelTrouble as trouble:
            said.append(host.redactor.text(str(trouble)))
            if number < len(chain):
                await host.note(_fall_back(trouble, number, model, chain[number]))
    raise AgentFailure(" ".join(said), code="MODEL_FAILED")


async def _ask(model: LanguageModel, host: ModelHost, question: Question) -> Any:
    most = min(question.max_output_tokens or model.max_output_tokens, model.max_output_tokens)
    key = await _key(model, host)
    prompt = question.prompt if isinstance(question.prompt, Prompt) else None
    text = question.prompt if isinstance(question.prompt, str) else question.prompt.text
    system = [one for one in (question.system, prompt.system if prompt else None) if one]
    async with host.open(model, key) as opened:
        recorded = RecordedModel(opened, model, host, max_output_tokens=most, prompt=prompt, sample=question.sample)
        agent: Agent[object, Any] = Agent(
            recorded,
            name="wrenchai",
            output_type=question.returns if question.returns is str else FORMS[model.answer_mode](question.returns),
            instructions="\n\n".join(system) or None,
            tools=[_callable(tool, host) for tool in question.tools],
            retries={"output": REPAIRS, "tools": REPAIRS},
            model_settings=ModelSettings(max_tokens=most, max_retries=0),
            end_strategy="early",
        )
        try:
            result = await agent.run(text, usage_limits=UsageLimits(request_limit=model.max_requests))
        except Exception as error:
            trouble = _given_up(error, model, most)
            if trouble is None:
                raise
            raise trouble from None
    if question.returns is str and result.response.finish_reason == "length":
        raise cut_short(model, most)
    return result.output


async def _key(model: LanguageModel, host: ModelHost) -> str | None:
    if model.key_secret is None:
        return None
    try:
        key = await host.reveal(model.key_secret)
    except ToolFailure as failure:
        raise ModelTrouble(str(failure), ErrorClass.BAD_INPUT) from None
    host.redactor.learn(key)
    return key


def _given_up(error: Exception, model: LanguageModel, most: int) -> ModelTrouble | None:
    """The error as the end of asking this model: what it answered in vain was sent back often enough."""
    if isinstance(error, OutputTokenLimitExceeded):
        return cut_short(model, most)
    if isinstance(error, UnexpectedModelBehavior):
        cause = error.__cause__ or error.__context__
        why = f" The last: {_line(cause)}" if cause is not None else ""
        said = f"{model.name} gave no answer that fits, after {REPAIRS} repairs: {_line(error)}.{why}"
        return ModelTrouble(said, ErrorClass.MODEL_FAILED)
    return troubled(error, model)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


def _callable(tool_type: type[Tool[Any, Any]], host: ModelHost) -> CallableTool[object]:
    """A typed tool as the model may call it. That it failed is an answer, too: the model may find another way."""

    async def call(**given: Any) -> Any:
        try:
            arguments = tool_type.arguments_model.model_validate(given)
        except ValidationError as error:
            raise ModelRetry(_line(error)) from None
        try:
            result = await host.call(tool_type, arguments)
        except ToolFailure as failure:
            return {"error": str(failure)}
        return result.model_dump(mode="json")

    schema = tool_type.arguments_model.model_json_schema()
    return CallableTool.from_schema(call, tool_type.name, tool_type.purpose, schema, sequential=True)


def _fall_back(trouble: ModelTrouble, attempt: int, failed: LanguageModel, following: LanguageModel) -> Decision:
    return Decision(
        error_class=trouble.error_class,
        severity=POLICIES[trouble.error_class].severity,
        action=RecoveryAction.FALL_BACK,
        attempt=attempt,
        pause=POLICIES[trouble.error_class].base * 0,
        message=f"{following.name} is asked instead of {failed.name}: {trouble}",
    )
