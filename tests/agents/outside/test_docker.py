"""The tools for Docker: the real package, against a server on a Unix socket that speaks the documented API."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from pydantic import ValidationError

from agents.contract import AgentFailure, Services, ToolFailure
from agents.process_family import owner_name
from agents.tools.docker.daemon import daemon
from agents.tools.docker.models import RunArguments
from agents.tools.docker.orphans import OWNER, daemon_set_up, remove_left_containers
from agents.tools.docker.reading import Docker
from agents.tools.docker.running import DockerRun
from domain.states import ToolCallState
from tests.agents.outside.conftest import Bench
from tests.agents.outside.docker_engine import DockerEngine


@pytest.fixture
async def engine(bench: Bench, tmp_path: Path) -> AsyncIterator[DockerEngine]:
    engine = DockerEngine()
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        config = uvicorn.Config(engine.app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        bench.services = Services(docker_url=f"unix://{path}")
        try:
            yield engine
        finally:
            server.should_exit = True
            await task


async def ask(bench: Bench, kind: str, **question: Any) -> Any:
    return await bench.call(Docker, question={"kind": kind, **question})


async def test_containers_images_and_logs(bench: Bench, engine: DockerEngine) -> None:
    answer = await ask(bench, "list_containers", all=True)
    assert answer.daemon_version == "29.1.0"
    [container] = answer.containers
    assert (container.names, container.image, container.state) == (["shop-web"], "nginx:1.29", "running")
    assert container.ports == ["127.0.0.1:8080->80/tcp"]
    [image] = (await ask(bench, "list_images")).images
    assert (image.id, image.tags, image.size) == ("0123456789ab", ["alpine:3.22"], 8_000_000)
    logs = (await ask(bench, "logs", container="shop-web")).logs
    assert (logs.text, logs.truncated) == ("out one\nerr one\nout two\n", False)
    cut = (await ask(bench, "logs", container="shop-web", max_bytes=7)).logs
    assert (cut.text, cut.truncated) == ("out one", True)


async def test_inspecting_shows_no_value_of_the_environment(bench: Bench, engine: DockerEngine) -> None:
    found = (await ask(bench, "inspect", container="3f1c3f1c")).container
    assert found.environment == ["PASSWORD", "PATH"]
    assert "sesame" not in found.model_dump_json()
    assert (found.name, found.health, found.restarts, found.exit_code) == ("shop-web", "healthy", 2, None)
    assert (found.memory_limit, found.cpus, found.pids_limit) == (2**28, 0.5, 100)
    assert found.command == ["nginx", "-g", "daemon off;"]
    assert found.ports == ["127.0.0.1:8080->80/tcp", "443/tcp"]
    assert found.networks == {"bridge": "172.17.0.2"}
    with pytest.raises(ToolFailure, match=r"refuses it \(status 404\): No such container: nothing\.$"):
        await ask(bench, "inspect", container="nothing")


@pytest.mark.parametrize(
    "wrong",
    [
        {"question": {"kind": "stop", "container": "x"}},
        {"question": {"kind": "logs", "container": "../images"}},
        {"question": {"kind": "logs", "container": "x", "tail": 0}},
    ],
)
def test_what_is_no_question_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Docker.arguments_model.model_validate(wrong)


async def test_without_a_daemon_it_says_what_to_do(bench: Bench, tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/none.sock", "tcp://127.0.0.1:9"):
        bench.services = Services(docker_url=url)
        for tool, arguments in (
            (Docker, {"question": {"kind": "list_images"}}),
            (DockerRun, {"image": "alpine:3.22"}),
        ):
            with pytest.raises(ToolFailure, match=f"No Docker daemon answers at {url} .*WRENCHAI_DOCKER_URL"):
                await bench.call(tool, **arguments)
            assert bench.calls[-1].state is ToolCallState.FAILED


async def test_an_image_runs_within_limits_and_is_gone_afterwards(bench: Bench, engine: DockerEngine) -> None:
    done = await bench.call(
        DockerRun, image="alpine:3.22", command=["7"], environment={"A": "b"}, cpus=0.5, max_memory=2**26
    )
    assert (done.exit_code, done.stdout, done.stderr) == (7, "out one\nout two\n", "err one\n")
    assert (done.truncated, done.exceeded) == (False, None)
    [made] = engine.created
    host = made["HostConfig"]
    assert (made["Image"], made["Cmd"], made["Env"], made["NetworkDisabled"]) == ("alpine:3.22", ["7"], ["A=b"], True)
    assert (host["NetworkMode"], host["NanoCpus"], host["PidsLimit"]) == ("none", 500_000_000, 256)
    assert host["Memory"] == host["MemorySwap"] == 2**26
    assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges:true"])
    assert "Binds" not in host
    assert list(engine.containers) == ["shop-web"]
    assert bench.calls[0].exit_code == 7
    killed = await bench.call(DockerRun, image="alpine:3.22", command=["oom"])
    assert (killed.exceeded, killed.exit_code) == ("memory", 137)
    cut = await bench.call(DockerRun, image="alpine:3.22", max_output=3)
    assert (cut.stdout, cut.truncated) == ("out", True)


async def test_one_that_does_not_end_is_ended(bench: Bench, engine: DockerEngine) -> None:
    done = await bench.call(DockerRun, image="alpine:3.22", command=["sleep"], timeout_seconds=1)
    assert (done.exceeded, done.exit_code, done.stdout) == ("time", None, "out one\nout two\n")
    assert list(engine.containers) == ["shop-web"]


async def test_a_call_that_is_cancelled_leaves_no_container(bench: Bench, engine: DockerEngine) -> None:
    calling = asyncio.create_task(bench.call(DockerRun, image="alpine:3.22", command=["sleep"], timeout_seconds=600))
    await engine.running.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert list(engine.containers) == ["shop-web"]


@pytest.mark.parametrize("image", ["silent", "slow"])
async def test_fetching_an_image_ends_with_the_call(bench: Bench, engine: DockerEngine, image: str) -> None:
    calling = asyncio.create_task(bench.call(DockerRun, image=image, pull=True, timeout_seconds=1_800))
    await engine.pulling.wait()
    calling.cancel()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await calling
        await engine.gave_up.wait()
    assert (engine.created, list(engine.containers)) == ([], ["shop-web"])


async def test_fetching_an_image_counts_as_the_time_of_the_call(bench: Bench, engine: DockerEngine) -> None:
    with pytest.raises(ToolFailure, match="silent was not started within 1 seconds"):
        await bench.call(DockerRun, image="silent", pull=True, timeout_seconds=1)
    await engine.gave_up.wait()


async def test_what_a_killed_worker_left_is_removed_by_the_next_call_and_worker(
    bench: Bench, engine: DockerEngine
) -> None:
    here = socket.gethostname()
    labels = {
        "gone": f"{here} 999999999:1.00",
        "elsewhere": "another-host 999999999:1.00",
        "ours": f"{here} {owner_name()}",
    }
    for remove in (bench.call(DockerRun, image="alpine:3.22"), remove_left_containers(bench.services)):
        for number, (name, owner) in enumerate(labels.items()):
            config = {"Image": "alpine:3.22", "Labels": {OWNER: owner}}
            engine.containers[name] = {**engine.containers["shop-web"], "Id": f"{number:064d}", "Config": config}
        await remove
        assert sorted(engine.containers) == ["elsewhere", "ours", "shop-web"]


@pytest.mark.verify
async def test_a_worker_that_starts_removes_what_a_killed_one_has_left(
    bench: Bench, engine: DockerEngine, data_dir: Path
) -> None:
    config = {"Image": "alpine:3.22", "Labels": {OWNER: f"{socket.gethostname()} 999999999:1.00"}}
    engine.containers["gone"] = {**engine.containers["shop-web"], "Id": "0" * 64, "Config": config}
    own = data_dir.with_name("docker")
    assert bench.services.docker_url is not None
    variables = {"WRENCHAI_DATA_DIR": str(own), "WRENCHAI_PORT": "0", "WRENCHAI_DOCKER_URL": bench.services.docker_url}
    up = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("wrenchai"),
        "up",
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(150):
            while list(engine.containers) != ["shop-web"]:
                assert up.returncode is None
                await asyncio.sleep(0.05)
    finally:
        up.send_signal(signal.SIGINT)
        _, said = await up.communicate()
    assert up.returncode in {0, 130}, said.decode()


def test_workers_look_after_a_daemon_only_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.docker.orphans.DEFAULT", f"unix://{tmp_path}/docker.sock")
    assert not daemon_set_up(Services())
    assert daemon_set_up(Services(docker_url="tcp://127.0.0.1:9"))
    (tmp_path / "docker.sock").touch()
    assert daemon_set_up(Services())
    monkeypatch.setattr("agents.tools.docker.daemon.find_spec", lambda _: None)
    assert not daemon_set_up(Services(docker_url="tcp://127.0.0.1:9"))


async def test_images_are_fetched_only_when_that_is_asked_for(bench: Bench, engine: DockerEngine) -> None:
    with pytest.raises(ToolFailure, match="There is no image debian: ask with pull, or run `docker pull debian`"):
        await bench.call(DockerRun, image="debian")
    engine.images.add("debian")
    assert (await bench.call(DockerRun, image="debian", pull=True)).exit_code == 0
    assert (await bench.call(DockerRun, image="quay.io:443/a/b", pull=True)).exit_code is not None
    for image, says in (
        ("nothing", "cannot be fetched: manifest for nothing:latest not found"),
        ("private", r"refuses it \(status 404\): pull access denied for private:latest"),
        ("a.b-/c", "names no image"),
    ):
        with pytest.raises(ToolFailure, match=says):
            await bench.call(DockerRun, image=image, pull=True)


async def test_of_one_with_a_network_that_was_lost_nobody_knows(bench: Bench, engine: DockerEngine) -> None:
    engine.lose = True
    with pytest.raises(ToolFailure, match="status 502"):
        await bench.call(DockerRun, image="alpine:3.22", command=["sleep"])
    assert {call.state for call in bench.calls} == {ToolCallState.FAILED}
    with pytest.raises(AgentFailure):
        await bench.call(DockerRun, image="alpine:3.22", command=["sleep"], network=True)
    assert bench.calls[-1].state is ToolCallState.UNCERTAIN
    assert engine.created[-1]["HostConfig"]["NetworkMode"] == "bridge"
    assert list(engine.containers) == ["shop-web"]


@pytest.mark.parametrize(
    "wrong", [{}, {"image": "--privileged"}, {"image": "a", "cpus": 0}, {"image": "a", "max_memory": 1}]
)
def test_what_cannot_be_run_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RunArguments.model_validate(wrong)


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.tools.docker.daemon.find_spec", lambda _: None)
    with pytest.raises(ToolFailure, match=r"pip install 'wrenchai\[docker\]'"), daemon(Services(), 1):
        pass
    assert "wrenchai[docker]" in (Docker.missing() or "")
