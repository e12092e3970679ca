"""What is in the wheel and in the sdist."""

import tarfile
import zipfile
from pathlib import Path

from domain.error_codes import ErrorCode
from server import __version__
from tests.packaging.checkout import PACKAGES, ROOT, files_of


def names_in_wheel(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def names_in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    names = names_in_wheel(wheel)
    for package in PACKAGES:
        assert files_of(package) - names == set()
    assert {"schema/schema.graphql", "persistence/migrations/script.py.mako"} <= names
    assert any(name.startswith("persistence/migrations/versions/0001_") for name in names)
    assert "server/samples/bookshop/pyproject.toml" in names


def test_wheel_has_the_built_pages_and_those_of_the_errors(wheel: Path) -> None:
    names = names_in_wheel(wheel)
    assert "server/web/console.html" in names
    assert any(name.startswith("server/web/assets/") and name.endswith(".js") for name in names)
    assert {f"server/http/pages/{code}.md" for code in ErrorCode} <= names


def test_wheel_has_nothing_else(wheel: Path) -> None:
    about = f"wrenchai-{__version__}.dist-info"
    roots = {name.partition("/")[0] for name in names_in_wheel(wheel)}
    assert roots == {*PACKAGES, about}
    strange = [
        name for name in names_in_wheel(wheel) if {"tests", "node_modules", "__pycache__"} & set(name.split("/"))
    ]
    assert strange == []


def test_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = f"wrenchai-{__version__}.dist-info"
        metadata = archive.read(f"{about}/METADATA").decode()
        entry_points = archive.read(f"{about}/entry_points.txt").decode()
        licence = archive.read(f"{about}/licenses/LICENSE").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert (ROOT / "README.md").read_text().splitlines()[0] in metadata
    assert "wrenchai = server.cli:main" in entry_points
    assert "inspector = agents.inspector.agent:Inspector" in entry_points
    assert "Apache License" in licence


def test_sdist_can_be_tested_and_built_again(sdist: Path) -> None:
    names = names_in_sdist(sdist)
    assert {"pyproject.toml", "hatch_build.py", "requirements.lock", "constraints.txt", "Makefile"} <= names
    assert {"frontend/package-lock.json", "server/web/console.html", "server/web/.hash"} <= names
    assert {f"docs/errors/{code}.md" for code in ErrorCode} <= names
    assert any(name.startswith("tests/") for name in names)
    assert [name for name in names if "node_modules" in name.split("/") or name.startswith(".venv")] == []
