"""Log lines: their form, their ids, and what must never be in them."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from dbos._logger import init_logger

from agents.runtime.engine import log_through_root
from domain.redaction import Redactor, redact_text
from server.logging import bound_ids, configure_logging, hide_in_log
from server.settings import LogFormat


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_those_of_libraries_are_json() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    structlog.stdlib.get_logger("ours").info("started", port=8000)
    logging.getLogger("theirs").warning("slow by %d", 3)
    ours, theirs = lines(stream)
    assert (ours["event"], ours["port"], ours["level"], ours["logger"]) == ("started", 8000, "info", "ours")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("slow by 3", "warning", "theirs")
    assert ours["timestamp"].endswith("Z")


def test_exception_is_one_line() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    try:
        raise ValueError("postgresql://me:hush@h/d")
    except ValueError:
        structlog.stdlib.get_logger().exception("failed")
    (line,) = lines(stream)
    assert "ValueError" in line["exception"]
    assert "hush" not in stream.getvalue()


def test_away_from_a_terminal_auto_is_json_and_console_is_not() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.AUTO, stream=stream)
    structlog.stdlib.get_logger().info("a")
    assert lines(stream)[0]["event"] == "a"
    stream = io.StringIO()
    configure_logging(LogFormat.CONSOLE, stream=stream)
    structlog.stdlib.get_logger().info("readable", token="hush")
    assert "readable" in stream.getvalue()
    assert "hush" not in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        lines(stream)


def test_level_and_quiet_libraries() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, "info", stream=stream)
    structlog.stdlib.get_logger("ours").debug("no")
    logging.getLogger("httpx").info("no")
    logging.getLogger("httpx").warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_lines_of_the_engine_take_our_form() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    init_logger()
    assert logging.getLogger("dbos").handlers
    log_through_root()
    logging.getLogger("dbos").warning("slow by %d", 3)
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("slow by 3", "dbos", "warning")


async def test_ids_are_bound_to_a_task_and_its_children_only() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    log = structlog.stdlib.get_logger()

    async def work(request: str) -> None:
        with bound_ids(request_id=request, trace_id="t"):
            await asyncio.sleep(0)
            with bound_ids(execution_id="e"):
                await asyncio.create_task(asyncio.to_thread(log.info, "inside"))
            log.info("after")

    await asyncio.gather(work("1"), work("2"))
    log.info("outside")
    logged = lines(stream)
    for request in ("1", "2"):
        inside, after = (line for line in logged if line.get("request_id") == request)
        assert (inside["event"], inside["execution_id"], inside["trace_id"]) == ("inside", "e", "t")
        assert "execution_id" not in after
    assert "request_id" not in logged[-1]


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hush"},
        {"headers": {"Authorization": "hush", "cookie": "hush"}},
        {"url": "postgresql+asyncpg://me:hush@db/d"},
        {"items": [{"api_key": "hush"}, "https://h/?token=hush&x=1"]},
        {"note": "sent Bearer hushhushhush along"},
        {"key": "wr_pat_hush-hush"},
        {"access_tokens": ["hush"]},
    ],
)
def test_secrets_are_taken_out(fields: dict[str, Any]) -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    structlog.stdlib.get_logger().info("said", **fields)
    assert "hush" not in stream.getvalue()
    assert "********" in stream.getvalue()


def test_harmless_text_stays() -> None:
    text = "GET https://host:8000/a@b?x=1 took 3 ms; tokens=5, see user@example.org"
    assert redact_text(text) == text


class Terminal(io.StringIO):
    """A stream at which somebody sits."""

    def isatty(self) -> bool:
        return True


FORMS = [
    pytest.param(LogFormat.JSON, io.StringIO, id="json"),
    pytest.param(LogFormat.CONSOLE, io.StringIO, id="console"),
    pytest.param(LogFormat.AUTO, Terminal, id="terminal"),
]


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_an_exception_shows_no_variables_and_no_secrets_of_its_message(
    form: LogFormat, kind: type[io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.logging._redactor", Redactor())
    stream = kind()
    configure_logging(form, stream=stream)
    token, known = "wr_local_hushhush", "known hush value"
    hide_in_log(known)

    def handle(headers: dict[str, str], value: str) -> None:
        try:
            raise ValueError(f"cannot store {value}")
        except ValueError as error:
            raise RuntimeError(f"refused with {headers['authorization']} and {token}") from error

    def fail(log: Callable[[str], None]) -> None:
        try:
            handle({"authorization": f"Bearer {token}"}, known)
        except RuntimeError:
            log("failed")

    fail(structlog.stdlib.get_logger("ours").exception)
    fail(logging.getLogger("theirs").exception)
    said = stream.getvalue()
    assert said.count("RuntimeError: refused with Bearer") == 2
    assert said.count("ValueError: cannot store ********") == 2
    assert "hush" not in said
    assert said.count("\n") < 60


@pytest.mark.parametrize(("form", "kind"), FORMS)
def test_an_exception_in_a_field_is_redacted_as_a_text_is(form: LogFormat, kind: type[io.StringIO]) -> None:
    stream = kind()
    configure_logging(form, stream=stream)
    structlog.stdlib.get_logger().warning("again", cause=OSError("Bearer hushhushhush"), count=3, ok=True, none=None)
    assert "hush" not in stream.getvalue()
    assert "********" in stream.getvalue()


def test_numbers_in_fields_stay_numbers() -> None:
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    structlog.stdlib.get_logger().info("counted", count=3, seconds=0.5, ok=True, none=None)
    (line,) = lines(stream)
    assert (line["count"], line["seconds"], line["ok"], line["none"]) == (3, 0.5, True, None)
