"""The Starlette application and what stands in front of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from domain.actor import Actor
from resolvers.context import Context
from schema.build import build_schema
from server import web_assets
from server.http import artifacts, error_pages, health, playbook_schema, receipts, sdl
from server.mcp.endpoint import PATH as MCP_PATH
from server.mcp.endpoint import McpEndpoint
from server.platform.wiring import Platform
from server.security.authentication import CLIENT_HEADER, Authenticator
from server.security.edge import EdgeGuard
from server.security.local_token import LocalToken
from server.security.sign_in import SignIn
from server.telemetry import endpoint
from server.telemetry.requests import RESPONSE, watched
from server.transport.app import GraphQLApp, graphql_app
from server.transport.execution import OperationScope
from server.transport.limits import TransportLimits


@dataclass(frozen=True, kw_only=True)
class Application:
    """The ASGI application, with what its process needs of it: the way to sign in, and to let streams go."""

    asgi: ASGIApp
    graphql: GraphQLApp[Actor]
    sign_in: SignIn
    limits: TransportLimits


def build_application(platform: Platform, *, port: int, health_checks: health.Checks) -> Application:
    """Put the application together for a server that listens on ``port``."""
    settings = platform.settings
    token = LocalToken.ensure(settings.data_dir)
    sign_in = SignIn.stored(settings.data_dir, token)
    authenticate = Authenticator(token=token, sign_in=sign_in, principal_of=platform.owner)

    def context_of(scope: OperationScope[Actor]) -> Context:
        return platform.context(scope.principal, scope.last_event_id)

    graphql = graphql_app(
        build_schema(),
        context_factory=context_of,
        authenticate=authenticate,
        limits=platform.limits,
        docs_url="/errors",
    )
    routes: list[BaseRoute] = [
        Route("/", _home),
        Route("/graphql", graphql),
        WebSocketRoute("/graphql", graphql),
        Route(MCP_PATH, McpEndpoint(graphql.http)),
        *sdl.routes(),
        *playbook_schema.routes(),
        *health.routes(health_checks),
        *endpoint.routes(platform.telemetry.registry, authenticate, platform.census),
        *artifacts.routes(platform, authenticate),
        *receipts.routes(platform, authenticate),
        *error_pages.routes(),
        *sign_in.routes(),
        *web_assets.routes(),
    ]
    guarded = EdgeGuard(
        _shared_with(settings.allowed_origins, watched(Starlette(routes=routes), platform.telemetry)),
        port=port,
        allowed_hosts=settings.allowed_hosts,
        allowed_origins=settings.allowed_origins,
    )
    return Application(asgi=guarded, graphql=graphql, sign_in=sign_in, limits=platform.limits)


def build_metrics_page(platform: Platform, *, port: int) -> ASGIApp:
    """What a worker without API serves, on a port of its own: ``/metrics`` and nothing else."""
    settings = platform.settings
    token = LocalToken.ensure(settings.data_dir)
    authenticate = Authenticator(
        token=token, sign_in=SignIn.stored(settings.data_dir, token), principal_of=platform.owner
    )
    routes = endpoint.routes(platform.telemetry.registry, authenticate, platform.census)
    return EdgeGuard(Starlette(routes=routes), port=port, allowed_hosts=settings.allowed_hosts)


def _shared_with(origins: tuple[str, ...], app: ASGIApp) -> ASGIApp:
    """Let pages of these origins call the API with a token; the cookie is only for pages of our own."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=("GET", "POST"),
        allow_headers=(
            "authorization",
            "content-type",
            CLIENT_HEADER,
            "last-event-id",
            "mcp-method",
            "mcp-name",
            "mcp-protocol-version",
            "traceparent",
            "x-request-id",
        ),
        expose_headers=(RESPONSE, "x-request-id"),
        max_age=600,
    )


async def _home(_: object) -> RedirectResponse:
    return RedirectResponse("/console", status_code=307)
