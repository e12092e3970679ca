"""The model that a step asks. What does the asking is loaded with the first question."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from agents.contract import Prompt, Tool
from agents.contract.tool import is_private
from agents.models.host import ModelHost
from domain.language_model import LanguageModel


class StepModel:
    """See :class:`agents.contract.Model`. ``chain`` is the model and those it falls back to, in their order."""

    def __init__(self, chain: tuple[LanguageModel, ...], host: ModelHost) -> None:
        self._chain = chain
        self._host = host

    @property
    def name(self) -> str:
        """Its name in the workspace."""
        return self._chain[0].name

    async def ask(
        self,
        prompt: str | Prompt,
        *,
        returns: Any = str,
        system: str | None = None,
        tools: Sequence[type[Tool[Any, Any]]] = (),
        max_output_tokens: int | None = None,
        sample: int = 0,
    ) -> Any:
        """Ask the model, and answer what it says as ``returns``."""
        asking = await asyncio.to_thread(import_module, "agents.models.asking")
        question = asking.Question(
            prompt=prompt,
            returns=returns,
            system=system,
            tools=tuple(tools),
            max_output_tokens=max_output_tokens,
            sample=sample,
        )
        host = replace(self._host, private=frozenset(tool.name for tool in tools if is_private(tool)))
        with host.working():
            return await asking.ask(self._chain, host, question)
