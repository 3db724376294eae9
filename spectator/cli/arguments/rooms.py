"""The commands that make, show, change and end rooms."""

from __future__ import annotations

import argparse

from spectator.cli.arguments.building import Subparsers, group, of_room, positive, remote

LEVELS = ["public", "password", "invite_only", "private"]
PRESENCE = ["names", "count", "nothing"]
WEBHOOK = "an https address that is told who asks to come in"


def add(commands: Subparsers) -> None:
    """Add room create, list, show, set, close; and open."""
    verbs = group(commands, "room", "create, list, show, change, close rooms")
    _create(verbs)
    remote(verbs, "list", "rooms:list_rooms", "list your rooms")
    of_room(verbs, "show", "rooms:show", "show a room")
    _set(verbs)
    close = of_room(verbs, "close", "rooms:close", "close a room for everybody")
    close.add_argument(
        "--remove", action="store_true", help="remove what was recorded at once (else: after a week)"
    )
    opened = of_room(commands, "open", "rooms:open_page", "open a room's page as its owner")
    opened.add_argument("--no-browser", action="store_true", help="print the link only")


def _create(verbs: Subparsers) -> None:
    create = remote(verbs, "create", "rooms:create", "create a room")
    create.add_argument("name", help="what it is called")
    create.add_argument("--access", choices=LEVELS)
    _password(create)
    create.add_argument("--approve", action="store_true", help="everybody waits until let in")
    create.add_argument("--seats", type=positive(int), default=100, metavar="N", help="at most so many (100)")
    create.add_argument("--hours", type=positive(float), metavar="H", help="how long it stays (24)")
    create.add_argument("--code", help="a code of your own, 6 to 12 letters and digits")
    create.add_argument("--listed", action="store_true", help="show it on the first page")
    _told_who_is_here(create)
    create.add_argument("--webhook", metavar="URL", help=WEBHOOK)
    create.add_argument("--allow", action="append", metavar="USER", help="let this user of yours in; repeats")


def _set(verbs: Subparsers) -> None:
    change = of_room(verbs, "set", "changing:change", "change a room while people watch")
    change.add_argument("--name", help="what it is called")
    change.add_argument("--access", choices=LEVELS, help="acts on who joins from now on; see also: rotate")
    _password(change)
    change.add_argument("--seats", type=positive(int), metavar="N", help="at most so many")
    change.add_argument("--hours", type=positive(float), metavar="H", help="end so many hours from now")
    change.add_argument("--code", help="a code of your own; the old one is worth nothing then")
    _either(change, "approve", "everybody waits until let in", "whoever may come in need not wait")
    _either(change, "listed", "show it on the first page", "do not show it there", no="unlisted")
    _told_who_is_here(change)
    webhook = change.add_mutually_exclusive_group()
    webhook.add_argument("--webhook", metavar="URL", help=WEBHOOK)
    webhook.add_argument("--no-webhook", action="store_true", help="tell nobody outside")
    for name, told in (
        ("allow", "put this user of yours on the list of who may come in; repeats"),
        ("unallow", "take this user off it: who is in by the list alone is sent away"),
        ("block", "keep this user of yours out; repeats"),
        ("unblock", "let this user ask again"),
    ):
        change.add_argument(f"--{name}", action="append", metavar="USER", default=[], help=told)


def _password(parser: argparse.ArgumentParser) -> None:
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--password", action="store_true", help="ask for a password (or read a line of stdin)"
    )
    secret.add_argument("--generate-password", action="store_true", help="make a password and print it once")


def _told_who_is_here(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--presence", choices=PRESENCE, help="what spectators are told about who is here (count)"
    )


def _either(parser: argparse.ArgumentParser, name: str, told: str, told_not: str, no: str = "") -> None:
    """Add a switch that is on, off, or not given (None)."""
    both = parser.add_mutually_exclusive_group()
    both.add_argument(f"--{name}", action="store_true", default=None, help=told)
    both.add_argument(f"--{no or 'no-' + name}", dest=name, action="store_false", default=None, help=told_not)
