"""The application as a whole: pages, health, doors and their answers."""

import gzip
from pathlib import Path

import pytest

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.headers import SECURITY_HEADERS
from spectator.server.table import ROUTES
from tests.spectator.server.conftest import Site, running


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


async def test_the_page_is_told_the_way_to_the_root(site: Site) -> None:
    assert b'<base href="./">' in (await site.send("GET", "/")).raw
    assert b'<base href="../">' in (await site.send("GET", "/r/ABC234")).raw


async def test_a_theme_that_was_set_is_in_the_page(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with running(store.url, tmp_path, static_dir=page_folder, theme="projector") as site:
        assert b'data-theme="projector"' in (await site.send("GET", "/")).raw


async def test_a_page_that_is_known_is_not_sent_again(site: Site) -> None:
    tag = (await site.send("GET", "/")).headers["ETag"]
    reply = await site.send("GET", "/", headers={"If-None-Match": tag})
    assert (reply.status, reply.raw) == (304, b"")


async def test_the_document_names_every_route_the_router_has(site: Site) -> None:
    document = (await site.send("GET", "/openapi.json")).body
    told = {(method.upper(), path) for path, calls in document["paths"].items() for method in calls}
    assert told == {(route.method, f"/api/v1{route.path}") for route in ROUTES}


async def test_a_head_request_has_no_body(site: Site) -> None:
    reply = await site.send("HEAD", "/")
    assert (reply.status, reply.raw) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/v1/rooms", "GET, POST"),
        ("POST", "/api/v1/lobby", "GET"),
        ("DELETE", "/", "GET, HEAD"),
        ("OPTIONS", "/api/v1/rooms/ABC234/join", "POST"),
    ],
)
async def test_other_methods_are_refused(site: Site, method: str, path: str, allowed: str) -> None:
    reply = await site.send(method, path)
    assert (reply.status, reply.code, reply.headers["Allow"]) == (405, "method_not_allowed", allowed)


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/v1/lobby", "/static/app.js", "/ws/rooms/ABC234"])
async def test_a_foreign_host_or_origin_is_refused_everywhere(site: Site, path: str) -> None:
    host = await site.send("GET", path, headers={"Host": "evil.example"})
    assert (host.status, host.code) == (421, "host_not_allowed")
    origin = await site.send("GET", path, headers={"Origin": "https://evil.example"})
    assert (origin.status, origin.code) == (403, "origin_not_allowed")


async def test_our_own_origin_passes(site: Site) -> None:
    assert (await site.send("GET", "/api/v1/lobby", headers={"Origin": site.url})).status == 200


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Basic dXNlcjpwYXNz", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        ("Bearer " + "x" * 5000, 401),
        ("sk_local_x", 401),
    ],
)
async def test_a_malformed_credential(site: Site, header: str, status: int) -> None:
    reply = await site.send("GET", "/api/v1/rooms", headers={"Authorization": header})
    assert (reply.status, reply.code) == (status, "unauthorized")


async def test_a_credential_in_the_query_is_worth_nothing(site: Site) -> None:
    reply = await site.send("GET", f"/api/v1/rooms?token={site.key}&access_token={site.key}")
    assert reply.code == "unauthorized"


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "status", "code"),
    [
        (b"{", "application/json", None, 422, "invalid_request"),
        (b"[]", "application/json", None, 422, "invalid_request"),
        (b'{"name": NaN}', "application/json", None, 422, "invalid_request"),
        (b'{"config":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "application/json", None, 413, None),
        (
            b'{"config":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
            "application/json",
            None,
            422,
            "invalid_request",
        ),
        (b"name=x", "application/x-www-form-urlencoded", None, 415, "unsupported_media_type"),
        (b"{}", "text/plain", None, 415, "unsupported_media_type"),
        (gzip.compress(b"{}"), "application/json", "gzip", 415, "unsupported_media_type"),
        (b" " * 300_000, "application/json", None, 413, "payload_too_large"),
    ],
)
async def test_bodies_that_are_refused(
    site: Site, body: bytes, content_type: str, encoding: str | None, status: int, code: str | None
) -> None:
    headers = {"Content-Type": content_type, "Authorization": f"Bearer {site.key}"}
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    reply = await site.send("POST", "/api/v1/rooms", data=body, headers=headers)
    assert reply.status == status
    assert code is None or reply.code == code


async def test_over_the_lan_keys_are_not_taken_and_room_keys_are(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    """A proxy's header stands for a client elsewhere on the network: one process has no other address."""
    settings = {"static_dir": page_folder, "lan": True, "behind_proxy": True}
    async with running(store.url, tmp_path, **settings) as site:
        made = await site.create()
        room = f"/rooms/{made['room']['id']}"
        away = {"X_Forwarded_For": "192.168.1.77"}
        refused = await site.call("GET", room, token="key", **away)
        assert (refused.status, refused.code) == (403, "not_allowed")
        assert (await site.call("POST", "/rooms", {}, token="key", **away)).code == "not_allowed"
        assert (
            await site.call("PATCH", room, {"name": "x"}, token=made["owner_token"], **away)
        ).status == 200
        joined = await site.call("POST", f"/rooms/{made['room']['code']}/join", {"display_name": "A"}, **away)
        assert joined.status == 200
        assert (await site.call("GET", room, token="key")).status == 200


async def test_behind_a_proxy_addresses_are_the_visitors(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    settings = {"static_dir": page_folder, "behind_proxy": True, "hosts": ("lab.example",)}
    async with running(store.url, tmp_path, **settings) as site:
        forwarded = {"X_Forwarded_Host": "lab.example", "X_Forwarded_Proto": "https"}
        made = (await site.call("POST", "/rooms", {}, token="key", **forwarded)).body
        assert made["join_url"] == f"https://lab.example/r/{made['room']['code']}"
        assert made["ws_url"].startswith("wss://lab.example/ws/rooms/")


async def test_the_public_url_is_what_people_are_given(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    settings = {"static_dir": page_folder, "public_url": "https://lab.example/spectator/"}
    async with running(store.url, tmp_path, **settings) as site:
        made = await site.create()
        assert made["join_url"] == f"https://lab.example/spectator/r/{made['room']['code']}"
        assert made["ws_url"] == f"wss://lab.example/spectator/ws/rooms/{made['room']['id']}"


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
