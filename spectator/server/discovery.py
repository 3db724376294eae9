"""``server.json`` in the data folder: how programs of this user find the server without guessing a port.

Several servers may share a folder; the file names the first that is alive. A server that finds the file
missing, or naming a dead one, puts itself in its place.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp

from spectator.nodes import version

SERVER_FILE: Final = "server.json"
_HEALTH_TIMEOUT: Final = aiohttp.ClientTimeout(total=1.0)


class Discovery:
    """This server's claim to ``server.json``.

    Args:
        data_dir: the data folder.
        url: where this server is reached on this machine, ``http://127.0.0.1:8000``.
        workers: so many processes serve there; the one that is named is their parent.
        store: "embedded": over the store of this folder; "given": over one that the server was told of.
    """

    def __init__(self, data_dir: Path, url: str, *, workers: int = 1, store: str = "embedded") -> None:
        self._path = data_dir / SERVER_FILE
        self._own: dict[str, Any] = {
            "url": url,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": version(),
            "workers": workers,
            "store": store,
            "started_at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    async def claim(self) -> bool:
        """Write the file unless it names another living server; True when it names this one now."""
        named = self._named()
        if named == self._own:
            return True
        # Where this server listens no other can: an entry with its address is what a killed one left, though
        # the address answers (it is ours) and the process number is still taken.
        if named is not None and named.get("url") != self._own["url"] and await _alive(named):
            return False
        self._write()
        return True

    def release(self) -> None:
        """Remove the file if it names this server."""
        if self._named() == self._own:
            self._path.unlink(missing_ok=True)

    def _named(self) -> dict[str, Any] | None:
        try:
            found = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _write(self) -> None:
        draft = self._path.with_name(f".{SERVER_FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(self._own, file)
                file.write("\n")
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


async def _alive(named: dict[str, Any]) -> bool:
    """Whether the process is there and its address answers as healthy; another machine's cannot be asked."""
    if named.get("host", socket.gethostname()) != socket.gethostname():
        return False
    try:
        os.kill(int(named["pid"]), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, KeyError, TypeError, ValueError, OverflowError):
        return False  # another user's process cannot be the server of this folder
    try:
        async with (
            aiohttp.ClientSession(timeout=_HEALTH_TIMEOUT) as session,
            # Nothing secret is sent, and the name of a certificate is not what is asked about.
            session.get(f"{named['url']}/healthz", ssl=False) as answer,
        ):
            return answer.status == 200
    except (TimeoutError, aiohttp.ClientError, KeyError, ValueError):
        return False
