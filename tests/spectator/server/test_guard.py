"""The outermost door: hosts, origins, methods."""

import pytest

from tests.spectator.server.conftest import Site


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
