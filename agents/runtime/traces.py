"""Spans of what is done for an execution, in the trace of the request that dispatched it.

Names and attributes are those of OpenTelemetry's conventions for generative AI (``invoke_agent``, ``execute_tool``,
``chat``); what they have no word for is ``wrenchai.*``. No arguments, inputs or messages are in a span: they may hold
what is secret. When nothing exports, all of this does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from domain.execution import Execution
from domain.language_model import LanguageModel, ModelProvider
from domain.recovery import ErrorClass

PROVIDER = "wrenchai"
PROVIDERS = {
    ModelProvider.OPENAI: "openai",
    ModelProvider.OPENAI_COMPATIBLE: "openai_compatible",
    ModelProvider.ANTHROPIC: "anthropic",
}
"""The providers of language models, as the conventions name them."""

_tracer = trace.get_tracer("wrenchai.agents")
_propagator = TraceContextTextMapPropagator()


def is_traced() -> bool:
    """Whether this process has somebody to tell spans to. Asked first: it costs 2 µs, an unseen span 40."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


class SpanTraces:
    """See :class:`domain.ports.Traces`: the trace is that of the span that is open where it is asked."""

    def dispatched(self, execution: Execution) -> str | None:
        """A span that ends at once, and from which the worker's go on."""
        if not is_traced():
            return None
        attributes: Attributes = {
            "gen_ai.agent.id": execution.agent,
            "wrenchai.execution.id": str(execution.id),
            "wrenchai.execution.number": execution.number,
            "wrenchai.task.id": str(execution.task_id),
        }
        span = _tracer.start_span(f"dispatch {execution.agent}", kind=SpanKind.PRODUCER, attributes=attributes)
        span.end()
        return traceparent_of(span)


def traceparent_of(span: Span) -> str | None:
    """The ``traceparent`` by which another process goes on from the span; ``None`` when there is no trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier.get("traceparent")


def segment(execution: Execution, agent_title: str, worker_id: UUID) -> AbstractContextManager[Span]:
    """The span of a segment. One that goes on after another links to it: they are in one trace, side by side."""
    if not is_traced():
        return nullcontext(INVALID_SPAN)
    parent = _propagator.extract(_carrier(execution.traceparent), Context())
    attributes: Attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.agent.id": execution.agent,
        "gen_ai.agent.name": agent_title,
        "wrenchai.execution.id": str(execution.id),
        "wrenchai.execution.number": execution.number,
        "wrenchai.execution.epoch": execution.epoch,
        "wrenchai.task.id": str(execution.task_id),
        "wrenchai.project.id": str(execution.project_id),
        "wrenchai.worker.id": str(worker_id),
    }
    return _tracer.start_as_current_span(
        f"invoke_agent {execution.agent}",
        parent,
        kind=SpanKind.CONSUMER,
        attributes=attributes,
        links=_links(execution.segment_traceparent),
        record_exception=False,
        set_status_on_exception=False,
    )


def step(name: str, attempt: int) -> AbstractContextManager[Span]:
    """The span of one attempt at a step."""
    return _watched(f"step {name}", {"wrenchai.step.name": name, "wrenchai.step.attempt": attempt})


def tool_call(tool: str, version: str | None) -> AbstractContextManager[Span]:
    """The span of one call of a tool. It has failed when it is left by an exception, or :func:`exited` says so."""
    attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": "extension",
        "wrenchai.tool.version": version or "unknown",
    }
    return _watched(f"execute_tool {tool}", attributes)


def model_call(model: LanguageModel, max_output_tokens: int) -> AbstractContextManager[Span]:
    """The span of one request to a language model."""
    attributes: Mapping[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS[model.provider],
        "gen_ai.request.model": model.model_id,
        "gen_ai.request.max_tokens": max_output_tokens,
        "wrenchai.model.name": model.name,
    }
    return _watched(f"chat {model.model_id}", attributes, SpanKind.CLIENT)


def answered(span: Span, *, model: str | None, finish_reason: str | None, tokens: Mapping[str, int]) -> None:
    """What the provider says of its answer; ``tokens`` by the last part of ``gen_ai.usage``, as far as it says them."""
    for name, count in tokens.items():
        span.set_attribute(f"gen_ai.usage.{name}", count)
    if model is not None:
        span.set_attribute("gen_ai.response.model", model)
    if finish_reason is not None:
        span.set_attribute("gen_ai.response.finish_reasons", [finish_reason])


def begun(span: Span, call_id: UUID) -> None:
    """Under which id the call is recorded."""
    span.set_attribute("gen_ai.tool.call.id", str(call_id))


def exited(span: Span, exit_code: int, *, accepted: bool) -> None:
    """How the program of a call ended."""
    span.set_attribute("process.exit.code", exit_code)
    if not accepted:
        _fail(span, f"exit_{exit_code}")


def failed(span: Span, error_class: ErrorClass) -> None:
    """To which class the error of a step belongs."""
    span.set_attribute("wrenchai.error.class", error_class.value)


def _watched(
    name: str, attributes: Mapping[str, str | int], kind: SpanKind = SpanKind.INTERNAL
) -> AbstractContextManager[Span]:
    return _span(name, attributes, kind) if is_traced() else nullcontext(INVALID_SPAN)


@contextmanager
def _span(name: str, attributes: Mapping[str, str | int], kind: SpanKind) -> Iterator[Span]:
    """An open span. Of an exception only the type is told: what it says may quote what is secret."""
    with _tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            _fail(span, type(error).__qualname__)
            raise


def _fail(span: Span, error_type: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(StatusCode.ERROR)


def ended(span: Span, execution: Execution | None) -> None:
    """How a segment ended: as the execution did, or (``None``) so that it goes on later or elsewhere."""
    if execution is not None:
        span.set_attribute("wrenchai.execution.status", execution.status.value)
        if execution.error is not None:
            _fail(span, execution.error.code)


def _carrier(traceparent: str | None) -> dict[str, str]:
    return {} if traceparent is None else {"traceparent": traceparent}


def _links(traceparent: str | None) -> list[Link]:
    found = trace.get_current_span(_propagator.extract(_carrier(traceparent), Context())).get_span_context()
    return [Link(found, {"wrenchai.link": "previous segment"})] if found.is_valid else []
