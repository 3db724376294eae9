"""The data folder: who may enter it, on what disk it is, who holds it."""

from __future__ import annotations

import json
import os
import platform
import socket
import stat
from pathlib import Path
from typing import Any, Iterator, Optional, Tuple

from spectator.cli.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding

SECRET_FILES = ("key", "secret")
OTHERS = 0o077
OTHERS_WRITE = 0o022
REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "lustre", "beegfs", "gpfs"}
)
LITTLE = 512 * 1024 * 1024  # bytes


def look(folder: Path) -> Iterator[Finding]:
    """Everything about the folder; one that is not there yet is fine."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        yield Finding(
            "folder", NOTE, f"The data folder {folder} does not exist yet; the first server makes it."
        )
        return
    except OSError as error:
        yield Finding(
            "folder",
            PROBLEM,
            f"The data folder {folder} cannot be entered: {error.strerror}.",
            "No server of this user is found, and none can be started.",
            _ELSEWHERE,
        )
        return
    yield _permissions(folder, found)
    yield from _secrets(folder)
    yield _disk(folder)
    yield from _claimed(folder)


_ELSEWHERE = "Set SPECTATOR_DATA_DIR to a folder of your own on a local disk."


def _permissions(folder: Path, found: os.stat_result) -> Finding:
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            "folder",
            PROBLEM,
            f"The data folder {folder} cannot be written.",
            "A server cannot be started on it.",
            _ELSEWHERE,
        )
    if os.name == "posix" and (found.st_uid not in {os.geteuid(), 0} or found.st_mode & OTHERS_WRITE):
        return Finding(
            "folder",
            PROBLEM,
            f"Others may write into the data folder {folder}.",
            "They could put keys of theirs in the place of yours, so a server refuses to start on it.",
            f"chmod 700 {folder}",
        )
    return Finding("folder", OK, f"The data folder is {folder}.", figures={"path": str(folder)})


def _secrets(folder: Path) -> Iterator[Finding]:
    for name in SECRET_FILES:
        path = folder / name
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if os.name == "posix" and mode & OTHERS:
            yield Finding(
                f"folder.{name}",
                PROBLEM,
                f"{path} can be read by others ({stat.filemode(mode)}).",
                "It is not used any more; who has read it is owner of every room.",
                f"chmod 600 {path}; if somebody may have read it: spectator secret rotate, delete the file "
                "key, and start the server again",
            )


def _disk(folder: Path) -> Finding:
    kind, where = _mount(folder)
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize if hasattr(os, "statvfs") else None
    figures = {"filesystem": kind, "free_bytes": free}
    if kind in REMOTE:
        return Finding(
            "folder.disk",
            WARNING,
            f"The data folder is on a network disk ({kind}, {where}).",
            "Locks between machines are not safe there and each write waits for the network; a store must be "
            "used by one machine at a time.",
            "Set SPECTATOR_DATA_DIR to a local disk, or give the server a store of its own: --redis.",
            figures,
        )
    if free is not None and free < LITTLE:
        return Finding(
            "folder.disk",
            WARNING,
            f"{free // (1024 * 1024)} MB are free where the data folder is.",
            "The store writes all it acknowledges into a file there; on a full disk it takes nothing new.",
            "Make room, or set SPECTATOR_DATA_DIR to another disk.",
            figures,
        )
    room = "" if free is None else f" with {free / 1024**3:,.0f} GB free"
    return Finding("folder.disk", OK, f"It is on a local disk{room}.", figures=figures)


def _mount(folder: Path) -> Tuple[str, str]:
    """Kind and place of the file system that holds the folder; ``unknown`` where the system does not say."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "unknown", ""
    best = ("unknown", "")
    inside = str(folder.resolve())
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        place = parts[1].replace("\\040", " ")
        within = inside == place or inside.startswith(place.rstrip("/") + "/")
        if within and len(place) >= len(best[1]):
            best = (parts[2], place)
    return best


def _claimed(folder: Path) -> Iterator[Finding]:
    """Whether a server or a store of another machine stands on this folder, or somebody holds it just now."""
    here = socket.gethostname()
    for name, what in (("server.json", "a server"), ("store.lock", "a store")):
        told = read_note(folder / name)
        host = told.get("host") if told is not None else None
        if isinstance(host, str) and host not in {here, platform.node()}:
            yield Finding(
                "folder.claim",
                WARNING,
                f"{name} there was written by {what} on {host}.",
                "A folder is used by one machine at a time: from here its server is not found, and none is "
                "started on its store.",
                f"Set SPECTATOR_URL to the address of that server, or SPECTATOR_DATA_DIR to a folder of this "
                f"machine; if {host} is gone for good, delete {folder / name}.",
            )
    if _is_held(folder / "server.lock"):
        yield Finding("folder.lock", NOTE, "Another process is starting a server on it just now.")


def _is_held(path: Path) -> bool:
    """Whether somebody holds the lock on a file; one that is not there is held by nobody."""
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False


def read_note(path: Path) -> Optional[Any]:
    """What stands in a file of JSON; None for nothing that can be read."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
