import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = {"server/web/.hash", "server/web/console.html"}


@pytest.fixture
def checkout(web: Path, tmp_path: Path) -> Path:
    """A checkout of what the build needs, with the pages built, and the packages of the real one."""
    checkout = tmp_path / "checkout"
    kept = shutil.ignore_patterns("node_modules", ".build", "__pycache__")
    shutil.copytree(ROOT / "frontend", checkout / "frontend", ignore=kept)
    (checkout / "frontend/node_modules").symlink_to(ROOT / "frontend/node_modules")
    shutil.copytree(web, checkout / "server/web")
    shutil.copytree(ROOT / "docs/errors", checkout / "docs/errors")
    shutil.copy(ROOT / "server/__init__.py", checkout / "server")
    for name in ("hatch_build.py", "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, checkout)
    for name in ("README.md", "LICENSE"):
        (checkout / name).write_text(name)
    return checkout


def start(checkout: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, *(arguments or ("hatch_build.py",))]
    return subprocess.Popen(command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(checkout: Path, *arguments: str) -> tuple[int, str]:
    process = start(checkout, *arguments)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def retitle(checkout: Path, title: str) -> None:
    page = checkout / "frontend/console.html"
    page.write_text(page.read_text().replace("Console · WrenchAI", title))


def test_current_build_is_left_alone(checkout: Path) -> None:
    before = (checkout / "server/web/console.html").stat().st_ino
    assert run(checkout) == (0, "The web pages are up to date.\n")
    assert (checkout / "server/web/console.html").stat().st_ino == before


def test_changed_source_is_built_once_by_two_at_the_same_time(checkout: Path) -> None:
    retitle(checkout, "Changed")
    both = [start(checkout), start(checkout)]
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert "<title>Changed</title>" in (checkout / "server/web/console.html").read_text()
    assert run(checkout) == (0, "The web pages are up to date.\n")
    assert list((checkout / "frontend/.build").glob("web-*")) == []


def test_failed_build_says_why_and_keeps_the_old_pages(checkout: Path) -> None:
    old = (checkout / "server/web/console.html").read_text()
    (checkout / "frontend/src/console/main.tsx").write_text("import './nowhere';\n")
    code, output = run(checkout)
    assert code == 1
    assert "`vite build" in output
    assert "nowhere" in output
    assert (checkout / "server/web/console.html").read_text() == old
    code, output = run(checkout, "-m", "hatchling", "build", "-t", "wheel")
    assert code != 0
    assert "FrontendError" in output


def test_sdist_and_the_wheel_made_from_it_hold_the_pages(checkout: Path, tmp_path: Path) -> None:
    code, output = run(checkout, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path))
    assert code == 0, output
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames()}
        sdist.extractall(tmp_path / "sdist", filter="data")
    assert {*BUILT, "hatch_build.py", "frontend/package-lock.json", "frontend/.npmrc"} <= names
    assert not any("node_modules" in name for name in names)

    [unpacked] = (tmp_path / "sdist").iterdir()
    code, output = run(unpacked, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert code == 0, output
    assert not (unpacked / "frontend/node_modules").exists(), "the pages in the sdist were not taken as current"
    [built] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as wheel:
        names = set(wheel.namelist())
    assert names >= BUILT
    assert any(name.startswith("server/web/assets/monaco-editor-") for name in names)


def test_lock_file_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "frontend/package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')
