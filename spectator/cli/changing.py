"""``spectator room set``: an owner changes a room while people watch."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, printable
from spectator.cli.passwords import ask_password
from spectator.cli.rooms import told_of
from spectator.client.api import Api

# What an option is called, and the field it stands for.
FIELDS = {
    "name": "name",
    "access": "access_level",
    "seats": "max_spectators",
    "hours": "session_duration_hours",
    "code": "custom_code",
    "approve": "require_approval",
    "listed": "listed",
    "presence": "presence",
    "webhook": "webhook",
}
SHOWN_AS = {"custom_code": "code", "session_duration_hours": "expires_at"}
LISTS = {"allowed_users": ("allow", "unallow"), "blocked_users": ("block", "unblock")}


def change(arguments: argparse.Namespace, out: Output) -> int:
    """Change what is given; the rest stays."""
    fields = {
        field: getattr(arguments, option)
        for option, field in FIELDS.items()
        if getattr(arguments, option) is not None
    }
    if arguments.no_webhook:
        fields["webhook"] = None
    if arguments.generate_password:
        fields["password_protected"] = True
    elif fields.get("access_level", "password") != "password" and not arguments.password:
        fields["password"] = None  # a level that asks for none takes it away
    server = api(arguments)
    fields.update(_lists(server, arguments))
    if arguments.password:
        fields["password"] = ask_password("New password for the room: ")
    if not fields:
        raise CommandError(
            "invalid_request", "Say what to change. See: spectator room set --help", Exit.USAGE
        )
    changed = server.change(arguments.room, fields)
    out.result(changed, "\n".join(_told(changed, fields)))
    return Exit.DONE


def _lists(server: Api, arguments: argparse.Namespace) -> Dict[str, List[str]]:
    """Return the lists of users as they are to be; those that were not spoken of are left out."""
    found: Dict[str, List[str]] = {}
    for field, (adding, taking) in LISTS.items():
        more, less = set(getattr(arguments, adding)), set(getattr(arguments, taking))
        if more & less:
            raise CommandError(
                "invalid_request", f"--{adding} and --{taking} of the same user contradict.", Exit.USAGE
            )
        if more or less:
            now = server.room(arguments.room).get(field, [])
            found[field] = sorted((set(now) | more) - less)
    return found


def _told(changed: Dict[str, Any], fields: Dict[str, Any]) -> List[str]:
    names = dict.fromkeys(SHOWN_AS.get(name, name) for name in fields if "password" not in name)
    lines = [f"Changed {printable(changed['name'])} ({changed['code']}):"]
    lines += [f"  {name}: {told_of(changed.get(name))}" for name in names]
    if changed.get("webhook_secret"):
        lines.append(f"  webhook_secret: {changed['webhook_secret']}  (signs each message; shown this once)")
    if changed.get("password"):
        lines.append(f"  password: {changed['password']}  (shown this once)")
    elif "password" in fields or "password_protected" in fields:
        lines.append(f"  password: {'asked for' if changed['has_password'] else 'none'}")
    return lines
