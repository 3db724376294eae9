"""Whether a clock tells a room that is hidden from one that was never there.

Each question is asked of a code that leads nowhere and of a private room, by the same person, in random turns
over one connection. ``AUC`` is the share of pairs in which the private room took longer: 0.5 tells nothing.
"""

import http.client
import json
import math
import random
import socket
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

from tests.bench.effort import Effort
from tests.bench.figures import milliseconds, percentile
from tests.bench.load.wire import CLOSE, frame, next_frame, upgrade
from tests.bench.ours import Ours
from tests.bench.table import Table

TABLES = ("hidden-rooms",)
NOWHERE = "ZZZZZZ"
PATIENCE = 30.0
USUAL = 1.96  # standard errors within which chance alone stays, nineteen times of twenty


def measure(effort: Effort) -> list[Table]:
    """Return quantiles of both answers to each question, and how well they can be told apart."""
    head = (
        "asked",
        "by",
        "unknown: median, ms",
        "p90",
        "p99",
        "hidden: median, ms",
        "p90",
        "p99",
        "AUC",
        "chance",
    )
    asks = effort.of(tiny=3, quick=20, full=400)
    made = Table("hidden-rooms", head)
    times: dict[tuple[str, str, bool], list[float]] = defaultdict(list)
    with (
        Ours() as ours,
        closing(http.client.HTTPConnection("127.0.0.1", ours.port, timeout=PATIENCE)) as line,
    ):
        questions = _questions(ours, line)
        turns = [(key, ask) for key, ask in questions.items() for _ in range(asks)]
        random.shuffle(turns)
        for _, ask in list(questions.items()) * 3:  # what is slow at first only
            ask()
        for key, ask in turns:
            times[key].append(ask())
    for what, who in dict.fromkeys(key[:2] for key in questions):
        unknown, hidden = times[what, who, False], times[what, who, True]
        quantiles = (
            milliseconds(percentile(one, share)) for one in (unknown, hidden) for share in (0.5, 0.9, 0.99)
        )
        spread = USUAL * math.sqrt((len(unknown) + len(hidden) + 1) / (12 * len(unknown) * len(hidden)))
        made.add(what, who, *quantiles, f"{auc(unknown, hidden):.3f}", f"0.5 ± {spread:.3f}")
    return [made]


def auc(lower: Sequence[float], higher: Sequence[float]) -> float:
    """The share of pairs in which the second is the larger; equal ones count half (Mann-Whitney)."""
    ordered = sorted(lower)
    more = sum(bisect_left(ordered, one) + bisect_right(ordered, one) for one in higher)
    return more / (2 * len(lower) * len(higher))


def _questions(
    ours: Ours, line: http.client.HTTPConnection
) -> dict[tuple[str, str, bool], Callable[[], float]]:
    """What is asked, by whom, and whether there is a room; each call returns how long it took, in seconds."""
    private = ours.room(name="hidden", access_level="private", blocked_users=["eve"])["room"]["code"]
    elsewhere = ours.room(name="elsewhere")["room"]["code"]
    _, joined = ours.server.call("POST", f"/rooms/{elsewhere}/join", {"display_name": "Ann"}, token=None)
    people = {"a stranger": None, "a visitor": joined["visitor"]}
    for user, who in (("bob", "a user who is not on the list"), ("eve", "a user who is blocked")):
        people[who] = ours.server.call("POST", "/identities", {"user_id": user})[1]["token"]
    found: dict[tuple[str, str, bool], Callable[[], float]] = {}
    for who, token in people.items():
        for code in (NOWHERE, private):
            there = code == private
            found["GET", who, there] = partial(_call, line, "GET", f"/rooms/{code}", token)
            found["join", who, there] = partial(_call, line, "POST", f"/rooms/{code}/join", token)
    for code in (NOWHERE, private):
        found["socket", "a member of another room", code == private] = partial(
            _socket, ours.port, code, joined["token"]
        )
    return found


def _call(line: http.client.HTTPConnection, method: str, path: str, token: str | None) -> float:
    """Ask over the connection that all share; a join tries a password."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"display_name": "Eve", "password": "a guess"}) if method == "POST" else None
    began = time.perf_counter()
    line.request(method, f"/api/v1{path}", body, headers)
    answer = line.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 404:
        raise RuntimeError(f"{method} {path} was answered {answer.status}")
    return took


def _socket(port: int, code: str, token: str) -> float:
    """Connect and say hello; the time from hello to the close frame."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.sendall(
            upgrade(f"127.0.0.1:{port}", f"/ws/rooms/{code}", deflate=None, subprotocol="spectator.v1")
        )
        data = b""
        while b"\r\n\r\n" not in data:
            data += line.recv(65_536)
        data = data.partition(b"\r\n\r\n")[2]
        began = time.perf_counter()
        line.sendall(frame(json.dumps({"type": "hello", "token": token}).encode()))
        while True:
            found = next_frame(data, 0)
            if found is None:
                data += line.recv(65_536)
            elif found.first & 0x0F == CLOSE:
                took = time.perf_counter() - began
                break
            else:
                data = data[found.end :]
        code_told = int.from_bytes(data[found.start : found.start + 2], "big")
    if code_told != 4504:
        raise RuntimeError(f"the socket was closed with {code_told}")
    return took
