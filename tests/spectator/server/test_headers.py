"""The headers of every answer: strict, and nothing from elsewhere."""

from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from spectator.server.headers import PAGE_HEADERS, add_security_headers, content_security_policy
from spectator.server.keys import HOST


def directives(policy: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in policy.split(";")}


def test_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = directives(content_security_policy("127.0.0.1:8000"))
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    sources = {source for listed in policy.values() for source in listed}
    assert sources == {"'self'", "'none'", "data:", "blob:", "ws://127.0.0.1:8000", "wss://127.0.0.1:8000"}


def test_without_a_checked_host_no_socket_is_named() -> None:
    assert directives(content_security_policy(None))["connect-src"] == ["'self'"]


async def test_the_signal_completes_any_answer() -> None:
    request = make_mocked_request("GET", "/")
    request[HOST] = "localhost:8000"
    response = web.Response()
    await add_security_headers(request, response)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Server"] == "spectator"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert not PAGE_HEADERS.keys() & response.headers.keys()


async def test_a_page_has_the_policy_of_a_page() -> None:
    request = make_mocked_request("GET", "/")
    request[HOST] = "localhost:8000"
    response = web.Response(content_type="text/html")
    await add_security_headers(request, response)
    assert "ws://localhost:8000" in response.headers["Content-Security-Policy"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert PAGE_HEADERS.keys() <= response.headers.keys()


async def test_a_page_may_say_how_long_it_keeps() -> None:
    response = web.Response(headers={"Cache-Control": "no-cache"})
    await add_security_headers(make_mocked_request("GET", "/"), response)
    assert response.headers["Cache-Control"] == "no-cache"
