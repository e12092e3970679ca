"""What the documents say is so: commands, links, settings, examples."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from graphql import build_schema, parse, validate

from scripts.reference import PAGES, stale_pages
from scripts.sdl_changes import tells_of_breaking
from server import __version__
from server.cli import app
from server.settings import Settings, variable
from tests.packaging.checkout import ROOT, documents

SCHEMA = build_schema((ROOT / "schema/schema.graphql").read_text())
CODE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def blocks(page: Path, *languages: str) -> list[str]:
    return [text for language, text in CODE.findall(page.read_text()) if language in languages]


def command_lines() -> list[tuple[str, list[str]]]:
    """Each use of `wrenchai` in a shell block of the documents, with the page it is on."""
    found = []
    for page in documents():
        for block in blocks(page, "sh"):
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                words = shlex.split(line, comments=True, posix=True) if line.count("'") % 2 == 0 else line.split()
                starts = [number for number, word in enumerate(words) if word.rsplit("/", 1)[-1] == "wrenchai"]
                found += [(page.name, words[start + 1 :]) for start in starts]
    return found


def resolve(words: list[str]) -> Any:
    command: Any = typer.main.get_command(app)
    for word in words:
        if not getattr(command, "commands", None):
            break
        if word.startswith("-"):
            continue
        assert word in command.commands, f"there is no command {word!r}"
        command = command.commands[word]
    return command


def test_documents_use_commands() -> None:
    assert len(command_lines()) >= 15


@pytest.mark.parametrize(("page", "words"), command_lines(), ids=lambda value: str(value)[:60])
def test_documented_commands_and_options_exist(page: str, words: list[str]) -> None:
    command = resolve(words)
    known = {"--help", "--version"} | {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word in {"|", "&&", ">", ";", "&", "--"}:  # behind these, another program is meant
            break
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{page}: {word} is no option of {words[0]}"


def test_readme_begins_with_the_two_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    assert "make run" in first_screen
    assert "make test" in first_screen


def test_documented_make_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in documents():
        shell = "\n".join(blocks(page, "sh"))
        used = {*re.findall(r"`make ([a-z]+)", page.read_text()), *re.findall(r"^make ([a-z]+)", shell, re.MULTILINE)}
        assert used <= targets, page


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = CODE.sub("", page.read_text())
    for target in LINK.findall(text):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.relative_to(ROOT)} links to {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.relative_to(ROOT)} links to {target}"


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_broken_over_two_lines(page: Path) -> None:
    assert re.findall(r"\]\([^)\s]*\s[^)]*\)", CODE.sub("", page.read_text())) == []


def test_the_architecture_names_every_room_and_no_other() -> None:
    page = (ROOT / "docs/explanation/architecture.md").read_text()
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([\w/]+)`", row)}
    layers = ("server", "schema", "resolvers", "persistence", "agents", "domain")
    rooms = {
        f"{layer}/{room.name}"
        for layer in layers
        for room in (ROOT / layer).iterdir()
        if room.is_dir() and any(file.suffix != ".pyc" for file in room.rglob("*") if file.is_file())
    }
    assert named == rooms


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", documents(), ids=lambda page: str(page.relative_to(ROOT)))
def test_graphql_in_the_documents_is_valid(page: Path) -> None:
    for block in blocks(page, "graphql"):
        assert validate(SCHEMA, parse(block)) == [], block


def test_generated_pages_are_current() -> None:
    assert stale_pages() == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    assert [name for name in Settings.model_fields if f"`{variable(name)}`" not in page] == []


def test_only_real_settings_are_documented() -> None:
    known = {variable(name) for name in Settings.model_fields}
    for page in documents():
        assert set(re.findall(r"WRENCHAI_[A-Z_]+[A-Z]", page.read_text())) <= known, page


def test_every_page_is_reached_from_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text()
    listed = {(ROOT / "docs" / target.partition("#")[0]).resolve() for target in LINK.findall(index)}
    pages = {
        page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "errors" and page.name != "README.md"
    }
    assert pages - listed == set()
    assert {(ROOT / "docs/reference" / name).resolve() for name in PAGES} <= listed


def test_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE)


def test_only_the_newest_section_tells_of_breaking_changes() -> None:
    assert tells_of_breaking("# C\n\n## [2] - x\n\n### Breaking\n\n- gone\n\n## [1] - y\n")
    assert not tells_of_breaking("# C\n\n## [2] - x\n\n### Added\n\n## [1] - y\n\n### Breaking\n")
