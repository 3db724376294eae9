"""The server of this user on this machine: run it, look at it, stop it."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any, Dict, Optional

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output
from spectator.cli.qr import qr_text
from spectator.client.api import Api
from spectator.client.errors import Refused
from spectator.client.local_server import Found, LocalServer

STOP_DEADLINE_S = 15.0  # a server says good-bye to its viewers within 10
PAUSE_S = 0.05
AUTOSTARTED_IDLE_S = 3600.0
LAN_WARNING = "Plain HTTP: passwords cross this network readable."
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound
NO_NAME = "Links made on this machine lead to it alone: say --public-url, which others open."
INSTALL = "pip install 'spectator-rooms[local]'"
OWN_PACKAGES = frozenset({"rooms", "spectator"})
SERVE_OPTIONS = (
    "host", "port", "lan", "workers", "redis_url", "public_url", "behind_proxy", "tls_cert", "tls_key",
    "theme", "static_dir", "log_format",
)  # fmt: skip


def serve(arguments: argparse.Namespace, out: Output) -> int:
    """Run the server until it is told to stop."""
    try:
        from spectator.embedded import StoreError
        from spectator.server import serve as run_server
        from spectator.settings import Settings, SettingsError
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OWN_PACKAGES:
            raise  # a broken installation is not mended by installing more
        raise CommandError(
            "not_installed", f"{error.name} is missing: {INSTALL}", Exit.CANNOT_START
        ) from error
    given = {name: getattr(arguments, name) for name in SERVE_OPTIONS}
    given["data_dir"] = arguments.data
    try:
        settings = Settings.load(given)
    except SettingsError as error:
        raise CommandError("invalid_settings", str(error), Exit.USAGE) from error
    try:
        if arguments.autostarted and settings.idle_exit_s is None:
            settings = settings.model_copy(update={"idle_exit_s": AUTOSTARTED_IDLE_S})
        asyncio.run(run_server(settings, lambda ready: _greet(ready, settings, arguments, out)))
    except (SettingsError, StoreError) as error:
        raise CommandError("cannot_start", str(error), Exit.CANNOT_START) from error
    return Exit.DONE


def _greet(ready: Any, settings: Any, arguments: argparse.Namespace, out: Output) -> None:
    """Say where the server is, once it listens; one that a script started has nobody to tell.

    ``ready`` and ``settings`` are the server's ``Ready`` and ``Settings``.
    """
    if arguments.autostarted or settings.log_format == "json":  # then the log says it, and only the log
        return
    url, join_root, public = ready.url, ready.join_root, settings.public_url
    lines = [f"serving at {url} (Ctrl-C stops it; rooms stay)"]
    if settings.lan and join_root is not None:
        lines += [f"on this network: {join_root}", LAN_WARNING, qr_text(join_root)]
    elif public is not None:
        lines.append(f"for people: {public}")
    elif settings.behind_proxy or settings.host.strip("[]") in EVERYWHERE:
        lines.append(NO_NAME)
    out.result({"url": url, "join_root": join_root, "public_url": public}, "\n".join(lines))


def status(arguments: argparse.Namespace, out: Output) -> int:
    """Tell whether a server runs, where, and how many rooms it has; exit code 3 where none does."""
    told = environment(arguments)
    found = LocalServer(told.data_dir).find()
    if found is None:
        out.result({"running": False}, "No server is running. Start one: spectator serve")
        return Exit.NO_SERVER
    answer: Dict[str, Any] = {
        "running": True,
        "url": found.address.url,
        "pid": found.pid,
        "version": found.version,
        "workers": found.workers,
        "problem": None,
    }
    workers = f", {found.workers} workers" if found.workers > 1 else ""
    where = f"Running at {found.address.url} (process {found.pid}, version {found.version}{workers})"
    try:
        rooms = Api(found.address, told.api_key or found.key).rooms()
        nodes = _of_nodes(found)
    except Refused as refused:
        if refused.status < 500:
            raise
        unknown = {"problem": refused.code, "rooms": None, "live": None, "nodes": None, "checkpoint": None}
        out.result({**answer, **unknown}, f"{where}, and in trouble. {refused.message}")
        return Exit.FAILED
    live = sum((room.get("run") or {}).get("status") == "active" for room in rooms)
    lines = [f"{where}: {_count(len(rooms), 'room')}, {live} live."]
    if len(nodes["nodes"] or ()) > 1:
        lines += [f"{len(nodes['nodes'])} nodes share its store:", *map(_node_line, nodes["nodes"])]
    out.result({**answer, "rooms": len(rooms), "live": live, **nodes}, "\n".join(lines))
    return Exit.DONE


def _of_nodes(found: Found) -> Dict[str, Any]:
    """The nodes that live, by the key of the data folder: whoever may read that runs the server."""
    unknown: Dict[str, Any] = {"nodes": None, "checkpoint": None}
    try:
        told = Api(found.address, found.key).request("GET", "/status") if found.key else {}
    except Refused:
        return unknown  # a server of an older version, or its key was revoked
    return {"nodes": told.get("living"), "checkpoint": told.get("checkpoint")}


def _node_line(node: Dict[str, Any]) -> str:
    worker = f", worker {node['worker']}" if node["worker"] else ""
    watching = f"{_count(node['connections'], 'viewer')}{', stopping' if node['stopping'] else ''}"
    return f"  {node['host']} (process {node['pid']}{worker}, version {node['version']}): {watching}"


def stop(arguments: argparse.Namespace, out: Output) -> int:
    """Stop the server; its rooms stay in the store."""
    found = LocalServer(environment(arguments).data_dir).find()
    if found is None:
        out.result({"stopped": None}, "No server is running.")
        return Exit.DONE
    _end(found)
    out.result({"stopped": found.pid}, f"Stopped {found.address.url}. Its rooms stay.")
    return Exit.DONE


def _end(found: Found) -> None:
    try:
        os.kill(found.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    end = time.monotonic() + STOP_DEADLINE_S
    while _is_there(found.pid):
        if time.monotonic() > end:
            raise CommandError("still_running", f"The server (process {found.pid}) has not ended yet.")
        time.sleep(PAUSE_S)


def _is_there(pid: int) -> bool:
    state = _state(pid)
    return state is not None and state != "Z"  # Z: ended, its parent has not noticed


def _state(pid: int) -> Optional[str]:
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return told.rpartition(")")[2].split()[0]
    except OSError:
        pass  # no such process, or no /proc on this system: ask otherwise
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    return "?"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
