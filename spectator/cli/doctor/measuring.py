"""How long an event takes from ``room.log`` to a viewer here, and what the call costs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Optional, Tuple

from spectator.cli.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding
from spectator.cli.doctor.passing_room import NotOpened, passing_room
from spectator.cli.doctor.websocket import Closed, NotUpgraded, WebSocket
from spectator.client.api import BASE, Api, authorization
from spectator.client.errors import Refused, SpectatorError, Unreachable
from spectator.client.room import Room
from spectator.client.transport import Transport

WAIT = 10.0  # seconds for the room to open, and for what was logged to arrive
STEADY_RATE = 10
BURST_RATE = 1000
BURST_SHARE = 0.5  # of the seconds of the steady rate

PROMISED: Dict[str, Tuple[float, float]] = {
    "log": (0.010, 0.100),
    "steady": (10.0, 50.0),
    "burst": (60.0, 60.0),
}
"""Median and p99 in milliseconds that hold on one machine that is not busy: the call in the training thread,
an event at no more than ten a second, an event at any rate. They are those of docs/performance.md."""

TITLES = {
    "log": "room.log() in the training thread",
    "steady": f"An event to a viewer, {STEADY_RATE} a second",
    "burst": f"An event to a viewer, {BURST_RATE:,} a second",
}


@dataclass
class Measured:
    """Milliseconds by what was measured, as ``PROMISED`` names it; ``lost``: events that did not arrive."""

    taken: Dict[str, List[float]] = field(default_factory=dict)
    lost: int = 0

    def figures(self) -> Dict[str, Any]:
        """Median and p99 of each."""
        return {
            name: {
                "median_ms": round(percentile(found, 0.5), 3),
                "p99_ms": round(percentile(found, 0.99), 3),
                "promised_ms": list(PROMISED[name]),
                "count": len(found),
            }
            for name, found in self.taken.items()
            if found
        }


def look(api: Api, seconds: float) -> Tuple[List[Finding], Measured]:
    """Open a room, measure, remove the room; what could not be done is a finding.

    Args:
        api: the server, and the key of whoever asks.
        seconds: of the steady rate; the burst takes half of it.
    """
    measured = Measured()
    findings: List[Finding] = []
    try:
        with passing_room(api, WAIT) as (room, token, room_id):
            path = f"/ws/rooms/{room_id}"
            socket, told = _socket(api, path, room_id, token)
            findings += told
            if socket is not None:
                _measure(room, socket, seconds, measured)
                findings += judge(measured, here=api.address.loopback)
    except Refused as refused:
        findings.append(_not_opened(refused.message))
    except (SpectatorError, NotOpened) as error:
        findings.append(_not_opened(str(error)))
    return findings, measured


def percentile(found: List[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def judge(measured: Measured, *, here: bool) -> Iterator[Finding]:
    """Compare with what is promised; ``here``: the server is on this machine, so no network is between."""
    for name, found in measured.figures().items():
        median, p99 = PROMISED[name]
        slow = found["median_ms"] > median or found["p99_ms"] > p99
        text = (
            f"{TITLES[name]}: {shown(found['median_ms'])} median, {shown(found['p99_ms'])} p99 "
            f"(promised: {shown(median)}, {shown(p99)})."
        )
        means, do = _reasons(name, here=here) if slow else ("", "")
        yield Finding(f"measured.{name}", WARNING if slow else OK, text, means, do, found)
    if measured.lost:
        yield Finding(
            "measured.lost",
            PROBLEM,
            f"{measured.lost} events had not arrived {WAIT:.0f} s later.",
            "Somebody who watches here falls behind, or is cut off.",
            "See the server's log, and spectator_viewer_lag_seconds in /metrics.",
        )


def shown(milliseconds: float) -> str:
    """A time as people read it."""
    return f"{milliseconds * 1000:.0f} us" if milliseconds < 1 else f"{milliseconds:.0f} ms"


def _reasons(name: str, *, here: bool) -> Tuple[str, str]:
    if name == "log":
        return (
            "Training may be slowed down by logging.",
            "See what else this machine does (top); the figure holds on a core that is not fought for.",
        )
    if not here:
        return (
            "The network between here and the server is in it.",
            "Compare with the round trip above; on the server's own machine it should hold.",
        )
    return (
        "Viewers see what happens later than they could.",
        "See what else this machine does (top), and spectator_loop_lag_seconds in /metrics.",
    )


def _socket(api: Api, path: str, room_id: str, token: str) -> Tuple[Optional[WebSocket], List[Finding]]:
    try:
        socket = WebSocket(api.address, path, token, WAIT)
        socket.say({"type": "hello"})
        while socket.receive()["type"] != "welcome":
            pass
    except NotUpgraded as answer:
        return None, [_no_upgrade(answer.status, streams=_streams(api, room_id, token))]
    except (Unreachable, Closed, OSError, ValueError) as error:
        return None, [
            Finding(
                "websocket",
                PROBLEM,
                f"No WebSocket to the room: {error}.",
                "Browsers cannot watch live.",
                "See the log of the server, and of the proxy before it.",
            )
        ]
    return socket, [Finding("websocket", OK, "A WebSocket to the server works.")]


def _no_upgrade(status: int, *, streams: bool) -> Finding:
    means = (
        "The page falls back to a stream (Server-Sent Events), which works here: people can watch."
        if streams
        else "The stream that the page falls back to does not work either: nobody can watch through it."
    )
    return Finding(
        "websocket",
        WARNING if streams else PROBLEM,
        f"The WebSocket handshake is answered with HTTP {status}: a proxy takes the Upgrade away.",
        means,
        "nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "
        "upgrade. Apache: ProxyPass with upgrade=websocket. A forward proxy: NO_PROXY.",
        {"status": status, "streams": streams},
    )


def _streams(api: Api, room_id: str, token: str) -> bool:
    """Whether Server-Sent Events get through: their first bytes come, and not only at the end."""
    transport = Transport(api.address, keep=False)
    headers = {"Accept": "text/event-stream", **authorization(token)}
    try:
        response = transport.open("GET", f"{BASE}/rooms/{room_id}/stream", headers, None, WAIT)
        return response.status == 200 and bool(next(response.pieces(), b""))
    except (SpectatorError, OSError):
        return False
    finally:
        transport.close()


def _measure(room: Room, socket: WebSocket, seconds: float, measured: Measured) -> None:
    sent: Dict[int, float] = {}
    arrived: Dict[int, float] = {}
    watcher = threading.Thread(target=_watch, args=(socket, arrived), name="spectator doctor", daemon=True)
    watcher.start()
    try:
        calls: List[float] = []
        first = max(1, round(STEADY_RATE * seconds))
        last = first + max(1, round(BURST_RATE * BURST_SHARE * seconds))
        steady = _log(room, range(first), STEADY_RATE, sent, [])
        _await(arrived, steady)
        burst = _log(room, range(first, last), BURST_RATE, sent, calls)
        _await(arrived, burst)
    finally:
        socket.close()
        watcher.join(WAIT)
    measured.taken["log"] = calls
    for name, steps in (("steady", steady), ("burst", burst)):
        measured.taken[name] = [(arrived[step] - sent[step]) * 1000 for step in steps if step in arrived]
        measured.lost += sum(step not in arrived for step in steps)


def _log(room: Room, steps: range, rate: int, sent: Dict[int, float], calls: List[float]) -> range:
    """Log one event each ``1 / rate`` seconds, and note when, and for how long each call took."""
    begin = time.perf_counter()
    for number, step in enumerate(steps):
        wait = begin + number / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        before = sent[step] = time.perf_counter()
        room.log({"loss": 1.0 / (step + 1), "reward": float(step)}, step=step)
        calls.append((time.perf_counter() - before) * 1000)
    return steps


def _watch(socket: WebSocket, arrived: Dict[int, float]) -> None:
    """Note when each step came, until the connection is closed, by either end."""
    try:
        while True:
            message = socket.receive()
            now = time.perf_counter()
            for event in message.get("events", ()):
                step = (event.get("data") or {}).get("step")
                if event.get("type") == "training_metrics" and isinstance(step, int):
                    arrived.setdefault(step, now)
    except (Closed, OSError, ValueError):
        return


def _await(arrived: Dict[int, float], steps: range) -> None:
    end = time.monotonic() + WAIT
    while time.monotonic() < end and not all(step in arrived for step in steps):
        time.sleep(0.01)


def _not_opened(why: str) -> Finding:
    return Finding(
        "measured",
        NOTE if "take" in why else PROBLEM,
        f"Nothing was measured: {why.rstrip('.')}.",
        "To measure, a room is opened for a few seconds, with the key that open_room would use.",
        "Use a key that may open rooms (scope publish or manage), or free a room of the tenant's quota.",
    )
