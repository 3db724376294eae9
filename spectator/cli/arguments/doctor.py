"""The command that looks whether everything works."""

from __future__ import annotations

from spectator.cli.arguments.building import Subparsers, positive, remote


def add(commands: Subparsers) -> None:
    """Add doctor."""
    told = "look at everything between a script and its viewers, measure it, and explain what is found"
    doctor = remote(commands, "doctor", "doctor:doctor", told)
    doctor.add_argument("--no-room", action="store_true", help="only look: open no room, measure nothing")
    doctor.add_argument(
        "--seconds", type=positive(float), default=5.0, metavar="N", help="measure for so long (5)"
    )
