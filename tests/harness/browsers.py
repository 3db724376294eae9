"""Chromium for the stories: the system's where there is one, else Playwright's own.

``python -m tests.harness.browsers`` sees to it that there is one; ``make test`` calls it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def system_chromium() -> str | None:
    """Return the path of a Chromium that this machine has installed."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def launch_options() -> dict[str, object]:
    """Return the arguments of ``chromium.launch`` for this machine."""
    arguments = ["--disable-gpu", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to sandbox for root (containers)
    options: dict[str, object] = {"args": arguments}
    found = system_chromium()
    if found is not None:
        options["executable_path"] = found
    return options


def starts() -> bool:
    """Tell whether a browser really starts: a downloaded one may lack the system's libraries."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            playwright.chromium.launch(**launch_options()).close()
        except Error as error:
            print(f"chromium does not start: {str(error).splitlines()[0]}", file=sys.stderr)
            return False
    return True


def install() -> None:
    """Install a Chromium: Playwright's, with the system's libraries where we may; else the system's own."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    if os.geteuid() == 0 and Path("/usr/bin/apt-get").exists():
        playwright.insert(-1, "--with-deps")
    if subprocess.run(playwright, check=False).returncode == 0 and starts():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False)
        subprocess.run(["apt-get", "install", "-y", "-q", "chromium"], env=quiet, check=False)


def main() -> int:
    if starts():
        return 0
    install()
    if starts():
        return 0
    print("The stories need a browser: install chromium, then run make test again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
