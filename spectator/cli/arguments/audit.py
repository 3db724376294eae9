"""The commands that look back: what was done, and what was recorded."""

from __future__ import annotations

import argparse
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from spectator.cli.arguments.building import Subparsers, of_room, positive, remote

FORMATS = ("csv", "json", "ndjson")
SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add(commands: Subparsers) -> None:
    """Add audit and export."""
    audit = remote(commands, "audit", "audit:show", "tell who did what to which room")
    audit.add_argument(
        "--room", metavar="CODE", help="only of this room: its code, or its id once it is gone"
    )
    audit.add_argument("--what", metavar="KIND", help="only of this kind: join, kick, rotate, ...")
    audit.add_argument(
        "--since", type=since, metavar="WHEN", help="only from then on: 2h, 30m, 7d, or 2024-01-15T10:30"
    )
    audit.add_argument(
        "--limit", type=positive(int), default=50, metavar="N", help="at most so many, the newest (50)"
    )
    audit.add_argument("--tenant", metavar="TENANT", help="of this tenant; for operators")
    audit.add_argument("--operator", action="store_true", help="what operators did; for operators")
    export = of_room(commands, "export", "export:export", "write what was recorded into a file")
    export.add_argument(
        "--format", choices=FORMATS, help="csv: a table of the metrics; json, ndjson: every event (ndjson)"
    )
    export.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="where to (else named after the room); - for stdout"
    )
    export.add_argument("--force", action="store_true", help="overwrite the file if there is one")


def since(text: str) -> float:
    """Read a moment: so long ago (``2h``), or a date with or without a time; returns Unix seconds."""
    span = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    try:
        if span is not None:
            ago = timedelta(seconds=int(span.group(1)) * SPANS[span.group(2)])
            return max(0.0, (datetime.now(timezone.utc) - ago).timestamp())
        return max(
            0.0, datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text).timestamp()
        )
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError("say 2h, 30m or 7d, or a time such as 2024-01-15T10:30") from None
