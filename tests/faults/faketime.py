"""A clock of a process that a test may set: libfaketime, brought by the system's packages."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = "libfaketime"
NEEDED = (
    "This test needs libfaketime (Debian, Ubuntu: apt-get install libfaketime). It is installed by itself "
    "where the tests run as root and apt-get can reach its packages; apt-get said: "
)


@functools.cache
def library() -> Path:
    """The library to preload; installed where it is missing and that is possible, else an AssertionError."""
    found = _find()
    if found is None:
        told = _install()
        found = _find()
        assert found is not None, NEEDED + told
    return found


def _find() -> Path | None:
    places = (Path(root) for root in ("/usr/lib", "/usr/lib64", "/usr/local/lib"))
    for place in places:
        for path in sorted(place.glob("**/faketime/libfaketime.so.1")):
            return path
    return None


def _install() -> str:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "(not asked: this is no root on a Debian system)"
    said = ""
    for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", PACKAGE]):
        told = subprocess.run(
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = (told.stdout + told.stderr)[-500:]
    return said


class FakeTime:
    """The offset of one process's wall clock, kept in a file; its monotonic clock stays as it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.jump(0)

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def jump(self, hours: float) -> None:
        """From now on the process's clock is so many hours ahead of the machine's; a move, so never half."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"+{hours}h\n" if hours >= 0 else f"{hours}h\n")
        fresh.replace(self._path)


def main() -> int:
    """See to it that there is the library; returns the exit status."""
    try:
        library()
    except AssertionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
