"""What this machine offers: the port, the tools of the agents and a sandbox."""

from __future__ import annotations

import asyncio
import errno
import socket

import psutil

from agents.sandbox.probe import INSTALL, probe_sandbox
from agents.toolbox import KNOWN_TOOLS, Toolbox, install_hint
from server.diagnosis.check import Check, failure, ok, warning
from server.settings import Settings

NEEDS_A_SANDBOX = "running tests, builds and other code of a source"


def check_port(settings: Settings) -> Check:
    """Whether the port is free, and who has it otherwise."""
    name = "port"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                holder = port_holder(settings.port)
                if "wrenchai" in holder:
                    return ok(name, f"{settings.port} is served by {holder}")
                return failure(name, f"{settings.port} is taken by {holder}", "end it, or set WRENCHAI_PORT to another")
            return failure(name, f"{settings.port} cannot be used ({error.strerror})", "set WRENCHAI_PORT to another")
    return ok(name, f"{settings.port} is free")


def port_holder(port: int) -> str:
    """Who listens on a port, as far as this user may know."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        listening = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listening and connection.pid is not None:
            try:
                process = psutil.Process(connection.pid)
                ours = any("wrenchai" in part for part in process.cmdline()[:3])
                return f"{'wrenchai' if ours else process.name()} (pid {process.pid})"
            except psutil.Error:
                break
    return "another program"


async def check_tools() -> list[Check]:
    """The tools of the agents, each with its version."""
    found = await Toolbox().survey()
    return [
        ok(f"tool {name}", f"{tool.version}, {KNOWN_TOOLS[name].purpose}")
        if tool
        else warning(f"tool {name}", f"missing: no {KNOWN_TOOLS[name].purpose}", install_hint(name))
        for name, tool in found.items()
    ]


async def check_sandbox(settings: Settings) -> Check:
    """Whether a sandbox really runs something, or what will be refused."""
    name = "sandbox"
    probe = await asyncio.to_thread(probe_sandbox, settings.sandbox.value)
    if probe.name:
        passed_over = "".join(f"; passed over {finding}" for finding in probe.findings[:-1])
        return ok(name, f"{NEEDS_A_SANDBOX} happens in {probe.name}{passed_over}")
    if settings.sandbox.value == "none":
        return warning(name, f"switched off: {NEEDS_A_SANDBOX} is refused", "unset WRENCHAI_SANDBOX")
    tried = "; ".join(probe.findings)
    return warning(name, f"{tried}: {NEEDS_A_SANDBOX} is refused, audits work", INSTALL)
