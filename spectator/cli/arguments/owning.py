"""The commands by which an owner changes a room's secrets, its end, or who owns it."""

from __future__ import annotations

from spectator.cli.arguments.building import Subparsers, of_room, positive

ROTATES = ("code", "password", "key")


def add(commands: Subparsers) -> None:
    """Add rotate, transfer and extend."""
    rotate = of_room(
        commands,
        "rotate",
        "owning:rotate",
        "replace a room's code, password or key; the old one is worth nothing at once",
    )
    rotate.add_argument(
        "what",
        choices=ROTATES,
        help="code, password: everybody but moderators joins again; key: whoever held the old one is out",
    )
    transfer = of_room(commands, "transfer", "owning:transfer", "give a room to another user of yours")
    transfer.add_argument("user", metavar="USER", help="the user's id, as in `spectator identity mint USER`")
    extend = of_room(commands, "extend", "owning:extend", "let a room live longer")
    extend.add_argument("hours", type=positive(float), metavar="HOURS", help="how much longer")
