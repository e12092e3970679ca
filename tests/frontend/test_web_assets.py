from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server import web_assets


@pytest.fixture
def web(tmp_path: Path) -> Path:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "console.html").write_text("<!doctype html><title>Console</title>")
    (web / "assets" / "console-a1b2.js").write_text("export {};")
    (web / "assets" / "console-a1b2.css").write_text("body {}")
    (web / "assets" / "codicon-a1b2.ttf").write_bytes(b"\0\1\0\0")
    (web / "secret.txt").write_text("outside of the assets")
    return web


def client(web: Path) -> httpx.AsyncClient:
    app = Starlette(routes=web_assets.routes(web))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


async def test_console_comes_with_its_policy_and_is_not_kept(web: Path) -> None:
    async with client(web) as http:
        response = await http.get("/console")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("console-a1b2.js", "text/javascript; charset=utf-8"),
        ("console-a1b2.css", "text/css; charset=utf-8"),
        ("codicon-a1b2.ttf", "font/ttf"),
    ],
)
async def test_asset_has_its_type_and_may_be_kept_for_ever(web: Path, name: str, media_type: str) -> None:
    async with client(web) as http:
        response = await http.get(f"/assets/{name}")
    assert response.status_code == 200
    assert response.headers.get_list("content-type") == [media_type]
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/assets/gone-a1b2.js", "/assets/", "/assets/%2e%2e/secret.txt", "/assets/..%2fsecret.txt", "/assets//etc/passwd"],
)
async def test_what_is_not_an_asset_is_not_found(web: Path, path: str) -> None:
    async with client(web) as http:
        response = await http.get(path)
    assert response.status_code == 404
    assert "cache-control" not in response.headers


async def test_without_a_build_the_console_says_how_to_make_it(tmp_path: Path) -> None:
    async with client(tmp_path / "web") as http:
        page, asset = await http.get("/console"), await http.get("/assets/console-a1b2.js")
    assert page.status_code == 503
    assert page.text == "The web pages have not been built: run `make frontend`, then load this page again.\n"
    assert asset.status_code == 404
