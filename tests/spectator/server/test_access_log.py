"""The access log: one line, nothing secret in it, and not one for what programs ask all day long."""

import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from spectator.server.access_log import AccessLog, access_logger, printable_path


def line(path: str, status: int, caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> str:
    caplog.set_level(level, access_logger.name)
    request = make_mocked_request("POST", path, headers={"Authorization": "Bearer s3cret"})
    AccessLog(access_logger, "").log(request, web.Response(status=status), 0.0123)
    return caplog.text


def test_a_line_tells_who_what_and_how_long(caplog: pytest.LogCaptureFixture) -> None:
    text = line("/api/v1/rooms?token=s3cret#s3cret", 201, caplog)
    assert "POST /api/v1/rooms 201 0 12.3ms" in text
    assert "s3cret" not in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/v1/rooms/ABC234/events"])
def test_what_programs_ask_all_day_is_told_only_when_it_fails(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert line(path, 200, caplog) == ""
    assert f"{path} 503" in line(path, 503, caplog)


def test_for_debugging_everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert "/healthz 200" in line("/healthz", 200, caplog, logging.DEBUG)


@pytest.mark.parametrize("path", ["/a%0d%0ab", "/\u00e9\u2028x", "/" + "x" * 500])
def test_a_path_cannot_forge_a_line(path: str) -> None:
    printed = printable_path(make_mocked_request("GET", path))
    assert printed.isascii()
    assert printed.isprintable()
    assert len(printed) <= 200
