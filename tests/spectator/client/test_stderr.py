from __future__ import annotations

import io
import math
from typing import List

from spectator.client.stderr import AGAIN_AFTER, Speaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_says_one_line() -> None:
    stream = io.StringIO()
    Speaker(stream=lambda: stream).say("hello")
    assert stream.getvalue() == "spectator: hello\n"


def test_complains_once_a_minute_about_each_thing() -> None:
    stream, clock = io.StringIO(), Clock()
    speaker = Speaker(stream=lambda: stream, now=clock)
    for kind in ("a", "b", "a"):
        speaker.complain(kind, kind)
    clock.now += AGAIN_AFTER - 1
    speaker.complain("a", "too soon")
    clock.now += 1
    speaker.complain("a", "again")
    assert stream.getvalue().split("\n") == ["spectator: a", "spectator: b", "spectator: again", ""]


def test_what_nobody_can_mend_from_here_is_said_once_however_long_it_lasts() -> None:
    stream, clock = io.StringIO(), Clock()
    speaker = Speaker(stream=lambda: stream, now=clock)
    for _ in range(100):
        speaker.complain("a", "revoked", again=math.inf)
        clock.now += 3600
    assert stream.getvalue() == "spectator: revoked\n"


def test_what_is_over_is_news_when_it_comes_again() -> None:
    stream = io.StringIO()
    speaker = Speaker(stream=lambda: stream)
    speaker.complain("a", "one")
    assert speaker.over("a")
    assert not speaker.over("a")
    speaker.complain("a", "two")
    assert stream.getvalue() == "spectator: one\nspectator: two\n"


def test_quiet_is_quiet() -> None:
    stream = io.StringIO()
    speaker = Speaker(quiet=True, stream=lambda: stream)
    speaker.say("x")
    speaker.complain("a", "y")
    assert stream.getvalue() == ""


def test_nobody_to_tell_is_no_error() -> None:
    closed = io.StringIO()
    closed.close()
    streams: List[object] = [closed, None]
    for stream in streams:
        Speaker(stream=lambda stream=stream: stream).say("x")  # type: ignore[misc]  # what a windowed program has


def test_what_a_server_says_stays_one_line_and_moves_no_cursor() -> None:
    stream = io.StringIO()
    Speaker(stream=lambda: stream).say("no\x1b[2J\r\nroot: pwned \u202e\ud800 \x9b31m· é …")
    assert stream.getvalue() == "spectator: no?[2J??root: pwned ?? ?31m· é …\n"
