"""Packages of others that are measured beside us, fetched when they are needed into ``build/bench``.

Nothing of them is ever part of this repository: git ignores the folder, ``make clean`` removes it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.bench.native import BUILD

PATIENCE = 300.0  # seconds for one installation
QUIET = ("--no-fund", "--no-audit", "--loglevel=error", "--progress=false")


def npm(package: str) -> Path:
    """Return the folder ``node_modules`` that holds this npm package.

    Raises RuntimeError where there is no npm, or where the package cannot be fetched.
    """
    folder = BUILD / "npm" / package
    modules = folder / "node_modules"
    if not (modules / package / "package.json").exists():
        if shutil.which("npm") is None:
            raise RuntimeError(f"{package} is measured with Node: install node and npm")
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(["npm", "install", "--prefix", str(folder), *QUIET, package])
    return modules


def npm_version(package: str) -> str:
    """Return the version of a package that npm() has fetched."""
    return str(json.loads((npm(package) / package / "package.json").read_text())["version"])


def pip(name: str, *packages: str) -> Path:
    """Return a folder for PYTHONPATH that holds these Python packages; ``name`` is what it is called."""
    folder = BUILD / "pip" / name
    if not folder.exists():
        half = folder.with_suffix(f".{os.getpid()}")
        _fetch([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(half), *packages])
        half.rename(folder)
    return folder


def _fetch(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
