"""What the browser tools take and answer, and what goes between them and the program that drives the browser."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agents.tools.browser.actions import Action, ActionResult

MEBIBYTE = 2**20


class BrowserArguments(BaseModel):
    """What to do, in a browser that knows nothing from before and forgets everything afterwards."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "actions": [
                        {"kind": "navigate", "url": "https://example.org/"},
                        {"kind": "extract", "selector": "a", "attributes": ["href"]},
                        {"kind": "screenshot", "full_page": True},
                    ]
                }
            ]
        }
    )

    actions: list[Action] = Field(min_length=1, max_length=100, description="What to do, one after the other.")
    timeout_seconds: float = Field(
        60, gt=0, le=300, description="How long all of it may take, once the browser is there."
    )
    load_seconds: float = Field(15, gt=0, le=120, description="How long a page is waited for, and an element.")
    dialogs: Literal["dismiss", "accept"] = Field("dismiss", description="What is answered to a question of the page.")
    width: int = Field(1280, ge=200, le=4_000, description="Of the window, in pixels.")
    height: int = Field(800, ge=200, le=4_000, description="Of the window, in pixels.")
    max_download_bytes: int = Field(
        8 * MEBIBYTE, ge=0, le=64 * MEBIBYTE, description="The largest file that is kept; 0 keeps none."
    )
    max_traffic_bytes: int = Field(
        64 * MEBIBYTE, ge=MEBIBYTE, le=512 * MEBIBYTE, description="What all of it may read from the network."
    )


class Dialog(BaseModel):
    """A dialog that a page has opened. It is answered at once: nobody sits there."""

    kind: str = Field(description="`alert`, `confirm`, `prompt` or `beforeunload`.")
    message: str
    accepted: bool


class Download(BaseModel):
    """A file that a page has handed out."""

    name: str = Field(description="As the page calls it.")
    url: str
    size: int | None
    sha256: str | None
    artifact: str | None = Field(description="Its name among the artifacts of the execution; none if it was not kept.")
    problem: str | None = Field(description="Why it was not kept.")


class Blocked(BaseModel):
    """A request that was not let through."""

    method: str
    url: str
    reason: str


class Page(BaseModel):
    """The page at the end, whatever came before."""

    url: str
    title: str
    text: str = Field(description="The beginning of its text.")


class BrowserAnswer(BaseModel):
    """What came of it."""

    completed: bool = Field(description="Every action was done.")
    timed_out: bool = Field(description="The time was over; what is answered is what was there by then.")
    results: list[ActionResult] = Field(description="Of each action that was tried, in their order.")
    page: Page | None = Field(description="The page at the end.")
    dialogs: list[Dialog]
    downloads: list[Download]
    popups: list[str] = Field(description="Pages that were opened beside it; nothing is done with them.")
    blocked: list[Blocked]
    console: list[str] = Field(description="Errors that the page wrote to the console, the first 50.")
    browser_version: str


class Job(BaseModel):
    """What the program is told: by its standard input, where nobody else sees the secrets."""

    arguments: BrowserArguments
    executable: str
    proxy: str
    writes: bool
    secrets: dict[str, str]
    secret_origins: list[str]


class Outcome(BaseModel):
    """What the program answers. Of a picture and a download ``artifact`` is the name of a file in its folder."""

    answer: BrowserAnswer | None = None
    problem: str | None = Field(None, description="Why there is no answer.")
    asked: list[str] = Field(default=[], description="The places, `host:port`, that pages have asked for.")
