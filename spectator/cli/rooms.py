"""Rooms from the terminal: create, list, show, close, and the owner's way into the page."""

from __future__ import annotations

import argparse
import webbrowser
from typing import Any, Dict, List

from spectator.cli.exits import Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable, table
from spectator.cli.passwords import ask_password


def create(arguments: argparse.Namespace, out: Output) -> int:
    """Create a room and tell how to watch it."""
    fields: Dict[str, Any] = {
        "name": arguments.name,
        "max_spectators": arguments.seats,
        "require_approval": arguments.approve,
        "listed": arguments.listed,
    }
    given = {
        "access_level": arguments.access,
        "custom_code": arguments.code,
        "session_duration_hours": arguments.hours,
        "presence": arguments.presence,
        "allowed_users": arguments.allow,
        "webhook": arguments.webhook,
    }
    fields.update({name: value for name, value in given.items() if value is not None})
    if arguments.password:
        fields["password"] = ask_password("Password for the room: ")
    if arguments.generate_password:
        fields["password_protected"] = True
    made = api(arguments).create_room(fields)
    code = made["room"]["code"]
    lines = [f"watch at {made['join_url']} (code {code})"]
    if made.get("password"):
        lines.append(f"password: {made['password']}")
    if made.get("webhook_secret"):
        lines.append(f"webhook_secret: {made['webhook_secret']}  (signs each message; shown this once)")
    lines.append(f"owner: spectator open {code}")
    out.result(made, "\n".join(lines))
    return Exit.DONE


def list_rooms(arguments: argparse.Namespace, out: Output) -> int:
    """List the rooms of the key's tenant."""
    rooms = api(arguments).rooms()
    out.result(
        {"rooms": rooms},
        _rooms_table(rooms) if rooms else "No rooms yet. Make one: spectator room create NAME",
    )
    return Exit.DONE


def show(arguments: argparse.Namespace, out: Output) -> int:
    """Show what may be seen of one room."""
    room = api(arguments, key=False).room(arguments.room)
    shown = {name: value for name, value in room.items() if value not in (None, "", {}, [])}
    width = max(len(name) for name in shown)
    out.result(room, "\n".join(f"{name.ljust(width)}  {told_of(value)}" for name, value in shown.items()))
    return Exit.DONE


def close(arguments: argparse.Namespace, out: Output) -> int:
    """End a room for everybody."""
    api(arguments).close(arguments.room, keep=not arguments.remove)
    kept = "what was recorded is removed" if arguments.remove else "what was recorded stays for a week"
    out.result(
        {"closed": arguments.room, "removed": arguments.remove},
        f"Room {printable(arguments.room)} is closed; {kept}.",
    )
    return Exit.DONE


def open_page(arguments: argparse.Namespace, out: Output) -> int:
    """Open the page as the room's owner: the link works once, for ten minutes."""
    url = api(arguments).claim(arguments.room)
    opened = not arguments.no_browser and not out.as_json and webbrowser.open(url)
    out.result(
        {"owner_url": url}, "Opened in the browser." if opened else f"{url}\n(good once, for ten minutes)"
    )
    return Exit.DONE


def _rooms_table(rooms: List[Dict[str, Any]]) -> str:
    rows = []
    for room in rooms:
        seats = f"{room.get('current_spectators', 0)}/{room.get('max_spectators', '')}"
        rows.append(
            [
                room["code"],
                room.get("name") or "",
                room["access_level"],
                _state(room),
                seats,
            ]
        )
    return table(["CODE", "NAME", "ACCESS", "STATE", "WATCHING"], rows)


def _state(room: Dict[str, Any]) -> str:
    run = room.get("run")
    # How a run stood when its room ended is no longer how it stands.
    return str(run["status"] if run and room["status"] != "ended" else room["status"])


def told_of(value: Any) -> str:
    """Return one value of a room as people read it."""
    if value in (None, [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(
            f"{printable(name)}: {printable(told)}" for name, told in value.items() if told is not None
        )
    if isinstance(value, list):
        return ", ".join(printable(one) for one in value)
    return moment(value) if isinstance(value, str) else printable(value)
