"""Trying a model out: one tiny question, outside of any execution."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from importlib import import_module

from domain.language_model import LanguageModel, ModelTrial


class ModelTrials:
    """See :class:`domain.ports.ModelTester`."""

    async def test(self, model: LanguageModel, key: str | None, within: timedelta) -> ModelTrial:
        """Ask the model something tiny."""
        began = time.monotonic()
        first_words = await asyncio.to_thread(import_module, "agents.models.first_words")
        trial: ModelTrial = await first_words.exchange(
            model, key, lambda: timedelta(seconds=time.monotonic() - began), within
        )
        return trial
