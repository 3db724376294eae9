"""The application as a whole: every address, its type, its headers, its silence."""

import pytest

from spectator.server.app import make_app
from spectator.server.headers import SECURITY_HEADERS
from spectator.server.keys import GUESSING, PUBLISHING, TURNS, WATCHING
from spectator.server.table import ROUTES
from tests.spectator.server.conftest import Site


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html; charset=utf-8"),
        ("/r/ABC234", 200, "text/html; charset=utf-8"),
        ("/r/anything%20at%20all", 200, "text/html; charset=utf-8"),
        ("/static/app.js", 200, "text/javascript; charset=utf-8"),
        ("/favicon.ico", 200, "image/svg+xml"),
        ("/docs", 200, "text/html; charset=utf-8"),
        ("/docs.css", 200, "text/css; charset=utf-8"),
        ("/openapi.json", 200, "application/json"),
        ("/healthz", 200, "application/json"),
        ("/readyz", 200, "application/json"),
        ("/nothing", 404, "application/problem+json"),
        ("/static/nothing.js", 404, "application/problem+json"),
        ("/static/../pyproject.toml", 404, "application/problem+json"),
        ("/static/%2e%2e/%2e%2e/etc/passwd", 404, "application/problem+json"),
        ("/static/..%2f..%2fetc%2fpasswd", 404, "application/problem+json"),
        ("/static/app.js%00", 404, "application/problem+json"),
        ("/api/v1/nothing", 404, "application/problem+json"),
        ("/api/v1/", 404, "application/problem+json"),
        ("/r/", 404, "application/problem+json"),
    ],
)
async def test_every_address_has_its_type_and_all_headers(
    site: Site, path: str, status: int, content_type: str
) -> None:
    reply = await site.send("GET", path)
    assert (reply.status, reply.headers["Content-Type"]) == (status, content_type)
    for name in SECURITY_HEADERS:
        assert name in reply.headers
    assert "Set-Cookie" not in reply.headers
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_the_document_names_every_route_the_router_has(site: Site) -> None:
    document = (await site.send("GET", "/openapi.json")).body
    told = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert told == {(route.method, f"/api/v1{route.path}") for route in ROUTES}


async def test_a_head_request_has_no_body(site: Site) -> None:
    reply = await site.send("HEAD", "/")
    assert (reply.status, reply.raw) == (200, b"")


async def test_no_credential_in_any_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    made = await site.create(password="pass-s3cret")
    code, room = made["room"]["code"], made["room"]["id"]
    joined = await site.join(code, password="pass-s3cret")
    await site.call("POST", f"/rooms/{code}/join", {"display_name": "x", "password": "wrong-s3cret"})
    await site.call("POST", "/claims", {"claim": "claim-s3cret"})
    await site.send(
        "GET", "/api/v1/rooms?key=query-s3cret", headers={"Authorization": "Bearer bearer-s3cret"}
    )
    await site.publish(room, {"type": "log", "level": "info", "message": "hello"}, token=made["owner_token"])
    await site.call("GET", f"/rooms/{room}/history", token=joined["token"])
    secrets = [
        site.key,
        made["owner_token"],
        joined["token"],
        joined["visitor"],
        made["owner_url"].partition("#")[2],
    ]
    for secret in [*secrets, "s3cret"]:
        assert secret not in caplog.text, secret[:12]


async def test_answers_are_not_kept_by_anybody(site: Site) -> None:
    made = await site.call("POST", "/rooms", {}, token="key")
    assert made.headers["Cache-Control"] == "no-store"


async def test_who_watches_who_publishes_and_who_guesses_stand_in_lines_of_their_own(site: Site) -> None:
    app = make_app(site.manager, site.manager.settings)
    assert len({id(app[key]) for key in (TURNS, WATCHING, PUBLISHING, GUESSING)}) == 4
