"""Rows of language models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.language_model import AnswerMode, LanguageModel, ModelChoice, ModelProvider, TokenPrice
from persistence.mappers.rows import AnyRow


def to_model(row: AnyRow) -> LanguageModel:
    """A row of ``models``."""
    price = None
    if row["input_price"] is not None:
        price = TokenPrice(input=row["input_price"], output=row["output_price"])
    return LanguageModel(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        provider=ModelProvider(row["provider"]),
        model_id=row["model_id"],
        base_url=row["base_url"],
        key_secret=row["key_secret"],
        max_output_tokens=row["max_output_tokens"],
        timeout=row["timeout"],
        max_requests=row["max_requests"],
        answer_mode=AnswerMode(row["answer_mode"]),
        price=price,
        fallback_id=row["fallback_id"],
        updated_by=row["updated_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_model(model: LanguageModel) -> dict[str, Any]:
    """The columns of a model that change when it is set again."""
    return {
        "provider": model.provider.value,
        "model_id": model.model_id,
        "base_url": model.base_url,
        "key_secret": model.key_secret,
        "max_output_tokens": model.max_output_tokens,
        "timeout": model.timeout,
        "max_requests": model.max_requests,
        "answer_mode": model.answer_mode.value,
        "input_price": None if model.price is None else model.price.input,
        "output_price": None if model.price is None else model.price.output,
        "fallback_id": model.fallback_id,
        "updated_by": model.updated_by,
        "updated_at": model.updated_at,
    }


def to_recorded_model(value: Mapping[str, Any]) -> LanguageModel:
    """A model that is recorded with an execution."""
    fallback_id = value["fallback_id"]
    return to_model(
        {
            **value,
            "id": UUID(value["id"]),
            "workspace_id": UUID(value["workspace_id"]),
            "fallback_id": None if fallback_id is None else UUID(fallback_id),
            "timeout": timedelta(seconds=value["timeout"]),
            "created_at": datetime.fromisoformat(value["created_at"]),
            "updated_at": datetime.fromisoformat(value["updated_at"]),
        }
    )


def from_recorded_model(model: LanguageModel) -> dict[str, Any]:
    """The same as JSON. Of its key there is the name of the secret."""
    return {
        **from_model(model),
        "id": str(model.id),
        "workspace_id": str(model.workspace_id),
        "name": model.name,
        "fallback_id": None if model.fallback_id is None else str(model.fallback_id),
        "timeout": model.timeout.total_seconds(),
        "created_at": model.created_at.isoformat(),
        "updated_at": model.updated_at.isoformat(),
    }


def to_choice(row: AnyRow) -> ModelChoice:
    """A row of ``model_choices``."""
    return ModelChoice(agent=row["agent"], model_id=row["model_id"])
