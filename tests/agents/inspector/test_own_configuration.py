"""Only our configuration counts: what a repository says to the engines does not weaken an audit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from agents.testing import AgentRun
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]

HIDE_EVERYTHING = """
[tool.ruff]
exclude = ["*"]
[tool.ruff.lint]
ignore = ["ALL"]
[tool.deptry]
ignore = ["DEP001", "DEP002", "DEP003", "DEP004"]
exclude = [".*"]
[tool.vulture]
min_confidence = 100
exclude = ["*"]
ignore_names = ["*"]
[tool.radon]
exclude = "*"
cc_min = "F"
[tool.complexipy]
exclude = ["*"]
max-complexity-allowed = 999
"""


async def test_the_repository_cannot_hide_its_defects(audit: Audit, bookshop: Path, sample_run: Run) -> None:
    with (bookshop / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write(HIDE_EVERYTHING)
    (bookshop / "ruff.toml").write_text('exclude = ["*"]\n[lint]\nignore = ["ALL"]\n', "utf-8")
    (bookshop / ".ruff.toml").write_text('exclude = ["*"]\n', "utf-8")
    (bookshop / "complexipy.toml").write_text('exclude = ["*"]\n', "utf-8")
    (bookshop / "radon.cfg").write_text("[radon]\nexclude = *\ncc_min = F\n", "utf-8")
    (bookshop / "setup.cfg").write_text("[radon]\nexclude = *\n", "utf-8")
    (bookshop / ".gitignore").write_text("*\n", "utf-8")
    (bookshop / ".ignore").write_text("*\n", "utf-8")
    run = await audit(bookshop)
    assert {one.fingerprint for one in run.findings} == {one.fingerprint for one in sample_run.findings}


async def test_its_code_is_not_run(audit: Audit, files: Write, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    trap = f"open({str(witness)!r}, 'w').close()\n"
    names = ("sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py", "json.py", "ast.py", "tokenize.py")
    run = await audit(files(dict.fromkeys(names, trap) | {"vulture/__init__.py": trap, "radon/__init__.py": trap}))
    assert run.report.files_analysed == 9
    assert [engine.engine for engine in run.report.engines if engine.skipped_reason] == ["dependencies"]
    assert not witness.exists()


async def test_comments_in_the_code_count_unless_the_inputs_say_otherwise(audit: Audit, files: Write) -> None:
    root = files({"a.py": '"""A."""\n\nimport os  # noqa: F401\n'})
    assert [one.rule for one in (await audit(root, engines=("ruff",))).findings] == []
    assert [one.rule for one in (await audit(root, engines=("ruff",), honour_noqa=False)).findings] == ["F401"]
