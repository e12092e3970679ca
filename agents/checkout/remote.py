"""The snapshot of a git URL: one commit, fetched without history and laid out without running a filter."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from agents.checkout.address import Address, allowed_address
from agents.checkout.git import git, names
from agents.checkout.policy import CheckoutPolicy, SourceUnavailable
from agents.checkout.removal import remove
from agents.checkout.snapshot import Copier, Snapshot, copy_in_thread
from agents.processes import ProcessResult

REVISION = re.compile(r"[A-Za-z0-9_][\w./+@-]*")
RAW = "* -text -eol -filter -ident -working-tree-encoding\n"
"""Attributes that make git write each file as it is stored; they outrank the repository's own."""

REFUSALS = (
    (
        r"couldn't find remote ref|not our ref|no such remote ref",
        "has no revision {revision}: name a branch, a tag or a full commit id",
    ),
    (
        r"could not resolve host|name or service not known",
        "cannot be reached because its host is unknown: correct the URL",
    ),
    (
        r"authentication failed|could not read (username|password)|permission denied|error: 403",
        "asks for credentials: give git on this machine access to it",
    ),
    (r"host key verification failed", "has a host key that is not known here: connect once with ssh to accept it"),
    (
        r"dubious ownership",
        "belongs to another user: if you trust it, run `git config --global --add safe.directory {path}`",
    ),
    (
        r"repository .*not found|does not appear to be a git repository|error: 404",
        "is not a git repository: correct the URL",
    ),
    (r"transport .* not allowed", "leads to a kind of address that is not allowed: see WRENCHAI_GIT_URL_SCHEMES"),
)
"""What git says, and how we say it."""


async def snapshot_url(url: str, revision: str | None, destination: Path, policy: CheckoutPolicy) -> Snapshot:
    """Fetch a branch, tag or full commit id (or the default branch) into the existing, empty ``destination``.

    Raises:
        SourceUnavailable: a kind of URL that is not allowed, no answer, no such revision, no file, or too large.
    """
    address = allowed_address(url, policy)
    if revision is not None and (not REVISION.fullmatch(revision) or ".." in revision):
        raise SourceUnavailable(f"{revision!r} is no revision: name a branch, a tag or a full commit id.")
    work = destination.with_name(destination.name + ".fetch")
    try:
        return await _snapshot(address, revision, work, destination, policy)
    finally:
        await remove(work)


async def _snapshot(
    address: Address, revision: str | None, work: Path, destination: Path, policy: CheckoutPolicy
) -> Snapshot:
    store, tree = work / "store", work / "tree"
    store.mkdir(parents=True)
    tree.mkdir()
    await git(["init", "--quiet", "--bare", "--template=", "."], cwd=store)
    commit = await _fetch(address, revision, store, policy)
    paths = await _listed(address, commit, store, policy)
    (store / "info").mkdir(exist_ok=True)
    (store / "info" / "attributes").write_text(RAW)
    if paths:
        arguments = [f"--git-dir={store}", f"--work-tree={tree}", "checkout", "--quiet", "--force", commit, "--", "."]
        laid_out = await git(arguments, cwd=tree, timeout=policy.timeout)
        if laid_out.exit_code:
            raise SourceUnavailable(f"Git could not lay out {address.shown}: {_last_line(laid_out)}.")
    copier = Copier(tree.resolve(), destination, policy)
    await copy_in_thread(copier, paths)
    if not copier.blobs:
        raise SourceUnavailable(f"{address.shown} holds no file that can be analysed: name another revision.")
    return Snapshot(f"git:{commit}", copier.excluded)


async def _fetch(address: Address, revision: str | None, store: Path, policy: CheckoutPolicy) -> str:
    options = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-commit-graph"]
    arguments = [*options, "--", address.url, revision or "HEAD"]
    fetching = asyncio.create_task(git(arguments, cwd=store, protocols=address.protocol, timeout=policy.timeout))
    try:
        while not (await asyncio.wait({fetching}, timeout=0.25))[0]:
            if await asyncio.to_thread(_size, store) > policy.max_bytes:
                raise _too_large(address, policy)
        fetched = fetching.result()
    finally:
        fetching.cancel()
        await asyncio.wait({fetching})
    if fetched.exit_code:
        raise SourceUnavailable(_sentence(address, revision, fetched))
    head = await git(["rev-parse", "--verify", "FETCH_HEAD^{commit}"], cwd=store)
    if head.exit_code:
        raise SourceUnavailable(
            f"{revision!r} of {address.shown} is no commit: name a branch, a tag or a full commit id."
        )
    return head.stdout.strip()


async def _listed(address: Address, commit: str, store: Path, policy: CheckoutPolicy) -> list[str]:
    listed = await git(["ls-tree", "-r", "-l", "-z", "--full-tree", commit], cwd=store)
    if listed.exit_code or listed.truncated:
        raise SourceUnavailable(f"Git could not list {address.shown}: {_last_line(listed)}.")
    entries = [entry.split("\t", 1) for entry in names(listed.stdout)]
    if sum(int(facts.split()[3]) for facts, _ in entries if facts.split()[1] == "blob") > policy.max_bytes:
        raise _too_large(address, policy)
    return [path for _, path in entries]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:
            continue  # git renames its temporary files while we look
    return total


def _too_large(address: Address, policy: CheckoutPolicy) -> SourceUnavailable:
    return SourceUnavailable(
        f"{address.shown} is larger than {policy.max_bytes} bytes: raise WRENCHAI_MAX_CHECKOUT_BYTES to read it."
    )


def _sentence(address: Address, revision: str | None, fetched: ProcessResult) -> str:
    for pattern, sentence in REFUSALS:
        if re.search(pattern, fetched.stderr, re.IGNORECASE):
            return f"{address.shown} {sentence.format(revision=repr(revision or 'HEAD'), path=address.path)}."
    return f"{address.shown} cannot be fetched ({_last_line(fetched)}): check the URL and the network."


def _last_line(result: ProcessResult) -> str:
    lines = [line for line in result.stderr.strip().splitlines() if line.strip()]
    said = lines[0] if lines else f"git ended with exit code {result.exit_code}"
    return re.sub(r"//[^/@\s]+@", "//", re.sub(r"^(fatal|error): ", "", said)).rstrip(". ")
