"""The commands about people: who asks, who is in, who is sent away, who is invited."""

from __future__ import annotations

import argparse

from spectator.cli.arguments.building import Subparsers, of_room, positive

ASKER = "the request's id, or the name of who asks"
PERSON = "the person's id, or a name that only one of them bears"
POWERS = {
    "kick": "send somebody away, who may ask again after a minute",
    "block": "send somebody away and keep them out",
    "unblock": "let somebody who was blocked ask again",
    "promote": "make somebody a moderator",
    "demote": "make a moderator a spectator again",
}


def add(commands: Subparsers) -> None:
    """Add requests, approve, deny; people, kick, block, unblock, promote, demote; invite."""
    of_room(commands, "requests", "people:requests", "list who asks to come in")
    approve = of_room(commands, "approve", "people:approve", "let somebody in")
    chosen = approve.add_mutually_exclusive_group(required=True)
    chosen.add_argument("request", nargs="?", metavar="REQUEST", help=ASKER)
    chosen.add_argument("--all", action="store_true", help="let everybody in for whom there is a seat")
    deny = of_room(commands, "deny", "people:deny", "turn somebody away")
    deny.add_argument("request", metavar="REQUEST", help=ASKER)
    of_room(commands, "people", "powers:people", "list who is in, and who is blocked")
    for verb, told in POWERS.items():
        power = of_room(commands, verb, "powers:use", told, power=verb)
        power.add_argument("person", metavar="PERSON", help=PERSON)
    _invite(of_room(commands, "invite", "inviting:invite", "make a link that lets people in"))


def _invite(invite: argparse.ArgumentParser) -> None:
    invite.add_argument(
        "--uses", type=positive(int), default=1, metavar="N", help="how many people it lets in (1)"
    )
    invite.add_argument(
        "--hours", type=positive(float), default=24.0, metavar="H", help="how long it is good (24)"
    )
    invite.add_argument("--user", metavar="USER", help="good for this user of yours only")
    invite.add_argument("--note", metavar="TEXT", help="what it is for; shown in the list")
    instead = invite.add_mutually_exclusive_group()
    instead.add_argument("--list", action="store_true", help="list the invitations instead")
    instead.add_argument("--withdraw", metavar="ID", help="withdraw an invitation instead")
