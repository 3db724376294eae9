"""No text that a stranger sends forges a line of the log or moves a terminal's cursor."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from spectator.server.log_lines import JsonLines, LogLines, _is_news, event_of
from spectator.server.observing import CURRENT, Seen
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


def test_a_warning_ends_with_the_request_it_belongs_to() -> None:
    seen = Seen()
    token = CURRENT.set(seen)
    try:
        assert shown("x", levelno=logging.WARNING).endswith(f"asked for x [{seen.id}]")
        assert shown("x").endswith("asked for x")
    finally:
        CURRENT.reset(token)


# ---------------------------------------------------------------- for programs


def as_json(text: str, **given: object) -> dict[str, object]:
    record = logging.LogRecord("spectator.server", logging.INFO, "x.py", 1, "asked for %s", (text,), None)
    for name, value in given.items():
        setattr(record, name, value)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert line.isascii()
    assert line.isprintable()
    found: dict[str, object] = json.loads(line)
    return found


@pytest.mark.parametrize("text", [*TEXTS.values(), "\ud800", '"}{"level":"error"'])
def test_whatever_stands_in_a_record_it_is_one_line_of_json(text: str) -> None:
    assert as_json(text)["message"] == f"asked for {text}"


def test_a_record_has_time_level_event_and_its_own_fields() -> None:
    told = as_json("x", created=1_700_000_000.25, event="asked", fields={"room": "r_1", "nothing": None})
    assert told == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "info",
        "event": "asked",
        "logger": "spectator.server",
        "message": "asked for x",
        "room": "r_1",
    }


def test_a_stack_is_a_field() -> None:
    try:
        raise ValueError(ESCAPES)
    except ValueError:
        assert "Traceback" in str(as_json("x", exc_info=sys.exc_info())["error"])


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("serving at %s", "serving_at"),
        ("%s: %s; its viewers begin anew", "its_viewers_begin_anew"),
        ("%d webhook messages were dropped %.1f%%", "webhook_messages_were_dropped"),
        ("%s", "server"),
    ],
)
def test_a_line_without_a_name_is_named_by_its_own_words(message: str, event: str) -> None:
    record = logging.LogRecord("spectator.server", logging.INFO, "x.py", 1, message, (), None)
    assert event_of(record) == event


# ---------------------------------------------------------------- of a real server


@pytest.fixture(params=["text", "json"])
def chatty(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "data", "--log-format", request.param, SPECTATOR_LOG_LEVEL="debug")
    process.start()
    yield process
    process.close()


def test_a_server_that_tells_everything_tells_nothing_hostile(chatty: ServerProcess) -> None:
    tell_it_hostile_things(chatty)
    chatty.close()
    lines = chatty.log.read_bytes().decode().split("\n")
    assert len(lines) > 100
    assert not [line for line in lines if not line.isprintable()]
    if "json" in chatty.arguments:
        told = [json.loads(line) for line in lines if line]
        assert all({"time", "level", "event", "logger", "message"} <= line.keys() for line in told)
        return
    begins = [line for line in lines if line and not line.startswith("    ")]
    assert all(line[:4].isdigit() or line.startswith("serving at") for line in begins), begins


def test_a_request_is_told_of_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", SPECTATOR_LOG_FORMAT="json")
    server.start()
    try:
        made = server.call("POST", "/rooms", {"access_level": "password", "password": "a-good-one"})[1]
        room = made["room"]["id"]
        wrong = {"display_name": "Eve", "password": "guess"}
        assert server.call("POST", f"/rooms/{made['room']['code']}/join", wrong, token=None)[0] == 403
        assert server.call("GET", f"/rooms/{room}")[0] == 200
    finally:
        server.close()
    told = [json.loads(line) for line in server.log.read_text().splitlines()]
    events = [line["event"] for line in told]
    assert "serving" in events
    assert "stopping" in events
    joined, shown_to = [line for line in told if line["event"] == "request"][-2:]
    assert re.fullmatch(r"[0-9a-f]{16}", joined["request"])
    assert joined["request"] != shown_to["request"]
    assert (joined["method"], joined["status"], joined["code"]) == ("POST", 403, "wrong_password")
    assert (shown_to["room"], shown_to["tenant"], shown_to["status"]) == (room, "local", 200)
    assert shown_to["path"] == f"/api/v1/rooms/{room}"
    assert shown_to["duration_ms"] >= 0
    assert shown_to["client"] == "127.0.0.1"


def tell_it_hostile_things(chatty: ServerProcess) -> None:
    room = chatty.call("POST", "/rooms", {"name": ACCEPTED["script"]})[1]["room"]
    for text in (*ACCEPTED.values(), *REFUSED.values()):
        body = {"display_name": text[:1000], "password": text[:1000]}
        chatty.call("POST", f"/rooms/{room['code']}/join", body, token=None)
        chatty.call("GET", f"/rooms/{quote(text[:300].encode(errors='replace'))}", token=None)
        chatty.call("PATCH", f"/rooms/{room['id']}", {text[:100]: text[:100]})
        event = {"type": "training_metrics", "data": {text[:100]: 1}, text[:50]: text[:100]}
        chatty.call("POST", f"/rooms/{room['id']}/events", event)


def test_each_write_to_a_broken_connection_is_no_news() -> None:
    def record(name: str, message: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.WARNING, "x.py", 1, message, (), None)

    assert not _is_news(record("asyncio", "socket.send() raised exception."))
    assert _is_news(record("asyncio", "Executing %s took %.3f seconds"))
    assert _is_news(record("spectator.hub", "socket.send() raised exception."))
