"""The commands that watch a room and publish into one."""

from __future__ import annotations

from spectator.cli.arguments.building import Subparsers, of_room


def add(commands: Subparsers) -> None:
    """Add watch and publish."""
    watch = of_room(commands, "watch", "watching:watch", "print a room's events as they come")
    watch.add_argument("--name", default="terminal", help="how you are shown to others (terminal)")
    secret = watch.add_mutually_exclusive_group()
    secret.add_argument(
        "--password", action="store_true", help="ask for the password (or read a line of stdin)"
    )
    secret.add_argument(
        "--invitation", action="store_true", help="ask for an invitation's link (or read a line of stdin)"
    )
    publish = of_room(commands, "publish", "publishing:publish", "publish lines of stdin into a room")
    publish.epilog = 'A line is JSON ({"reward": 1.5} or an event with a "type") or words: reward=1.5 step=3'
