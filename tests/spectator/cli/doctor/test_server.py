import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from spectator.cli.doctor import machine
from spectator.cli.doctor.server import Found, _clock, _refused, _said, _version, _way, ask
from spectator.client.address import Address
from spectator.client.errors import Refused


def at(seconds):
    told = datetime.fromtimestamp(seconds, UTC)
    return told.strftime("%Y-%m-%dT%H:%M:%S.") + f"{told.microsecond // 1000:03}Z"


@pytest.mark.parametrize(
    ("off", "level"), [(0.0, "ok"), (1.5, "ok"), (5.0, "warning"), (-5.0, "warning"), (-90.0, "problem")]
)
def test_the_clocks_are_compared(off, level):
    now = time.time()
    found = _clock(at(now + off), now - 0.05, now + 0.05)
    assert found.level == level
    if level != "ok":
        assert ("ahead of" if off > 0 else "behind") in found.found


def test_the_way_there_and_back_is_no_difference():
    assert _clock(at(1_700_000_001.0), 1_700_000_000.0, 1_700_000_009.0).figures == {"difference_s": 0.0}


def test_another_version_is_told():
    own = machine.version()
    assert _version(own).level == "ok"
    assert _version("99.0").level == ("ok" if own == "0" else "warning")
    assert _version("").level == "warning"


def test_what_answers_otherwise_says_no_version():
    assert _said(b'{"status":"ok","version":"1.2"}') == "1.2"
    assert _said(b"<html>") == _said(b"[1]") == _said(b"[" * 200_000) == ""


def test_a_key_that_may_only_publish_is_no_problem():
    assert _refused(Refused("not_allowed", 403, "no")).level == "note"
    assert _refused(Refused("unauthorized", 401, "no")).level == "problem"


@pytest.mark.parametrize("code", ["store_unavailable", "store_full", "busy"])
def test_a_key_that_could_not_be_checked_is_not_said_to_be_refused(code):
    found = _refused(Refused(code, 503, "The store cannot be reached."))
    assert (found.check, found.level) == ("key", "warning")
    assert "could not be checked" in found.found
    assert "login" not in (found.do or "")


def test_plain_http_across_a_network_and_a_proxy_on_the_way(monkeypatch):
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    assert [one.check for one in _way(Address.parse("https://far.example"))] == ["server.proxy"]
    monkeypatch.setenv("NO_PROXY", "far.example")
    assert not list(_way(Address.parse("https://far.example")))
    monkeypatch.delenv("HTTPS_PROXY")
    assert [one.check for one in _way(Address.parse("http://192.0.2.5:8000"))] == ["server.plain"]
    assert not list(_way(Address.parse("http://127.0.0.1:8000")))
    monkeypatch.delenv("NO_PROXY")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    (found,) = _way(Address.parse("http://127.0.0.1:8000"))
    assert (found.check, found.level) == ("server.proxy", "note")


@pytest.mark.parametrize(
    "status",
    [
        None,
        [1, 2],
        {},
        {"time": 5, "most_open_files": 1},
        {"time": "2026-03-14T15:09:26.535Z", "most_open_files": "many"},
        {"time": "2026-03-14T15:09:26.535Z", "most_open_files": 5_000, "store": {"kind": 1}},
    ],
)
def test_what_tells_of_itself_as_no_server_of_ours_does_is_a_problem(status: Any) -> None:
    api: Any = SimpleNamespace(has_credential=True, request=lambda *_asked: status)
    last = list(ask(Found(api, "1.0")))[-1]
    assert (last.check, last.level) == ("server.status", "problem")
