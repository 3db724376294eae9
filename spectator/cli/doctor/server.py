"""The server: where it is found, whether it answers, its version, its clock, its store, the way to it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Dict, Iterator, List, Optional, Tuple

from spectator.cli.doctor import machine, store
from spectator.cli.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding
from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable
from spectator.client.local_server import LocalServer, cannot_serve
from spectator.client.opening import find_api
from spectator.client.transport import Transport, proxy_for

ASKS = 5
TIMEOUT = 5.0
CLOCK_NOTED, CLOCK_WRONG = 2.0, 60.0  # seconds
FEW_FILES = 1024
START_IT = "Start one: spectator serve. Or name one: --url, SPECTATOR_URL."


@dataclass
class Found:
    """The server that was found, as far as it was."""

    api: Api
    version: Optional[str] = None


def find(environment: Environment) -> Tuple[Optional[Found], List[Finding]]:
    """Look for the server as ``open_room`` does, without starting one.

    Returns:
        the server, None where there is none to ask; and what was found out.
    """
    try:
        api = find_api(environment, None, None, start=False)
    except NoServer:
        return None, [_no_server(environment)]
    except (SpectatorError, ValueError) as error:
        what = "The address of --url, SPECTATOR_URL or a kept login cannot be used"
        return None, [
            Finding("server", PROBLEM, f"{what}: {error}.", do="Leave it out, or: spectator login URL")
        ]
    found = Found(api)
    told = [*_way(api.address), *_answers(found, environment)]
    return (found if found.version is not None else None), told


def ask(found: Found) -> Iterator[Finding]:
    """What the server says of itself, to the key that open_room would show."""
    yield _version(found.version or "")
    if not found.api.has_credential:
        where = found.api.address.url
        yield Finding(
            "key",
            PROBLEM,
            "There is no API key for this server.",
            "open_room opens no room there.",
            f"spectator login {where}, or set SPECTATOR_API_KEY",
        )
        return
    before = time.time()
    try:
        status = found.api.request("GET", "/status")
    except Refused as refused:
        yield _refused(refused)
        return
    except Unreachable as error:
        yield Finding("key", PROBLEM, f"{error}.")
        return
    yield Finding("key", OK, "The API key is good.")
    try:
        yield from list(_told_by(status, before, time.time()))
    except (KeyError, TypeError, ValueError, AttributeError):
        yield Finding(
            "server.status",
            PROBLEM,
            "What answers there does not tell of itself as a spectator server does.",
            "It may be no spectator server, and your key was shown to it.",
            "See that the address is right; if it is not, revoke the key.",
        )


def _told_by(status: Any, before: float, after: float) -> Iterator[Finding]:
    """What its ``/status`` says; errors where that is not what a server of ours answers."""
    yield _clock(str(status["time"]), before, after)
    if status["most_open_files"] < FEW_FILES:
        yield Finding(
            "server.open_files",
            WARNING,
            f"The server may open {status['most_open_files']} files at once.",
            "Each viewer is one: no more than that can watch.",
            "Raise it where the server is started: ulimit -n 65536, or LimitNOFILE= in its unit.",
        )
    if status.get("store"):
        yield from store.look(status["store"])


def _no_server(environment: Environment) -> Finding:
    why = cannot_serve()
    if environment.autostart and why is None:
        return Finding(
            "server",
            PROBLEM,
            "No server of this user runs here.",
            "open_room would start one; there is nothing to look at until then.",
            START_IT,
        )
    means = (
        "SPECTATOR_AUTOSTART is off, so open_room starts none."
        if why is None
        else f"open_room starts none: {why}."
    )
    return Finding("server", PROBLEM, "No server of this user runs here.", means, START_IT)


def _way(address: Address) -> Iterator[Finding]:
    """What stands between here and there."""
    proxy = proxy_for(address)
    if address.loopback and _others_take_a_proxy(address):
        yield Finding(
            "server.proxy",
            NOTE,
            f"{address.scheme.upper()}_PROXY is set, and NO_PROXY does not name {address.host}: spectator's "
            "scripts go there directly all the same, other programs (curl, a browser) may not.",
        )
    if proxy is not None:
        name = "HTTPS_PROXY" if address.scheme == "https" else "HTTP_PROXY"
        yield Finding(
            "server.proxy",
            WARNING,
            f"The way to {address.host} leads through the proxy {proxy.hostname} ({name}).",
            "Such proxies often cut connections that stay open, and some read along what is not https.",
            f"If the server can be reached without it: NO_PROXY={address.host}",
        )
    if address.scheme == "http" and not address.loopback:
        yield Finding(
            "server.plain",
            WARNING,
            f"{address.url} is plain HTTP across a network.",
            "Keys, passwords and all that is logged can be read along on the way.",
            "Use an https:// address; docs/security.md says how to put TLS before a server.",
        )


def _others_take_a_proxy(address: Address) -> bool:
    from urllib.request import getproxies, proxy_bypass

    return address.scheme in getproxies() and not proxy_bypass(address.host)


def _answers(found: Found, environment: Environment) -> Iterator[Finding]:
    address = found.api.address
    took: List[float] = []
    body = b""
    for _ in range(ASKS):
        began = time.perf_counter()
        try:
            answer = Transport(address, keep=False).exchange("GET", "/healthz", {}, None, TIMEOUT)
        except Unreachable as error:
            yield Finding(
                "server",
                PROBLEM,
                f"{error}.",
                "Nothing can be opened there, and nobody can watch.",
                "See that it runs (spectator serve), and that the address is right.",
            )
            return
        took.append((time.perf_counter() - began) * 1000)
        body = answer.body
        if answer.status != 200:
            yield Finding(
                "server",
                PROBLEM,
                f"{address.url} answers HTTP {answer.status} to /healthz.",
                "Something else listens there, or a proxy before the server cannot reach it.",
                "See that the address is right, and look into the log of the proxy.",
            )
            return
    found.version = _said(body)
    median = sorted(took)[len(took) // 2]
    how = _origin(address, environment)
    yield Finding(
        "server",
        OK,
        f"{address.url} answers in {median:.1f} ms ({how}).",
        figures={"url": address.url, "answer_ms": round(median, 2), "found_by": how},
    )
    ready = Transport(address, keep=False).exchange("GET", "/readyz", {}, None, TIMEOUT)
    if ready.status != 200:
        yield Finding(
            "server.ready",
            PROBLEM,
            "The server is alive, and its store does not answer.",
            "Publishers keep their events and send them later; nobody new comes in.",
            "See that the store runs and that the server can reach it; its log says store_unavailable.",
        )


def _said(body: bytes) -> str:
    import json

    try:
        told: Dict[str, Any] = json.loads(body)
        return str(told.get("version", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


def _origin(address: Address, environment: Environment) -> str:
    if environment.url is not None:
        return "named by --url or SPECTATOR_URL"
    local = LocalServer(environment.data_dir).find()
    if local is not None and local.address == address:
        return f"this user's own, process {local.pid}"
    return "of the last spectator login"


def _version(told: str) -> Finding:
    own = machine.version()
    figures = {"server": told, "client": own}
    if not told:
        return Finding(
            "server.version",
            WARNING,
            "What answers there does not say its version.",
            "It may be no spectator server.",
            "See that the address is right.",
            figures,
        )
    if "0" in {told, own} or told == own:
        return Finding("server.version", OK, f"It runs version {told}.", figures=figures)
    return Finding(
        "server.version",
        WARNING,
        f"The server runs version {told}, this is {own}.",
        "Neighbouring versions understand each other; what only one of them knows does not work.",
        "Upgrade the older one (pip install -U spectator-rooms), then spectator stop: it starts anew.",
        figures,
    )


def _refused(refused: Refused) -> Finding:
    if refused.code == "not_allowed":
        return Finding(
            "key",
            NOTE,
            "The API key may publish and not read: what only reading shows is left out.",
        )
    if refused.code == "not_found":
        return Finding(
            "server.status",
            NOTE,
            "The server is older than this command: it does not tell of its store.",
        )
    if refused.status >= 500:
        return Finding(
            "key",
            WARNING,
            f"The API key could not be checked: {refused.message}",
            "A server that cannot ask its store trusts no key.",
            "Look again when it answers.",
        )
    return Finding(
        "key",
        PROBLEM,
        f"The API key is refused: {refused.message}",
        "open_room opens no room there.",
        "See spectator key list there, or log in anew: spectator login URL",
    )


def _clock(told: str, before: float, after: float) -> Finding:
    """Its clock against this one: half of the way there and back cannot be told from a difference."""
    theirs = datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
    off = 0.0 if before <= theirs <= after else theirs - (before + after) / 2
    figures = {"difference_s": round(off, 3)}
    shown = f"The server's clock is {abs(off):.1f} s {'ahead of' if off > 0 else 'behind'} this machine's."
    if abs(off) < CLOCK_NOTED:
        return Finding(
            "clock", OK, f"Its clock agrees with this one ({abs(off) * 1000:.0f} ms).", figures=figures
        )
    return Finding(
        "clock",
        PROBLEM if abs(off) >= CLOCK_WRONG else WARNING,
        shown,
        "Times that this machine stamps look wrong beside those of others; nothing else hangs on it.",
        "Let both be set by NTP (timedatectl, chronyc tracking).",
        figures,
    )
