"""C sources of the bench, compiled when they are needed into ``build/bench`` (which git ignores)."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "build" / "bench"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror")


def compiled(source: Path, *flags: str) -> Path:
    """Return the program (or, with ``-shared``, the library) of this source, built unless it already is.

    Raises RuntimeError where no C compiler can be had, or where the source does not compile.
    """
    key = hashlib.sha256(source.read_bytes() + repr((FLAGS, flags)).encode()).hexdigest()[:16]
    made = BUILD / f"{source.stem}-{key}"
    if not made.exists():
        BUILD.mkdir(parents=True, exist_ok=True)
        half = made.with_suffix(f".{os.getpid()}")  # two runs may compile at once; each puts a whole file
        done = subprocess.run(
            [compiler(), *FLAGS, *flags, "-o", str(half), str(source)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{source.name} does not compile:\n{done.stderr}")
        half.replace(made)
    return made


def compiler() -> str:
    """Return the C compiler of this machine; where apt can be used and there is none, it is installed."""
    for name in ("cc", "gcc", "clang"):
        if found := shutil.which(name):
            return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-y", "-q", "build-essential"]):
            subprocess.run(["apt-get", *command], env=environment, check=True)
        if found := shutil.which("cc"):
            return found
    raise RuntimeError("the bench needs a C compiler (Debian, Ubuntu: apt install build-essential)")
