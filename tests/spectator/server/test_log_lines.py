"""No text that a stranger sends forges a line of the log or moves a terminal's cursor."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from spectator.server.log_lines import LogLines
from tests.harness.hostile import ACCEPTED, ESCAPES, REFUSED, TEXTS
from tests.harness.servers import ServerProcess


def shown(text: str, **given: object) -> str:
    record = logging.LogRecord("spectator.server", logging.INFO, "x.py", 1, "asked for %s", (text,), None)
    for name, value in given.items():
        setattr(record, name, value)
    return LogLines().format(record)


@pytest.mark.parametrize("text", [*TEXTS.values(), "\ud800"])
def test_a_record_is_printable_and_begins_only_once(text: str) -> None:
    first, *further = shown(text).split("\n")
    assert all(line.isprintable() for line in (first, *further))
    assert all(line.startswith("    ") for line in further)
    shown(text).encode()


def test_plain_text_stays_as_it_is() -> None:
    assert shown("日本語 <b>").endswith("INFO spectator.server: asked for 日本語 <b>")


def test_a_stack_goes_on_indented() -> None:
    try:
        raise ValueError(ESCAPES)
    except ValueError:
        lines = shown("x", exc_info=sys.exc_info()).split("\n")
    assert "Traceback" in lines[1]
    assert all(line.startswith("    ") for line in lines[1:])
    assert "\x1b" not in "".join(lines)


@pytest.fixture
def chatty(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "data", SPECTATOR_LOG_LEVEL="debug")
    process.start()
    yield process
    process.close()


def test_a_server_that_tells_everything_tells_nothing_hostile(chatty: ServerProcess) -> None:
    room = chatty.call("POST", "/rooms", {"name": ACCEPTED["script"]})[1]["room"]
    for text in (*ACCEPTED.values(), *REFUSED.values()):
        body = {"display_name": text[:1000], "password": text[:1000]}
        chatty.call("POST", f"/rooms/{room['code']}/join", body, token=None)
        chatty.call("GET", f"/rooms/{quote(text[:300].encode(errors='replace'))}", token=None)
        chatty.call("PATCH", f"/rooms/{room['id']}", {text[:100]: text[:100]})
        event = {"type": "training_metrics", "data": {text[:100]: 1}, text[:50]: text[:100]}
        chatty.call("POST", f"/rooms/{room['id']}/events", event)
    chatty.close()
    lines = chatty.log.read_bytes().decode().split("\n")
    assert len(lines) > 100
    assert not [line for line in lines if not line.isprintable()]
    begins = [line for line in lines if line and not line.startswith("    ")]
    assert all(line[:4].isdigit() or line.startswith("serving at") for line in begins), begins
