"""What the tools for GitHub take, and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

CREDENTIAL = (
    "The name of the workspace's secret that holds a token; none asks as anybody, which GitHub limits narrowly."
)
NAME = r"^[A-Za-z0-9._-]{1,100}$"

Owner = Annotated[str, Field(pattern=NAME, description="Who the repository belongs to.")]
Repository = Annotated[str, Field(pattern=NAME, description="The repository's name.")]
Body = Annotated[str, Field(max_length=60_000, description="The text, in Markdown.")]


class GitHubArguments(BaseModel):
    """A question by REST (``path``) or by GraphQL (``graphql``)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"path": "/repos/octocat/hello-world/issues", "query": {"state": "open"}, "pages": 2},
                {
                    "graphql": "query($name: String!) { viewer { repository(name: $name) { stargazerCount } } }",
                    "variables": {"name": "hello-world"},
                },
            ]
        }
    )

    path: str | None = Field(
        None, max_length=4_000, description="A path of the REST API that is read with GET, such as /repos/OWNER/NAME."
    )
    query: dict[str, str] = Field(default_factory=dict, description="Parameters of the path.")
    pages: int = Field(1, ge=1, le=20, description="Pages that are read at most; `next_path` leads to the rest.")
    per_page: int = Field(30, ge=1, le=100, description="Entries of a page, where the path has pages.")
    etag: str | None = Field(
        None, max_length=500, description="The etag of an earlier answer: unless it has changed, only that is said."
    )
    graphql: str | None = Field(None, max_length=50_000, description="A query of the GraphQL API, and no mutation.")
    variables: dict[str, JsonValue] = Field(default_factory=dict, description="The variables of the query.")
    credential: str | None = Field("github-token", max_length=200, description=CREDENTIAL)
    timeout_seconds: float = Field(30, gt=0, le=120, description="How long all of it may take.")

    @field_validator("path")
    @classmethod
    def _below(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme or parts.netloc or not value.startswith("/") or parts.fragment:
            raise ValueError("it is a path like /repos/OWNER/NAME, without a host")
        if any(part in {".", ".."} for part in unquote(parts.path).split("/")) or not value.isprintable():
            raise ValueError("it may not lead upwards")
        return value

    @model_validator(mode="after")
    def _one(self) -> GitHubArguments:
        if (self.path is None) == (self.graphql is None):
            raise ValueError("give either path or graphql")
        return self


class RateLimit(BaseModel):
    """What GitHub allows, and how much of it is left."""

    limit: int
    remaining: int
    resets_at: datetime
    resource: str | None = Field(description="What the limit is for, such as `core` or `search`.")


class GitHubAnswer(BaseModel):
    """What GitHub answered."""

    status: int
    data: JsonValue = Field(description="The document. Of several pages the entries are put together.")
    not_modified: bool = Field(description="It is as it was when `etag` was given; there is no document then.")
    etag: str | None = Field(description="Of the first page: give it the next time, which does not count as a request.")
    pages: int = Field(description="Pages that were read.")
    next_path: str | None = Field(description="The path of the next page, when there is one.")
    rate_limit: RateLimit | None
    errors: list[str] = Field(default=[], description="What GraphQL says about parts that it could not answer.")


class CreateIssue(BaseModel):
    """A new issue."""

    kind: Literal["create_issue"] = "create_issue"
    owner: Owner
    repository: Repository
    title: str = Field(min_length=1, max_length=256, description="Its title.")
    body: Body = ""
    labels: list[str] = Field(default_factory=list, max_length=100, description="Names of labels that exist.")
    assignees: list[str] = Field(default_factory=list, max_length=10, description="Login names.")


class Comment(BaseModel):
    """A comment on an issue or a pull request."""

    kind: Literal["comment"] = "comment"
    owner: Owner
    repository: Repository
    number: int = Field(ge=1, description="The number of the issue or pull request.")
    body: Annotated[str, Field(min_length=1, max_length=60_000, description="The text, in Markdown.")]


class CreatePullRequest(BaseModel):
    """A new pull request for a branch that is at GitHub already."""

    kind: Literal["create_pull_request"] = "create_pull_request"
    owner: Owner
    repository: Repository
    title: str = Field(min_length=1, max_length=256, description="Its title.")
    head: str = Field(min_length=1, max_length=300, description="The branch with the changes, or OWNER:BRANCH.")
    base: str = Field(min_length=1, max_length=300, description="The branch that they are for.")
    body: Body = ""
    draft: bool = Field(False, description="It is not ready to be reviewed.")


class GitHubWriteArguments(BaseModel):
    """What to write."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "action": {
                        "kind": "create_issue",
                        "owner": "octocat",
                        "repository": "hello-world",
                        "title": "The build fails on Python 3.14",
                        "body": "`make test` ends with …",
                    }
                }
            ]
        }
    )

    action: CreateIssue | Comment | CreatePullRequest = Field(discriminator="kind", description="What to write.")
    credential: str = Field(
        "github-token", min_length=1, max_length=200, description=CREDENTIAL.partition(";")[0] + "."
    )
    timeout_seconds: float = Field(30, gt=0, le=120, description="How long it may take.")


class Written(BaseModel):
    """What there is now."""

    url: str = Field(description="Where people see it.")
    id: int
    number: int | None = Field(description="Of an issue or pull request.")
    mark: str = Field(
        description="A comment of HTML at the end of the body that nobody sees: it holds the idempotency key of the "
        "call, so that one can find out whether a call whose end nobody saw has been done."
    )
