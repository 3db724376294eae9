"""What the process's environment says: the only place of the client that reads it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Mapping, Optional

from spectator.protocol.folders import config_folder, data_folder

MODES = ("online", "offline", "disabled")

# First come, first believed: what torchrun sets is more exact than what the scheduler around it says.
RANKS = (
    "RANK",
    "GLOBAL_RANK",
    "OMPI_COMM_WORLD_RANK",
    "PMIX_RANK",
    "PMI_RANK",
    "MV2_COMM_WORLD_RANK",
    "SLURM_PROCID",
    "LOCAL_RANK",
)


@dataclass(frozen=True)
class Environment:
    """The settings of one training process.

    Attributes:
        url: `SPECTATOR_URL`, the server to use, or None: this user's own on this machine.
        api_key: `SPECTATOR_API_KEY`, or None.
        mode: `SPECTATOR_MODE`: online, offline or disabled.
        data_dir: the folder of keys and of ``server.json``.
        autostart: False when `SPECTATOR_AUTOSTART=off`: start no server.
        rank: this process's number in a distributed job; 0 in any other.
        config_dir: the folder of the keys that `spectator login` keeps; None: look for none.
        operator_key: `SPECTATOR_OPERATOR_KEY`, for an operator's commands, or None.
    """

    url: Optional[str]
    api_key: Optional[str] = field(repr=False)
    mode: str
    data_dir: Path
    autostart: bool
    rank: int
    config_dir: Optional[Path] = None
    operator_key: Optional[str] = field(default=None, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Environment:
        """Return what ``environ`` says.

        Raises:
            ValueError: `SPECTATOR_MODE` or `SPECTATOR_AUTOSTART` is none of the allowed words.
        """
        mode = environ.get("SPECTATOR_MODE", "").strip().lower() or "online"
        if mode not in MODES:
            raise ValueError(f"SPECTATOR_MODE must be one of {', '.join(MODES)}, not {mode!r}")
        return cls(
            url=environ.get("SPECTATOR_URL", "").strip() or None,
            api_key=environ.get("SPECTATOR_API_KEY", "").strip() or None,
            mode=mode,
            data_dir=data_folder(environ, platform),
            autostart=_switch("SPECTATOR_AUTOSTART", environ.get("SPECTATOR_AUTOSTART", "")),
            rank=_rank(environ),
            config_dir=config_folder(environ, platform),
            operator_key=environ.get("SPECTATOR_OPERATOR_KEY", "").strip() or None,
        )


def server_environment(data_dir: Path, environ: Mapping[str, str] = os.environ) -> Dict[str, str]:
    """Return the environment for a server that is started from a training process.

    It is the process's own, without what speaks of another server or of this process's place in a job.
    """
    left_out = {"SPECTATOR_URL", "SPECTATOR_API_KEY", "SPECTATOR_MODE", *RANKS}
    kept = {name: value for name, value in environ.items() if name not in left_out}
    kept["SPECTATOR_DATA_DIR"] = str(data_dir)
    return kept


def _rank(environ: Mapping[str, str]) -> int:
    for name in RANKS:
        told = environ.get(name, "").strip()
        if told.isdigit():
            return int(told)
    return 0


def _switch(name: str, told: str) -> bool:
    word = told.strip().lower() or "on"
    if word in {"on", "1", "true", "yes"}:
        return True
    if word in {"off", "0", "false", "no"}:
        return False
    raise ValueError(f"{name} must be on or off, not {told!r}")
