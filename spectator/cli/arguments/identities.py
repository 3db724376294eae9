"""The commands about who one is: to a server (login), and who others are, as one's own site vouches."""

from __future__ import annotations

from spectator.cli.arguments.building import Subparsers, command, group, positive, remote


def add(commands: Subparsers) -> None:
    """Add login, and identity mint."""
    login = command(commands, "login", "login:login", "keep the API key of a server, so that it is found")
    login.add_argument(
        "server", nargs="?", metavar="URL", help="the server; the key is asked for, or read from stdin"
    )
    login.add_argument("--remove", action="store_true", help="forget the key of URL, or of all servers")
    login.add_argument("--list", action="store_true", help="list the servers whose keys are kept")
    verbs = group(commands, "identity", "vouch for users of yours")
    mint = remote(verbs, "mint", "identities:mint", "make a signed identity of a user; it is printed once")
    mint.add_argument("user", metavar="USER", help="the user's id, in your own words")
    mint.add_argument("--name", help="what others see (the user's id)")
    mint.add_argument("--hours", type=positive(float), default=24.0, metavar="H", help="how long (24)")
    mint.add_argument("--room", metavar="CODE", help="print a link to this room, with the identity in it")
