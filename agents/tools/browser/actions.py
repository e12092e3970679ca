"""What a browser can be told to do, one after the other, and what each of it answers."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

MOST_TEXT = 200_000

Selector = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2_000,
        description='Which element: CSS, `text=Sign in`, `role=button[name="Save"]` or XPath, as Playwright takes it.',
    ),
]


class Settled(StrEnum):
    """How much of a page is waited for."""

    COMMIT = "commit"
    CONTENT = "domcontentloaded"
    LOAD = "load"


class Navigate(BaseModel):
    """Go to an address."""

    kind: Literal["navigate"] = "navigate"
    url: str = Field(max_length=8_000, description="An http or https URL.")
    until: Settled = Field(Settled.LOAD, description="Its answer alone, its document, or all that it loads.")

    @field_validator("url")
    @classmethod
    def _web(cls, value: str) -> str:
        if not value.lower().startswith(("http://", "https://")):
            raise ValueError("it is not an http or https URL")
        return value


class Click(BaseModel):
    """Click an element."""

    kind: Literal["click"] = "click"
    selector: Selector


class Fill(BaseModel):
    """Write into a field, in place of what is there."""

    kind: Literal["fill"] = "fill"
    selector: Selector
    value: str | None = Field(None, max_length=100_000, description="The text.")
    credential: str | None = Field(
        None,
        max_length=200,
        description="Instead of a text the name of a secret of the workspace. Only for browser_write, and only on "
        "pages of an origin that a `navigate` of the same call names; in a frame, its origin counts.",
    )

    @model_validator(mode="after")
    def _one(self) -> Fill:
        if (self.value is None) == (self.credential is None):
            raise ValueError("give either value or credential")
        return self


class Press(BaseModel):
    """Press a key while an element has the focus."""

    kind: Literal["press"] = "press"
    selector: Selector
    key: str = Field(min_length=1, max_length=100, description="Such as `Enter` or `Control+A`.")


class Select(BaseModel):
    """Choose options of a list by their value or label."""

    kind: Literal["select"] = "select"
    selector: Selector
    options: list[str] = Field(min_length=1, max_length=100)


class WaitFor(BaseModel):
    """Wait until an element is there, or gone."""

    kind: Literal["wait_for"] = "wait_for"
    selector: Selector
    state: Literal["visible", "hidden", "attached", "detached"] = "visible"


class Extract(BaseModel):
    """Read the text and attributes of all elements that fit."""

    kind: Literal["extract"] = "extract"
    selector: Selector
    attributes: list[str] = Field(default_factory=list, max_length=50, description="Names of attributes to read.")
    limit: int = Field(100, ge=1, le=1_000, description="Elements that are answered at most.")


class ReadText(BaseModel):
    """Read the text of the page as a person sees it."""

    kind: Literal["text"] = "text"
    limit: int = Field(20_000, ge=1, le=MOST_TEXT, description="Characters that are answered at most.")


class Screenshot(BaseModel):
    """Take a picture of the page or of an element."""

    kind: Literal["screenshot"] = "screenshot"
    selector: Selector | None = Field(None, description="Only this element.")
    full_page: bool = Field(False, description="All of the page, and not what fits into the window.")


class Accessibility(BaseModel):
    """Read the accessibility tree: roles, names and states, as a screen reader tells them."""

    kind: Literal["accessibility"] = "accessibility"
    selector: Selector | None = Field(None, description="Only below this element.")


Action = Annotated[
    Navigate | Click | Fill | Press | Select | WaitFor | Extract | ReadText | Screenshot | Accessibility,
    Field(discriminator="kind"),
]


class Done(BaseModel):
    """An action without an answer of its own was done."""

    kind: Literal["click", "fill", "press", "select", "wait_for"]
    url: str = Field(description="Of the page afterwards.")


class Navigated(BaseModel):
    """The page that is there now."""

    kind: Literal["navigate"] = "navigate"
    url: str = Field(description="Where it is, after redirects.")
    status: int | None
    title: str
    finished: bool = Field(description="What was waited for came. Otherwise the page is as far as it got in that time.")


class Element(BaseModel):
    """One element."""

    text: str
    attributes: dict[str, str | None]


class Extracted(BaseModel):
    """What fits, in the order of the page."""

    kind: Literal["extract"] = "extract"
    elements: list[Element]
    count: int = Field(description="How many fit, those that are left out included.")


class Text(BaseModel):
    """The text of the page."""

    kind: Literal["text"] = "text"
    text: str
    truncated: bool


class Picture(BaseModel):
    """A PNG, which is an artifact of the execution."""

    kind: Literal["screenshot"] = "screenshot"
    artifact: str = Field(description="Its name among the artifacts.")
    sha256: str
    size: int


class Tree(BaseModel):
    """The accessibility tree, as YAML."""

    kind: Literal["accessibility"] = "accessibility"
    tree: str
    truncated: bool


class Failed(BaseModel):
    """An action that could not be done; those behind it were not tried."""

    kind: Literal["failed"] = "failed"
    action: str = Field(description="Its kind.")
    error: str


ActionResult = Annotated[Done | Navigated | Extracted | Text | Picture | Tree | Failed, Field(discriminator="kind")]
