"""``spectator audit``: who did what to which room, for people."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List, Mapping
from urllib.parse import urlencode

from spectator.cli.exits import Exit
from spectator.cli.finding import api
from spectator.cli.operating import operator_api
from spectator.cli.output import Output, printable, table
from spectator.client.api import Api
from spectator.client.errors import Refused

PAGE = 200

NOBODY = {
    "anonymous": "somebody",
    "visitor": "somebody",
    "grant": "a spectator",
    "lobby": "who waits",
    "room_key": "the owner",
    "api_key": "an API key",
    "operator": "an operator",
    "several": "several",
    "server": "the server",
}
"""What somebody is called whose name is not known."""

SAID = {
    "key_address": "used a key from a new address",
    "missed": "more than could be noted",
}
"""What is said instead of a name that only programs understand."""


def show(arguments: argparse.Namespace, out: Output) -> int:
    """Tell what was done, the newest at the end."""
    server = _server(arguments)
    entries = _entries(server, arguments)
    codes = {} if out.as_json or not entries else _codes(server)
    rows = [_row(one, codes) for one in reversed(entries)]
    head = ["WHEN (UTC)", "WHO", "WHAT", "ROOM", "OUTCOME", "FROM"]
    out.result({"entries": entries}, table(head, rows) if rows else "Nothing was noted.")
    return Exit.DONE


def _server(arguments: argparse.Namespace) -> Api:
    """The server, with the tenant's key, or with the operator's where that is what is asked for."""
    if arguments.tenant is None and not arguments.operator:
        return api(arguments)
    return operator_api(arguments)


def _entries(server: Api, arguments: argparse.Namespace) -> List[Dict[str, Any]]:
    """The newest entries that are asked for, page by page."""
    asked = {
        "room": arguments.room,
        "what": arguments.what,
        "since": arguments.since,
        "tenant": arguments.tenant,
    }
    query = {name: str(value) for name, value in asked.items() if value is not None}
    found: List[Dict[str, Any]] = []
    while len(found) < arguments.limit:
        query["limit"] = str(min(PAGE, arguments.limit - len(found)))
        page = server.request("GET", "/audit?" + urlencode(query))
        found += page["entries"]
        if not page["next"]:
            break
        query["before"] = page["next"]
    return found


def _codes(server: Api) -> Dict[str, str]:
    """The codes of the rooms there are, by id: people know rooms by their codes."""
    try:
        return {str(room["id"]): str(room["code"]) for room in server.rooms()}
    except Refused:
        return {}  # an operator's key sees no rooms


def _row(one: Mapping[str, Any], codes: Mapping[str, str]) -> List[str]:
    at, room = str(one.get("at", "")), one.get("room")
    return [
        f"{at[:10]} {at[11:19]}",
        _who(one.get("actor") or {}),
        _what(one),
        "-" if room is None else codes.get(str(room), str(room)),
        str(one.get("outcome", "")),
        str(one.get("client") or "-"),
    ]


def _who(actor: Mapping[str, Any]) -> str:
    return str(actor.get("name") or NOBODY.get(str(actor.get("kind")), actor.get("kind")))


def _what(one: Mapping[str, Any]) -> str:
    count, subject = one.get("count", 1), one.get("subject")
    what = str(one.get("what", ""))
    told = SAID.get(what, what) + (f": {printable(subject)}" if subject else "")
    return f"{told}  ({count} times)" if count != 1 else told
