"""Which machine this is, and where a user's sockets live on it."""

import hashlib
import os
import platform
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from spectator.embedded.errors import StoreFailed

# sun_path holds 108 bytes on Linux, 104 on macOS, the closing zero included.
LONGEST_SOCKET_PATH = 103
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Machine:
    """A host from one start to the next; a process number means something only within it."""

    host: str
    boot: str


def this_machine() -> Machine:
    """Return the machine this process runs on."""
    return Machine(platform.node(), _boot())


def _boot() -> str:
    if BOOT_ID.is_file():
        return BOOT_ID.read_text().strip()
    told = subprocess.run(
        ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    return told.stdout.strip()


def socket_path(data_dir: Path, runtime_dir: str | None) -> Path:
    """Return the socket's path for a data folder, in a folder that only this user may enter.

    Never inside the data folder: that may be on a network, and its path may be too long for a socket.

    Args:
        data_dir: names the socket; two folders never share one.
        runtime_dir: the value of ``XDG_RUNTIME_DIR``, or None.

    Raises:
        StoreFailed: there is no such folder and none can be made.
    """
    name = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16] + ".sock"
    return runtime_folder(runtime_dir, len(os.fsencode(name))) / name


def runtime_folder(runtime_dir: str | None, name_bytes: int = 40) -> Path:
    """Return a folder for this user's sockets, which only this user may enter; made where it is missing.

    Args:
        runtime_dir: the value of ``XDG_RUNTIME_DIR``, or None.
        name_bytes: how long the path of a socket below it may be: there are 103 bytes in all.

    Raises:
        StoreFailed: there is no such folder and none can be made.
    """
    problems = []
    for folder in _runtime_folders(runtime_dir):
        if len(os.fsencode(folder)) + 1 + name_bytes > LONGEST_SOCKET_PATH:
            problems.append(f"{folder} is too long a path for a socket")
            continue
        problem = _make_private(folder)
        if problem is None:
            return folder
        problems.append(problem)
    raise StoreFailed(
        f"No place for the store's socket: {'; '.join(problems)}. Set XDG_RUNTIME_DIR to a short path."
    )


def _runtime_folders(runtime_dir: str | None) -> list[Path]:
    own = f"spectator-{os.geteuid()}"
    folders = [Path(tempfile.gettempdir()) / own, Path("/tmp") / own]  # noqa: S108 made 0700 and checked below
    if runtime_dir and Path(runtime_dir).is_dir():
        folders.insert(0, Path(runtime_dir) / "spectator")
    return folders


def _make_private(folder: Path) -> str | None:
    """Make the folder, or check the one that is there; return what is wrong with it."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return f"{folder} is not this user's own folder"
    if found.st_mode & 0o077:
        folder.chmod(0o700)
    return None
