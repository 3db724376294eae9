"""Runs the tests of the trainer's side on every Python that is found, with nothing but pytest installed.

``python tests/pythons.py`` fails where there is no 3.8; ``--has 3.8`` only tells whether there is one.
Runs on the interpreter at hand and starts the others; a stand-alone script, so it imports nothing of ours.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = "3.8"
VERSIONS = [f"3.{minor}" for minor in range(8, 16)]
TESTS = ["tests/spectator/protocol", "tests/spectator/client", "tests/spectator/sessions"]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


def interpreter(version: str) -> "str | None":
    """Return a Python of that version: on PATH, else one of pyenv's; each is tried, shims may be empty."""
    on_path = shutil.which(f"python{version}")
    candidates = [on_path] if on_path else []
    candidates += sorted(str(path) for path in PYENV.glob(f"{version}.*/bin/python"))
    for candidate in candidates:
        told = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.strip() == version:
            return candidate
    return None


def run_tests(version: str, python: str) -> bool:
    """Run the tests in an environment of that Python's own; it is kept for the next time."""
    home = ROOT / ".venv" / "pythons" / version
    inside = str(home / "bin" / "python")
    if not (home / ".ready").exists():
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([python, "-m", "venv", str(home)], check=True)
        subprocess.run([inside, "-m", "pip", "install", "--quiet", "pytest"], check=True)
        (home / ".ready").touch()
    print(f"--- Python {version}", flush=True)
    command = [inside, "-m", "pytest", "-q", "-c", "tests/pythons.ini", "--rootdir", str(ROOT), *TESTS]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--has", metavar="VERSION")
    asked = arguments.parse_args().has
    if asked:
        return 0 if interpreter(asked) else 1
    found = {version: python for version in VERSIONS if (python := interpreter(version)) is not None}
    if OLDEST not in found:
        print(f"no Python {OLDEST} was found on PATH or in {PYENV}", file=sys.stderr)
        return 1
    failed = [version for version, python in found.items() if not run_tests(version, python)]
    print(f"tested on Python {', '.join(found)}" + (f"; failed on {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
