"""What is installed, and what is pinned."""

import re
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from scripts.lock import pins
from tests.packaging.checkout import PACKAGES, ROOT, project

LOCK = (ROOT / "requirements.lock").read_text()
CONSTRAINTS = (ROOT / "constraints.txt").read_text()
REQUIREMENTS = [*project()["project"]["dependencies"], *project()["dependency-groups"]["dev"]]


def pinned() -> dict[str, Version]:
    found = (Requirement(pin) for pin in pins(LOCK))
    return {canonicalize_name(one.name): Version(next(iter(one.specifier)).version) for one in found}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_installed_distribution_ships_a_module_of_our_names(package: str) -> None:
    owners = set(metadata.packages_distributions().get(package, ()))
    assert owners <= {"wrenchai"}


@pytest.mark.parametrize("text", [LOCK, CONSTRAINTS], ids=["requirements.lock", "constraints.txt"])
def test_pins_carry_no_address(text: str) -> None:
    assert re.findall(r"\w+://|--(?:index|extra-index|find-links)|(?<!\w)-[if] ", text) == []


def test_every_pin_has_hashes() -> None:
    blocks = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(LOCK)) > 50
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_constraints_are_those_of_the_lock() -> None:
    assert [line for line in CONSTRAINTS.splitlines() if not line.startswith("#")] == pins(LOCK)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda text: Requirement(text).name)
def test_lock_satisfies_what_the_project_asks_for(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert pinned()[canonicalize_name(wanted.name)] in wanted.specifier


def test_requirements_are_in_alphabetical_order() -> None:
    for group in (project()["project"]["dependencies"], project()["dependency-groups"]["dev"]):
        names = [canonicalize_name(Requirement(one).name) for one in group]
        assert names == sorted(names)


def test_only_wheels_are_installed() -> None:
    assert "\n--only-binary :all:\n" in LOCK


def test_make_help_lists_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    command = ["make", "--no-print-directory", "help"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert sorted(line.split()[0] for line in listed.splitlines()) == sorted(phony[1].split())


def test_a_python_that_is_too_old_or_missing_is_one_sentence() -> None:
    answer = subprocess.run(
        [ROOT / "scripts/find-python"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": "/nowhere/python"},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == "PYTHON=/nowhere/python is not Python 3.11 or newer: give the path of one.\n"


def test_a_given_python_is_taken() -> None:
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    answer = subprocess.run([ROOT / "scripts/find-python"], env=environment, capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (0, f"{sys.executable}\n")
