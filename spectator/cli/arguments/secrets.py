"""The command about the signing secrets."""

from __future__ import annotations

from spectator.cli.arguments.building import Subparsers, command, group


def add(commands: Subparsers) -> None:
    """Add secret rotate."""
    verbs = group(commands, "secret", "the secrets that sign room keys, grants and invitations")
    rotate = command(
        verbs, "rotate", "secrets:rotate", "sign by a new secret; live viewers stay", needs_server=True
    )
    rotate.add_argument(
        "--drop-old", action="store_true", help="make none; refuse what all but the newest have signed"
    )
