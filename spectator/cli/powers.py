"""Who is in a room, and what an owner or a moderator may do about one of them."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable, table
from spectator.client.api import Api
from spectator.client.errors import Refused

DONE = {
    "kick": "{} is sent away, and may ask again in a minute.",
    "block": "{} is blocked.",
    "unblock": "{} may ask to come in again.",
    "promote": "{} is a moderator now.",
    "demote": "{} is a spectator again.",
}


def people(arguments: argparse.Namespace, out: Output) -> int:
    """List who is in, and who is blocked."""
    found = api(arguments).people(arguments.room)
    parts = [_inside(found["spectators"]) if found["spectators"] else "Nobody is in."]
    if found.get("blocked"):
        parts.append("Blocked:\n" + _blocked(found["blocked"]))
    out.result(found, "\n\n".join(parts))
    return Exit.DONE


def use(arguments: argparse.Namespace, out: Output) -> int:
    """Kick, block, unblock, promote or demote one person."""
    server = api(arguments)
    person = _chosen(server, arguments)
    try:
        done = server.use_power(arguments.room, person, arguments.power)
    except Refused as refused:
        if refused.code != "spectator_not_found":
            raise
        where = "is blocked" if arguments.power == "unblock" else "is in the room"
        raise CommandError(
            refused.code,
            f"Nobody called {printable(arguments.person)} {where}. See: spectator people {arguments.room}",
        ) from None
    out.result(done, DONE[arguments.power].format(printable(done.get("name") or arguments.person)))
    return Exit.DONE


def _chosen(server: Api, arguments: argparse.Namespace) -> str:
    """Return the id of the person that was named: by it, else by a name that only one of them bears.

    What is neither is taken for an id: the server knows of more people than the list shows.
    """
    found = server.people(arguments.room)
    those = found.get("blocked", []) if arguments.power == "unblock" else found["spectators"]
    if any(one["id"] == arguments.person for one in those):
        return str(arguments.person)
    by_name = [one for one in those if one["name"] == arguments.person]
    if len(by_name) > 1:
        raise CommandError(
            "invalid_request",
            f"{len(by_name)} people are called {printable(arguments.person)}: say the person's id. "
            f"See: spectator people {arguments.room}",
        )
    return str(by_name[0]["id"] if by_name else arguments.person)


def _inside(those: List[Dict[str, Any]]) -> str:
    rows = [
        [
            one["name"],
            one["role"],
            one.get("user_id") or "-",
            _watching(one),
            moment(one["joined_at"]),
            one["id"],
        ]
        for one in those
    ]
    return table(["NAME", "ROLE", "USER", "WATCHING", "SINCE", "ID"], rows)


def _watching(one: Dict[str, Any]) -> str:
    if not one.get("watching"):
        return "no"
    lag = one.get("lag_ms")
    return "yes" if lag is None else f"{lag} ms behind"


def _blocked(those: List[Dict[str, Any]]) -> str:
    rows = [
        [one.get("name") or "-", one.get("user_id") or "-", moment(one.get("blocked_at")), one["id"]]
        for one in those
    ]
    return table(["NAME", "USER", "SINCE", "ID"], rows)
