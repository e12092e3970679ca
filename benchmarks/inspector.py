"""One audit of a real source by the running platform, against the same engines run by hand, one after the other."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agents.inspector.dead_code import HOOKS, MIN_CONFIDENCE
from agents.inspector.dependencies import own_modules
from agents.inspector.inputs import InspectorInputs
from agents.inspector.inventory import Inventory, take_inventory
from agents.inspector.javascript_rules import configuration
from agents.inspector.languages import Language
from agents.inspector.ruff import arguments
from agents.inspector.shell import options
from agents.inspector.side_code import is_beside_the_product, is_test
from benchmarks.measure import Row, Target
from benchmarks.processes import Ground
from server.client.audit import start_audit
from server.client.graphql_client import GraphQLClient

TARGET = Target(1.5, at_most=True)
BIN = Path(sys.executable).parent
PROGRAMS = Path(__file__).parents[1] / "agents" / "inspector" / "programs"
ENDED = "query ($id: ID!) { execution(id: $id) { status } }"


async def run(here: Ground) -> list[Row]:
    """Seconds of the audit and of its engines; the audit also copies the source, compares and stores findings."""
    source = here.folder / "inspected"
    await asyncio.to_thread(_download, source, here.scale.inspected)
    hand, files = await asyncio.to_thread(_by_hand, source, here.folder)
    async with GraphQLClient(here.address, here.token) as client:
        began = time.perf_counter()
        started = await start_audit(client, str(source), None, {})
        status = "QUEUED"
        while status in {"QUEUED", "RUNNING"}:
            await asyncio.sleep(0.05)
            status = (await client.query(ENDED, {"id": started.execution_id}))["execution"]["status"]
        ours = time.perf_counter() - began
    if status != "SUCCEEDED":
        raise RuntimeError(f"the audit ended as {status}")
    return [
        Row(
            f"one audit of {files} files ({', '.join(here.scale.inspected)})",
            f"{ours:.1f} s",
            f"its engines by hand, one after the other: {hand:.1f} s",
            f"{ours / hand:.2f}",
        ).aiming(TARGET, ours / hand)
    ]


def _download(source: Path, sdists: Sequence[str]) -> None:
    source.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
    archives = source.with_name("sdists")
    subprocess.run([*command, f"--dest={archives}", *sdists], check=True)
    for archive in archives.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(source, filter="data")


def _by_hand(source: Path, folder: Path) -> tuple[float, int]:
    """Seconds that the engines take with the options of an audit, and how many files there are."""
    inventory = take_inventory(source, (), {})
    seconds = sum(_timed(call) for call in _calls(source, folder, inventory))
    return seconds, sum(inventory.languages.values())


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _calls(source: Path, folder: Path, inventory: Inventory) -> list[Callable[[], object]]:
    inputs = InspectorInputs()
    paths = [file.path for file in inventory.files]
    product = [path for path in paths if not is_beside_the_product(path)]
    measured = [path for path in paths if not is_test(path)]
    beside = [path for path in paths if is_beside_the_product(path)]
    rules = folder / "oxlint.json"
    rules.write_text(json.dumps(configuration(inputs)), "utf-8")
    lines = inputs.min_duplicate_lines
    duplicates = {"files": product, "min_lines": lines, "min_tokens": lines * 10}
    vulture = [f"--min-confidence={MIN_CONFIDENCE}", "--ignore-decorators=@*", f"--ignore-names={HOOKS}"]
    scripts = inventory.of(Language.JAVASCRIPT, Language.TYPESCRIPT)

    def tool(name: str, given: Sequence[str], standard_input: object = None) -> Callable[[], object]:
        text = json.dumps(standard_input) if standard_input is not None else None
        command = [str(BIN / name), *given]
        return lambda: subprocess.run(command, cwd=source, input=text, text=True, check=False, capture_output=True)

    def ours(name: str, request: object) -> Callable[[], object]:
        return tool("python", ["-I", str(PROGRAMS / f"{name}.py")], request)

    first_party = f"--known-first-party={','.join(own_modules(paths))}"
    return [
        ours("parse_check", paths),
        tool("ruff", [*arguments(inputs, beside_the_product=False), "--output-format=json", *product]),
        tool("ruff", [*arguments(inputs, beside_the_product=True), "--output-format=json", *beside]),
        tool("radon", ["cc", "--json", *measured]),
        tool("complexipy", ["--isolated", "--quiet", "--output-format=json", f"--output={folder}/c.json", *measured]),
        ours("duplicates", duplicates),
        tool("vulture", [*vulture, *paths]),
        *([tool("deptry", [".", first_party])] if "pyproject.toml" in inventory.texts else []),
        ours("import_cycles", paths),
        tool("oxlint", [f"--config={rules}", "--no-ignore", "--disable-nested-config", "--format=json", *scripts]),
        tool("shellcheck", [*options(), *inventory.of(Language.SHELL)]),
        ours("yaml_check", inventory.of(Language.YAML)),
    ]
