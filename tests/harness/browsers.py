"""Chromium for the stories: the system's where there is one, else Playwright's own."""

import os
import shutil

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def launch_options() -> dict[str, object]:
    """Return the arguments of ``chromium.launch`` for this machine."""
    arguments = ["--disable-gpu", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to sandbox for root (containers)
    options: dict[str, object] = {"args": arguments}
    found = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if found is not None:
        options["executable_path"] = found
    return options
