"""The steps before a handler: bodies that go no further."""

import gzip

import pytest

from tests.spectator.server.conftest import Site


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
