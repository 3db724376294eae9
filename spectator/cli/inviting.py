"""``spectator invite``: links that let people in; which there are, and taking one back."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List

from spectator.cli.exits import Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable, table

PASSWORD_TOO = "The room's password is asked for all the same.\n"


def invite(arguments: argparse.Namespace, out: Output) -> int:
    """Make an invitation, or list them, or withdraw one."""
    server = api(arguments)
    if arguments.list:
        found = server.invitations(arguments.room)
        out.result({"invitations": found}, _table(found) if found else "No invitations.")
    elif arguments.withdraw is not None:
        server.withdraw_invitation(arguments.room, arguments.withdraw)
        out.result(
            {"withdrawn": arguments.withdraw},
            f"Invitation {printable(arguments.withdraw)} is withdrawn. Whoever came in by it stays.",
        )
    else:
        fields: Dict[str, Any] = {"uses": arguments.uses, "hours": arguments.hours}
        given = {"user_id": arguments.user, "note": arguments.note}
        fields.update({name: value for name, value in given.items() if value is not None})
        made = server.invite(arguments.room, fields)
        guarded = bool(server.room(arguments.room).get("has_password"))
        out.result(made, _told(made, arguments.room, guarded=guarded))
    return Exit.DONE


def _told(made: Dict[str, Any], room: str, *, guarded: bool) -> str:
    whom = "1 person" if made["uses"] == 1 else f"{made['uses']} people"
    if made.get("user_id"):
        whom = f"the user {printable(made['user_id'])}"
    return (
        f"{made['url']}\n"
        f"lets in {whom}, until {moment(made['expires_at'])}; shown this once.\n"
        f"{PASSWORD_TOO if guarded else ''}"
        f"Take it back: spectator invite {printable(room)} --withdraw {made['id']}"
    )


def _table(found: List[Dict[str, Any]]) -> str:
    rows = [
        [
            one["id"],
            one["status"],
            f"{one['used']}/{one['uses']}",
            moment(one["expires_at"]),
            one.get("user_id") or "-",
            one.get("note") or "-",
        ]
        for one in found
    ]
    return table(["ID", "STATUS", "USED", "UNTIL", "FOR", "NOTE"], rows)
