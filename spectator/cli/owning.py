"""An owner replaces what lets people in, prolongs a room, or gives it away."""

from __future__ import annotations

import argparse
from typing import Any, Dict

from spectator.cli.exits import Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable


def rotate(arguments: argparse.Namespace, out: Output) -> int:
    """Replace a room's code, password or key."""
    made = api(arguments).rotate(arguments.room, arguments.what)
    out.result(made, _rotated(made, arguments.what))
    return Exit.DONE


def transfer(arguments: argparse.Namespace, out: Output) -> int:
    """Give a room to another user of the tenant."""
    room = api(arguments).transfer(arguments.room, arguments.user)
    out.result(
        room,
        f"{printable(room['name'])} ({room['code']}) belongs to {printable(arguments.user)} now; the room's "
        "old key is worth nothing.\n"
        f"They come in as its owner by: spectator identity mint {printable(arguments.user)} "
        f"--room {room['code']}",
    )
    return Exit.DONE


def extend(arguments: argparse.Namespace, out: Output) -> int:
    """Let a room live longer."""
    room = api(arguments).extend(arguments.room, arguments.hours)
    out.result(room, f"{printable(room['name'])} ({room['code']}) stays until {moment(room['expires_at'])}.")
    return Exit.DONE


def _rotated(made: Dict[str, Any], what: str) -> str:
    code = made["code"]
    if what == "code":
        link = f"watch at {made['join_url']} (code {code})" if made.get("join_url") else f"code {code}"
        return f"{link}\nThe old code is worth nothing; whoever was in joins again with the new one."
    if what == "password":
        return f"password: {made['password']}  (shown this once)\nWhoever was in joins again with it."
    return (
        "The room has a new key; whoever held the old one is out, publishers too.\n"
        f"Your way back to the owner's page: spectator open {code}"
    )
