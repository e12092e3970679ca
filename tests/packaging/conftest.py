"""The distributions, built once for all tests of them."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.packaging.checkout import ROOT


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    """The wheel."""
    (wheel,) = distributions.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def sdist(distributions: Path) -> Path:
    """The sdist."""
    (sdist,) = distributions.glob("*.tar.gz")
    return sdist


@pytest.fixture(scope="session")
def programs(wheel: Path) -> Iterator[Path]:
    """The folder of the programs of a new environment that has the wheel and what it needs, at the pinned versions.

    It is not below pytest's folder: a second pytest that starts on this machine closes that to other accounts.
    """
    with passable_folder("wrenchai-installed-") as folder:
        yield installed(wheel, folder / "venv")


def installed(wheel: Path, environment: Path) -> Path:
    """Make the environment with the wheel in it; the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True, timeout=120)
    subprocess.run(
        [
            environment / "bin/python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
            "--constraint", ROOT / "constraints.txt", wheel,
        ],
        cwd=environment, check=True, timeout=600,
    )  # fmt: skip
    subprocess.run([environment / "bin/python", "-m", "pip", "check"], check=True, timeout=60)
    return environment / "bin"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents the account of the embedded server can pass, also as root."""
    with passable_folder("wrenchai-wheel-") as passable:
        yield passable


@contextmanager
def passable_folder(prefix: str) -> Iterator[Path]:
    """A folder that goes afterwards, and that the account of the embedded server can pass until then."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)
