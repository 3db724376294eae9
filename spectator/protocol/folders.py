"""Where a user's data and settings live: one rule for all who write there and look there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Mapping


def data_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the data folder of this user: keys, secrets, the local store, ``server.json``.

    ``SPECTATOR_DATA_DIR`` wins. Else macOS: ``~/Library/Application Support/spectator``; elsewhere
    ``$XDG_DATA_HOME/spectator`` or ``~/.local/share/spectator``. Nothing is created.
    """
    told = environ.get("SPECTATOR_DATA_DIR")
    if told:
        return Path(told).expanduser().absolute()
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "spectator"
    shared = environ.get("XDG_DATA_HOME")
    # The XDG rules say that a relative path is to be ignored.
    root = Path(shared) if shared and Path(shared).is_absolute() else home / ".local" / "share"
    return root / "spectator"


def config_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder of this user's own settings: the keys that ``spectator login`` keeps.

    ``SPECTATOR_CONFIG_DIR`` wins. Else macOS: ``~/Library/Application Support/spectator``; elsewhere
    ``$XDG_CONFIG_HOME/spectator`` or ``~/.config/spectator``. Nothing is created.
    """
    told = environ.get("SPECTATOR_CONFIG_DIR")
    if told:
        return Path(told).expanduser().absolute()
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    if platform == "darwin":
        return home / "Library" / "Application Support" / "spectator"
    shared = environ.get("XDG_CONFIG_HOME")
    root = Path(shared) if shared and Path(shared).is_absolute() else home / ".config"
    return root / "spectator"
