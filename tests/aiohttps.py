"""Runs what pins our use of aiohttp against the oldest version we support and against the newest there is.

``python tests/aiohttps.py`` makes an environment for each beside ours, with what ``[server]`` needs, and
keeps it for the next time (the newest is looked for again). ``python tests/aiohttps.py 3.13.5 …`` tries
others. The oldest is the floor in pyproject.toml, so a floor that is too low fails here. A stand-alone script
for the interpreter that runs the server; it imports nothing of ours.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = [
    "tests/spectator/server/test_aiohttp.py",
    "tests/spectator/server/test_door.py",
    "tests/spectator/server/sockets/test_sink.py",
]
TOOLS = ["pytest", "pytest-asyncio", "pytest-timeout", "trustme"]


def requirements() -> list[str]:
    """Return what the extra ``[server]`` asks for."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[str] = told["project"]["optional-dependencies"]["server"]
    return found


def floor() -> str:
    """Return the oldest aiohttp that pyproject.toml lets in."""
    for line in requirements():
        found = re.match(r"aiohttp>=([\d.]+)", line)
        if found:
            return found[1]
    raise SystemExit("pyproject.toml names no oldest aiohttp")


def run_tests(version: str) -> bool:
    """Run the tests with one version (``newest``: whatever that is today)."""
    home = ROOT / ".venv" / "aiohttps" / version
    inside = str(home / "bin" / "python")
    wanted = ["--upgrade", "aiohttp"] if version == "newest" else [f"aiohttp=={version}"]
    if not (home / ".ready").exists() or version == "newest":
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        others = [line for line in requirements() if not line.startswith("aiohttp")]
        command = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *others, *TOOLS, *wanted], check=True)
        (home / ".ready").touch()
    shown = [inside, "-c", "import aiohttp; print('--- aiohttp', aiohttp.__version__, flush=True)"]
    subprocess.run(shown, check=True)
    command = [inside, "-m", "pytest", "-q", "-c", "tests/aiohttps.ini", "--rootdir", str(ROOT)]
    return subprocess.run([*command, "--noconftest", *TESTS], cwd=ROOT, check=False).returncode == 0


def main() -> int:
    versions = sys.argv[1:] or [floor(), "newest"]
    failed = [version for version in versions if not run_tests(version)]
    print(f"tested on aiohttp {', '.join(versions)}" + (f"; failed on {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
