"""A model whose every request is recorded before it is made and when it has ended, and not made twice."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import count
from typing import Any

from pydantic import TypeAdapter
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    PartStartEvent,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from agents.contract import Prompt
from agents.models.discretion import answer_text, complaint_in
from agents.models.host import ModelHost
from agents.models.pricing import Tokens, quote, taken
from agents.models.request import canonical, shown
from agents.models.speech import Speech
from agents.models.trouble import ModelTrouble, cut_short, troubled
from agents.recovery import Decision, decide
from agents.runtime import traces
from agents.runtime.call_ledger import Called, Course, Ending
from domain.errors import LeaseLost, StoreLost
from domain.events import ModelAnswered
from domain.execution import ToolCall
from domain.language_model import LanguageModel
from domain.recovery import POLICIES, ErrorClass, RecoveryAction
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.text import storable
from domain.units import Unit, written
from domain.use_cases.tool_calls import Recorded

RESPONSE: TypeAdapter[ModelResponse] = TypeAdapter(ModelResponse)
MOST_TEXT = 16_000
"""Characters of an answer that are in its event; all of it is the result of its call."""


class RecordedModel(WrapperModel):
    """Answers requests from the ledger, or makes them under it: reserved, spoken aloud, retried, charged."""

    def __init__(
        self,
        wrapped: Model,
        model: LanguageModel,
        host: ModelHost,
        *,
        max_output_tokens: int,
        prompt: Prompt | None,
        sample: int,
    ) -> None:
        super().__init__(wrapped)
        self._model = model
        self._host = host
        self._max_output_tokens = max_output_tokens
        self._prompt = prompt
        self._sample = sample
        self._complaint: str | None = None
        self._repairs = 0

    def prepare_messages(
        self, messages: list[ModelMessage], model_request_parameters: ModelRequestParameters | None = None
    ) -> list[ModelMessage]:
        """See whether the request sends an answer back as unusable, as long as the messages still say so."""
        self._complaint = complaint_in(messages, self._host.private)
        return super().prepare_messages(messages, model_request_parameters)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The recorded answer of an equal request, or that of the model.

        Raises:
            BudgetExceeded: a budget does not allow it; it was not made.
            ModelTrouble: it failed as often as its class of error allows.
        """
        ledger = self._host.ledger
        text = canonical(self._model, messages, model_settings, model_request_parameters, self._sample)
        called = Called(
            tool=self._model.tool,
            version=self._model.model_id,
            shown=shown(self._model, messages, self._prompt, self._host.redactor, self._host.private),
            canonical=text,
            repeatable=True,
            replayed=True,
            shared=True,
            quote=quote(
                self._model, input_bytes=len(text.encode("utf-8", "replace")), max_output_tokens=self._max_output_tokens
            ),
        )
        intent = ledger.intent(called)
        async with self._host.turns.of(intent.idempotency_key):
            for attempt in count(1):
                begun = await ledger.begin(intent)
                if isinstance(begun, Recorded):
                    return self._whole(RESPONSE.validate_python(await ledger.result_of(begun.call)))
                if attempt == 1:
                    await self._note_repair()
                try:
                    response = await self._made(begun.call, messages, model_settings, model_request_parameters)
                    return self._whole(response)
                except ModelTrouble as trouble:
                    decision = decide(trouble, attempt, None, side_effects=False)
                    if not decision.repeats:
                        raise
                    await self._host.note(decision)
                await self._host.pause(decision.pause)
        raise AssertionError("unreachable")  # pragma: no cover

    def _whole(self, response: ModelResponse) -> ModelResponse:
        """The response, unless it was cut in the middle of a call: to send that back as wrong would be in vain."""
        cut = response.finish_reason == "length" and any(
            isinstance(part, ToolCallPart) and not _is_json(part.args) for part in response.parts
        )
        if cut:
            raise cut_short(self._model, self._max_output_tokens)
        return response

    async def _made(
        self,
        call: ToolCall,
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> ModelResponse:
        host, began = self._host, time.monotonic()
        speech = Speech(
            host.tell, host.redactor, call_id=call.id, step=host.step, model=self._model.name, private=host.private
        )
        try:
            with host.working(), traces.model_call(self._model, self._max_output_tokens) as span:
                traces.begun(span, call.id)
                try:
                    response = await self._heard(speech, messages, settings, parameters)
                finally:
                    await speech.close()
                tokens = _tokens(response)
                traces.answered(
                    span,
                    model=response.model_name,
                    finish_reason=response.finish_reason,
                    tokens={} if tokens is None else {"input_tokens": tokens.input, "output_tokens": tokens.output},
                )
        except asyncio.CancelledError:
            await self._failed(call, "ended because the execution was stopped", Course.CUT_SHORT)
            raise
        except (LeaseLost, StoreLost):
            raise
        except Exception as error:
            trouble = troubled(error, self._model)
            if trouble is None:
                await self._failed(call, f"{type(error).__name__}: {error}", Course.CUT_SHORT)
                raise
            said = host.redactor.text(str(trouble))
            await self._failed(call, said, Course.CUT_SHORT if trouble.begun else Course.NEVER_BEGAN)
            raise ModelTrouble(said, trouble.error_class, trouble.retry_after) from None
        return await self._answered(call, response, tokens, began)

    async def _heard(
        self,
        speech: Speech,
        messages: list[ModelMessage],
        settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """The answer, told bit by bit. The time limit is for each silence, not for all of it."""
        silence, now = self._model.timeout.total_seconds(), asyncio.get_running_loop().time
        async with asyncio.timeout(silence) as limit:
            if not self._host.streams:
                response = await self.wrapped.request(messages, settings, parameters)
                for index, part in enumerate(response.parts):
                    await speech.hear(PartStartEvent(index=index, part=part))
                return response
            async with self.wrapped.request_stream(messages, settings, parameters) as stream:
                async for event in stream:
                    limit.reschedule(now() + silence)
                    await speech.hear(event)
                return stream.get()

    async def _answered(
        self, call: ToolCall, response: ModelResponse, tokens: Tokens | None, began: float
    ) -> ModelResponse:
        """Record the answer. What is recorded, without secrets, is what the agent gets, now and after a crash."""
        document = _redacted(self._host.redactor, storable(RESPONSE.dump_python(response, mode="json")))
        took = None if tokens is None else taken(self._model, tokens)
        cost = None if took is None else took.get(Unit.COST)
        event = ModelAnswered(
            tool_call_id=str(call.id),
            step=self._host.step,
            model=self._model.name,
            text=answer_text(RESPONSE.validate_python(document), self._host.private)[:MOST_TEXT],
            finish_reason=response.finish_reason,
            input_tokens=None if tokens is None else tokens.input,
            output_tokens=None if tokens is None else tokens.output,
            cached_tokens=None if tokens is None else tokens.cached,
            cost=None if cost is None else str(written(Unit.COST, cost)),
            duration_ms=round((time.monotonic() - began) * 1000),
        )
        ending = Ending(
            state=ToolCallState.SUCCEEDED,
            output=json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
            result=document,
            secrets=self._secrets,
            # A model that does not say what it took is charged what it may have taken.
            course=Course.WHOLE if took is not None else Course.CUT_SHORT,
            took=took,
            events=(event,),
        )
        await self._host.ledger.end(call, ending)
        return RESPONSE.validate_python(document)

    async def _failed(self, call: ToolCall, said: str, course: Course) -> None:
        ending = Ending(state=ToolCallState.FAILED, error=said, secrets=self._secrets, course=course)
        await self._host.ledger.end(call, ending)

    @property
    def _secrets(self) -> tuple[str, ...]:
        return () if self._model.key_secret is None else (self._model.key_secret,)

    async def _note_repair(self) -> None:
        if self._complaint is None:
            return
        self._repairs += 1
        found = ErrorClass.ANSWER_UNUSABLE
        message = f"{self._model.name} is told what is wrong with its answer: {self._complaint}"
        await self._host.note(
            Decision(
                error_class=found,
                severity=POLICIES[found].severity,
                action=RecoveryAction.RETRY,
                attempt=self._repairs,
                pause=POLICIES[found].base * 0,
                message=message,
            )
        )


def _tokens(response: ModelResponse) -> Tokens | None:
    """What the provider says it took; ``None`` when it says nothing."""
    usage = response.usage
    if not usage.input_tokens and not usage.output_tokens:
        return None
    return Tokens(input=usage.input_tokens, output=usage.output_tokens, cached=usage.cache_read_tokens)


def _is_json(arguments: object) -> bool:
    if not isinstance(arguments, str):
        return True
    try:
        json.loads(arguments)
    except ValueError:
        return False
    return True


def _redacted(redactor: Redactor, value: Any) -> Any:
    """The document without secrets. Texts that are JSON stay JSON: arguments of tools are, and answers of some form."""
    if isinstance(value, str):
        without = redactor.text(value)
        if without == value:
            return value
        try:
            inner = json.loads(value)
        except ValueError:
            return without
        return json.dumps(redactor.document(inner), ensure_ascii=False) if isinstance(inner, dict | list) else without
    if isinstance(value, dict):
        return {redactor.text(str(key)): _redacted(redactor, one) for key, one in value.items()}
    return [_redacted(redactor, one) for one in value] if isinstance(value, list) else value
