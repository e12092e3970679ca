"""Checkouts of real folders and real repositories, hostile ones included."""

import asyncio
import os
import socket
import subprocess
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

import agents.checkout.git
from agents.checkout import CheckoutPolicy, SourceUnavailable, prepare, remove
from agents.contract import Checkout
from domain.project import SourceKind

SOURCE = uuid4()


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


@pytest.fixture
def policy(tmp_path: Path) -> CheckoutPolicy:
    return CheckoutPolicy(roots=(tmp_path / "sources",), schemes=frozenset({"https", "ssh", "file"}))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "sources" / "app"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def repository(source: Path) -> Path:
    git(source, "init", "--quiet")
    write(
        source,
        {"a.py": "print(1)\n", "lib/b.py": "b = 2\n", ".gitignore": "ignored/\n*.log\n", "run.sh": "#!/bin/sh\n"},
    )
    (source / "run.sh").chmod(0o755)
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "first")
    return source


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "checkouts" / "one"


async def local(folder: Path | str, destination: Path, policy: CheckoutPolicy) -> Checkout:
    return await prepare(SourceKind.LOCAL, str(folder), None, destination, policy, source_id=SOURCE)


async def fetched(url: str, destination: Path, policy: CheckoutPolicy, revision: str | None = None) -> Checkout:
    return await prepare(SourceKind.GIT, url, revision, destination, policy, source_id=SOURCE)


async def test_clean_work_tree_is_its_commit(repository: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(repository, {"ignored/x.py": "x", "debug.log": "x"})
    checkout = await local(repository, destination, policy)
    assert checkout.state == f"git:{git(repository, 'rev-parse', 'HEAD')}"
    assert files_of(checkout.path) == {"a.py", "lib/b.py", ".gitignore", "run.sh"}
    assert os.access(checkout.path / "run.sh", os.X_OK)
    assert not os.access(checkout.path / "a.py", os.X_OK)
    assert (checkout.source_id, checkout.path, checkout.excluded) == (SOURCE, destination, {})
    assert destination.stat().st_mode & 0o777 == 0o700


async def test_every_uncommitted_change_changes_the_state(
    repository: Path, destination: Path, policy: CheckoutPolicy
) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    states = [(await local(repository, destination, policy)).state]
    for change in (
        lambda: write(repository, {"a.py": "print(2)\n"}),
        lambda: write(repository, {"new.py": "untracked\n"}),
        lambda: git(repository, "add", "new.py"),
        lambda: (repository / "lib" / "b.py").unlink(),
        lambda: (repository / "a.py").chmod(0o755),
    ):
        change()
        states.append((await local(repository, destination, policy)).state)
    assert states[0] == f"git:{commit}"
    assert all(state.startswith(f"git:{commit}+") for state in states[1:])
    assert states[2] == states[3], "what is staged is no other content"
    assert len(set(states)) == 5
    checkout = await local(repository, destination, policy)
    assert checkout.excluded == {"lib/b.py": "deleted in the work tree"}
    git(repository, "reset", "--quiet", "--hard")
    (repository / "new.py").unlink(missing_ok=True)
    assert (await local(repository, destination, policy)).state == states[0]


async def test_folder_inside_a_repository(repository: Path, destination: Path, policy: CheckoutPolicy) -> None:
    checkout = await local(repository / "lib", destination, policy)
    assert files_of(checkout.path) == {"b.py"}
    assert checkout.state == f"git:{git(repository, 'rev-parse', 'HEAD')}"
    write(repository, {"a.py": "elsewhere\n"})
    assert (await local(repository / "lib", destination, policy)).state == checkout.state


async def test_ignored_folder_is_a_source_of_its_own(
    repository: Path, destination: Path, policy: CheckoutPolicy
) -> None:
    write(repository, {"ignored/x.py": "x = 1\n"})
    checkout = await local(repository / "ignored", destination, policy)
    assert files_of(checkout.path) == {"x.py"}
    assert checkout.state.startswith("sha256:")


async def test_repository_without_a_commit(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    git(source, "init", "--quiet")
    write(source, {"a.py": "1\n", "junk.log": "x", ".gitignore": "*.log\n"})
    checkout = await local(source, destination, policy)
    assert files_of(checkout.path) == {"a.py", ".gitignore"}
    assert checkout.state.startswith("sha256:")


async def test_folder_without_git_is_its_content(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    junk = {"node_modules/x.js": "", "pkg/__pycache__/a.pyc": "", "env/pyvenv.cfg": "", "env/lib/x.py": ""}
    write(source, {"a.py": "1\n", "pkg/b.py": "2\n", **junk})
    first = await local(source, destination, policy)
    assert files_of(first.path) == {"a.py", "pkg/b.py"}
    assert first.excluded == {
        "node_modules": "installed packages", "pkg/__pycache__": "a cache", "env": "installed packages"
    }  # fmt: skip
    assert first.state.startswith("sha256:")
    assert len(first.state) == 7 + 64
    write(source, {"node_modules/y.js": "more"})
    assert (await local(source, destination, policy)).state == first.state
    (source / "pkg" / "b.py").rename(source / "pkg" / "c.py")
    assert (await local(source, destination, policy)).state != first.state


async def test_snapshot_does_not_follow_later_changes(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(source, {"a.py": "before\n"})
    checkout = await local(source, destination, policy)
    (source / "a.py").write_text("after\n")
    assert (checkout.path / "a.py").read_text() == "before\n"
    await remove(checkout.path)
    assert not checkout.path.exists()
    await remove(checkout.path)


async def test_links_are_kept_inside_and_left_out_beyond(
    source: Path, destination: Path, policy: CheckoutPolicy, tmp_path: Path
) -> None:
    secret = write(tmp_path / "secret", {"key": "private"})
    write(source, {"a.py": "1\n", "deep/b.py": "2\n", "node_modules/c.js": "3"})
    links = {
        "inside": "deep/b.py", "absolute": str(source / "a.py"), "folder": "deep", "out": str(secret / "key"),
        "up": "../../secret/key", "away": str(secret), "broken": "nowhere", "junk": "node_modules/c.js", "self": "self",
    }  # fmt: skip
    for name, goal in links.items():
        (source / name).symlink_to(goal)
    checkout = await local(source, destination, policy)
    assert files_of(checkout.path) == {"a.py", "deep/b.py", "inside", "absolute", "folder"}
    assert (checkout.path / "inside").read_text() == "2\n"
    assert (checkout.path / "absolute").resolve() == (checkout.path / "a.py").resolve()
    leaving = {name for name, reason in checkout.excluded.items() if reason == "a symbolic link that leaves the source"}
    assert leaving == {"out", "up", "away"}
    assert checkout.excluded["broken"] == checkout.excluded["junk"] == "a symbolic link to nothing in the checkout"
    assert checkout.excluded["self"] == "a symbolic link that leads in a circle"


async def test_tracked_file_behind_a_link_that_leaves_is_left_out(
    repository: Path, destination: Path, policy: CheckoutPolicy, tmp_path: Path
) -> None:
    secret = write(tmp_path / "secret", {"b.py": "private"})
    (repository / "lib" / "b.py").unlink()
    (repository / "lib").rmdir()
    (repository / "lib").symlink_to(secret)
    checkout = await local(repository, destination, policy)
    assert not (destination / "lib").exists()
    assert "private" not in "".join(path.read_text() for path in checkout.path.rglob("*") if path.is_file())
    assert checkout.excluded["lib"] == "a symbolic link that leaves the source"


async def test_what_cannot_be_copied_is_said(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(source, {"a.py": "1\n", "big.bin": b"\0" * 5000})
    os.mkfifo(source / "pipe")
    (Path(os.fsdecode(os.fsencode(source) + b"/bad\xff.py"))).write_text("x")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(source)
        listening.bind("socket")
        os.chdir(here)
        checkout = await local(source, destination, replace(policy, max_file_bytes=4000))
    assert files_of(checkout.path) == {"a.py"}
    assert checkout.excluded == {
        "big.bin": "larger than 4000 bytes", "pipe": "not a regular file", "socket": "not a regular file",
        "bad\N{REPLACEMENT CHARACTER}.py": "its name is not valid UTF-8",
    }  # fmt: skip


async def test_submodules_and_nested_clones_are_said(
    repository: Path, destination: Path, policy: CheckoutPolicy
) -> None:
    nested = repository / "nested"
    nested.mkdir()
    git(nested, "init", "--quiet")
    write(nested, {"n.py": "1\n"})
    git(nested, "add", "--all")
    git(nested, "commit", "--quiet", "-m", "nested")
    checkout = await local(repository, destination, policy)
    assert checkout.excluded == {"nested": "a git repository of its own (a submodule or a nested clone)"}
    assert checkout.state == f"git:{git(repository, 'rev-parse', 'HEAD')}"


async def test_nothing_of_a_hostile_repository_runs(
    repository: Path, destination: Path, policy: CheckoutPolicy, tmp_path: Path
) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    write(repository, {".gitattributes": "* filter=evil diff=evil text eol=crlf\n", "a.py": "print(3)\n"})
    for setting in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
                    "core.sshCommand", "core.pager", "diff.external", "diff.evil.textconv", "core.editor"):  # fmt: skip
        git(repository, "config", setting, str(trap))
    for hook in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        write(repository / ".git" / "hooks", {hook: trap.read_text()})
        (repository / ".git" / "hooks" / hook).chmod(0o755)
    checkout = await local(repository, destination, policy)
    assert "+" in checkout.state
    assert (checkout.path / "a.py").read_bytes() == b"print(3)\n"
    again = await fetched(repository.as_uri(), destination, policy)
    assert (again.path / "a.py").read_bytes() == b"print(1)\n"
    assert not (tmp_path / "sprung").exists()


async def test_fetched_revisions(repository: Path, destination: Path, policy: CheckoutPolicy) -> None:
    first = git(repository, "rev-parse", "HEAD")
    git(repository, "tag", "v1")
    write(repository, {"a.py": "print(2)\r\n", "link": "", ".gitattributes": "*.py text eol=lf export-subst ident\n"})
    (repository / "link").unlink()
    (repository / "link").symlink_to("/etc/passwd")
    git(repository, "add", "--all")
    git(repository, "-c", "core.autocrlf=false", "commit", "--quiet", "-m", "second")
    second = git(repository, "rev-parse", "HEAD")
    git(repository, "branch", "feature/x", first)
    url = repository.as_uri()
    for revision, commit in ((None, second), ("v1", first), ("feature/x", first), (first, first), ("main", second)):
        checkout = await fetched(url, destination, policy, revision)
        assert checkout.state == f"git:{commit}", revision
    assert checkout.excluded == {"link": "a symbolic link that leaves the source"}
    assert files_of(checkout.path) == {"a.py", "lib/b.py", ".gitignore", ".gitattributes", "run.sh"}
    assert os.access(checkout.path / "run.sh", os.X_OK)
    assert list(destination.parent.iterdir()) == [destination]


@pytest.mark.parametrize("revision", ["nowhere", "0" * 40, "v1.2.3"])
async def test_unknown_revision(repository: Path, destination: Path, policy: CheckoutPolicy, revision: str) -> None:
    with pytest.raises(
        SourceUnavailable, match=f"has no revision '{revision}': name a branch, a tag or a full commit id"
    ):
        await fetched(repository.as_uri(), destination, policy, revision)
    assert list(destination.parent.iterdir()) == []


@pytest.mark.parametrize("revision", ["--upload-pack=touch x", "a..b", "a:b", "+main", "^main", "", "a b"])
async def test_revision_that_is_none(
    repository: Path, destination: Path, policy: CheckoutPolicy, revision: str
) -> None:
    with pytest.raises(SourceUnavailable, match="is no revision"):
        await fetched(repository.as_uri(), destination, policy, revision)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ext::sh -c 'touch x'", "Git URLs of the kind 'ext::' are not allowed"),
        ("http://host/x.git", "Git URLs of the kind 'http' are not allowed"),
        ("git://host/x.git", "Git URLs of the kind 'git' are not allowed"),
        ("https://", "names no host or no repository"),
        ("https://host", "names no host or no repository"),
        ("ssh://-oProxyCommand=touch/x", "names no host or no repository"),
        ("relative/path", "is no git URL"),
        ("--upload-pack=touch", "is no git URL"),
        ("file:///etc", "is outside the allowed folders"),
        ("/etc", "is outside the allowed folders"),
        ("https://[broken/x", "cannot be read"),
    ],
)
async def test_address_that_is_not_allowed(url: str, says: str, destination: Path, policy: CheckoutPolicy) -> None:
    with pytest.raises(SourceUnavailable) as refused:
        await fetched(url, destination, policy)
    assert says in str(refused.value)


async def test_unreachable_url_is_said_without_its_password(destination: Path, policy: CheckoutPolicy) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceUnavailable) as refused:
        await fetched(f"https://me:secret@127.0.0.1:{port}/x.git", destination, policy)
    assert str(refused.value).startswith(f"https://127.0.0.1:{port}/x.git cannot be fetched")
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_silent_server_is_given_up(destination: Path, policy: CheckoutPolicy) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/x.git"
        with pytest.raises(SourceUnavailable, match="did not finish within 1 seconds"):
            await fetched(url, destination, replace(policy, timeout=timedelta(seconds=1)))


@pytest.mark.parametrize(
    ("location", "says"),
    [
        ("sources/nowhere", "does not exist: correct the path of the source"),
        ("sources/app/a.py", "is a file: name the folder that contains it"),
        ("sources/empty", "holds no file that can be analysed"),
        ("elsewhere", "is outside the allowed folders"),
        ("sources/../elsewhere", "is outside the allowed folders"),
        ("sources/way-out", "is outside the allowed folders"),
        ("sources/app\0x", "is not a path that can be read"),
    ],
)
async def test_folder_that_cannot_be_a_source(
    location: str, says: str, source: Path, destination: Path, policy: CheckoutPolicy, tmp_path: Path
) -> None:
    write(source, {"a.py": "1\n"})
    write(tmp_path / "elsewhere", {"a.py": "1\n"})
    (tmp_path / "sources" / "empty").mkdir()
    (tmp_path / "sources" / "way-out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceUnavailable) as refused:
        await local(f"{tmp_path}/{location}", destination, policy)
    assert says in str(refused.value)
    assert not destination.exists()


async def test_dubious_ownership_says_what_to_do(
    repository: Path, destination: Path, policy: CheckoutPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend = "GIT_TEST_ASSUME_DIFFERENT_OWNER"  # git's own way of trying this without another user
    monkeypatch.setenv(pretend, "1")
    monkeypatch.setattr(agents.checkout.git, "PASSED_ON", (pretend,))
    with pytest.raises(SourceUnavailable) as refused:
        await local(repository / "lib", destination, policy)
    assert f"run `git config --global --add safe.directory {repository}`" in str(refused.value)


async def test_very_deep_tree_is_cut_and_can_be_removed(
    repository: Path, destination: Path, policy: CheckoutPolicy
) -> None:
    here = Path.cwd()
    os.chdir(repository)
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")
    Path("deep.py").write_text("1\n")
    os.chdir(here)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "deep")
    for made in (await local(repository, destination, policy), await fetched(repository.as_uri(), destination, policy)):
        assert set(made.excluded.values()) == {"nested too deeply"}
        assert "a.py" in files_of(made.path)
    await remove(destination)
    await remove(repository)
    assert list(destination.parent.iterdir()) == []
    assert not repository.exists()


async def test_limits_on_size(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(source, {f"{n}.txt": os.urandom(1000) for n in range(20)})
    with pytest.raises(SourceUnavailable, match=r"is larger than 9000 bytes.*WRENCHAI_MAX_CHECKOUT_BYTES"):
        await local(source, destination, replace(policy, max_bytes=9000))
    with pytest.raises(SourceUnavailable, match="holds more than 10 files"):
        await local(source, destination, replace(policy, max_files=10))
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "large")
    with pytest.raises(SourceUnavailable, match=r"is larger than 9000 bytes.*WRENCHAI_MAX_CHECKOUT_BYTES"):
        await fetched(source.as_uri(), destination, replace(policy, max_bytes=9000))
    assert list(destination.parent.iterdir()) == []


async def test_cancel_leaves_nothing(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(source, {f"{n}.py": "x = 1\n" * 1000 for n in range(2000)})
    copying = asyncio.create_task(local(source, destination, policy))
    async with asyncio.timeout(20):
        while not (destination / "0.py").exists():
            await asyncio.sleep(0.001)
    copying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await copying
    assert not destination.exists()


async def test_three_thousand_files_are_quick(source: Path, destination: Path, policy: CheckoutPolicy) -> None:
    write(source, {f"d{n % 50}/f{n}.py": f"value = {n}\n" * 200 for n in range(3000)})
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "many")
    begun = time.monotonic()
    checkout = await local(source, destination, policy)
    took = time.monotonic() - begun
    assert checkout.state == f"git:{git(source, 'rev-parse', 'HEAD')}"
    assert took < 10, f"{took:.1f} s"
