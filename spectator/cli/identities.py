"""``spectator identity mint``: a tenant vouches for who one of its users is."""

from __future__ import annotations

import argparse

from spectator.cli.exits import Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable


def mint(arguments: argparse.Namespace, out: Output) -> int:
    """Print a signed identity, or a link to a room with the identity in its fragment."""
    server = api(arguments)
    made = server.mint_identity(arguments.user, arguments.name, arguments.hours)
    shown = made["token"]
    if arguments.room is not None:
        room = server.room(arguments.room)
        page = room.get("join_url") or server.address.page(str(room["code"]))
        made["url"] = shown = f"{page}#identity={made['token']}"
    out.result(
        made,
        f"{shown}\nproves to this server who {printable(arguments.user)} is, until "
        f"{moment(made['expires_at'])}; shown this once.",
    )
    return Exit.DONE
