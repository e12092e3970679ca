"""``wrenchai playbook`` as a process: what it prints, and the code it ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from domain.playbooks import problems_of
from domain.playbooks.json_schema import json_schema
from domain.playbooks.shipped import shipped_playbooks
from server.cli.first_audit import SAMPLE
from server.client.playbooks import parsed_inputs
from server.process import Running
from server.settings import Settings
from tests.large_source import unpack
from tests.server.test_approvals_command import wrenchai

WRENCHAI = Path(sys.executable).with_name("wrenchai")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("playbook-command")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    return folder


def playbook(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "WRENCHAI_DATA_DIR": str(home / "data"), "WRENCHAI_PORT": "0"}
    return subprocess.run(
        [WRENCHAI, "playbook", *arguments],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_problems_are_printed_with_file_line_and_column(home: Path) -> None:
    file = home / "broken.yaml"
    file.write_text("name: broken\nsteps:\n  - id: a\n    agent: inspector\n    if: inputs.x >\n    needs: [b]\n")
    ended = playbook(home, "validate", str(file))
    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        f"{file}:5:19: This is no expression of CEL: unexpected end of it.",
        f"{file}:6:13: There is no step 'b' to wait for; the steps: a.",
    ]


@pytest.mark.parametrize("command", ["validate", "save", "run"])
def test_a_file_that_is_no_text_is_refused_in_a_sentence(home: Path, command: str) -> None:
    file = home / "latin.yaml"
    file.write_bytes("name: größe".encode("latin-1"))
    ended = playbook(home, command, str(file))
    assert ended.returncode == 2, ended.stderr
    said = " ".join(ended.stderr.replace("│", " ").split())
    assert "does not hold UTF-8 text." in said
    assert "Traceback" not in ended.stderr


async def test_saving_ends_with_1_for_problems_and_with_3_for_a_refusal(
    live: Running, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"

    async def save(document: str) -> subprocess.CompletedProcess[str]:
        file.write_text(document)
        return await wrenchai(live, settings, "playbook", "save", str(file))

    broken = await save("name: mine\nsteps: []\n")
    assert (broken.returncode, broken.stderr) == (1, f"{file}:2:8: A playbook needs at least one step.\n")
    taken = await save("name: release-readiness\nsteps: [{id: a, approve: Go}]\n")
    assert taken.returncode == 3, taken.stderr
    assert "is a playbook that comes with WrenchAI: save yours under another name." in " ".join(taken.stderr.split())


def test_the_shipped_ones_have_no_problem(home: Path) -> None:
    files = sorted((ROOT / "domain" / "playbooks" / "library").glob("*.yaml"))
    assert [file.stem for file in files] == list(shipped_playbooks())
    assert len(files) == 6
    ended = playbook(home, "validate", *map(str, files))
    assert (ended.returncode, ended.stdout.strip()) == (0, "6 playbooks without a problem")


def test_the_published_schema_is_that_of_the_code_and_knows_the_shipped_ones() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    import yaml

    published = json.loads((ROOT / "docs" / "reference" / "playbook.schema.json").read_text())
    assert published == json_schema()
    validator = jsonschema.Draft202012Validator(published)
    for shipped in shipped_playbooks().values():
        assert list(validator.iter_errors(yaml.safe_load(shipped.document))) == []
    assert list(validator.iter_errors({"name": "x", "steps": [{"id": "a", "agents": "inspector"}]})) != []


def test_inputs_are_read_by_their_types() -> None:
    types = {"s": "STRING", "n": "INTEGER", "b": "BOOLEAN", "l": "LIST", "o": "OBJECT"}
    given = ["s=a=b", "n=3", "b=true", "l=a, b", 'o={"k": [1]}']
    assert parsed_inputs(given, types) == {"s": "a=b", "n": 3, "b": True, "l": ["a", "b"], "o": {"k": [1]}}
    assert parsed_inputs(['l=["a,b"]'], types) == {"l": ["a,b"]}
    for wrong, reason in (("s", "NAME=VALUE"), ("x=1", "no input 'x'"), ("n=x", "of type integer")):
        with pytest.raises(ValueError, match=reason):
            parsed_inputs([wrong], types)


@pytest.mark.verify
def test_one_that_is_shipped_runs_on_a_folder_and_its_report_is_shown(home: Path) -> None:
    ended = playbook(home, "run", "onboarding-report", str(SAMPLE), "--input", "documents=README*,NONE*", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)["result"]
    assert report["passed"]
    assert report["outputs"]["languages"] == ["Python"] or "Python" in report["outputs"]["languages"]
    assert "NONE*" in report["outputs"]["missing_documents"]
    refused = playbook(home, "run", "onboarding-report", str(SAMPLE), "--input", "document=x")
    assert refused.returncode == 2
    assert "there is no input 'document'" in " ".join(refused.stderr.replace("│", " ").split())


@pytest.mark.verify
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("name", sorted(shipped_playbooks()))
def test_each_that_is_shipped_runs_on_a_real_repository_without_a_model(home: Path, name: str) -> None:
    repository = _own(home) if name == "repository-audit" else _foreign(home)
    ended = playbook(home, "run", name, str(repository), "--json")
    execution = json.loads(ended.stdout)
    assert ended.returncode == 0, execution
    report = execution["result"]
    assert report["passed"]
    assert report["problems"] == []
    assert {step["status"] for step in report["steps"] if not step["mayFail"]} <= {"COMPLETED", "SKIPPED"}
    assert problems_of(shipped_playbooks()[name].document) == ()


def _own(home: Path) -> Path:
    """A clone of this repository, as it was committed last."""
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", home / "own"], check=True)
    return home / "own"


def _foreign(home: Path) -> Path:
    """The source distribution of click, with its tests and documents."""
    folder = home / "foreign"
    if folder.exists():
        return next(folder.iterdir())
    folder.mkdir()
    return unpack("click==8.1.7", folder)
