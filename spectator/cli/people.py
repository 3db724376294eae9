"""Who asks to come in, and the owner's answers."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, moment, printable, table
from spectator.client.api import Api


def requests(arguments: argparse.Namespace, out: Output) -> int:
    """List the requests of a room."""
    found = api(arguments).requests(arguments.room)
    rows = [
        [one["name"], one.get("user_id") or "-", one["status"], moment(one["requested_at"]), one["id"]]
        for one in found
    ]
    shown = table(["NAME", "USER", "STATUS", "SINCE", "REQUEST"], rows) if rows else "Nobody asks."
    out.result({"requests": found}, shown)
    return Exit.DONE


def approve(arguments: argparse.Namespace, out: Output) -> int:
    """Let one in, or all for whom there is a seat."""
    server = api(arguments)
    if arguments.all:
        settled = server.approve_all(arguments.room)
        out.result({"requests": settled}, _let_in(settled))
        return Exit.DONE
    request = _chosen(server, arguments)
    answered = server.approve(arguments.room, request["id"])
    out.result(answered, f"{printable(request['name'])} is let in.")
    return Exit.DONE


def deny(arguments: argparse.Namespace, out: Output) -> int:
    """Turn one away."""
    server = api(arguments)
    request = _chosen(server, arguments)
    answered = server.deny(arguments.room, request["id"])
    out.result(answered, f"{printable(request['name'])} is turned away.")
    return Exit.DONE


def _chosen(server: Api, arguments: argparse.Namespace) -> Dict[str, Any]:
    """Return the request that was named: by its id, else by a name that only one of them bears."""
    found = server.requests(arguments.room)
    by_id = [one for one in found if one["id"] == arguments.request]
    by_name = [
        one for one in found if one["name"] == arguments.request and one["status"] == "pending_approval"
    ]
    if by_id:
        return by_id[0]
    if len(by_name) > 1:
        raise CommandError(
            "invalid_request",
            f"{len(by_name)} people called {printable(arguments.request)} ask: say the request's id.",
        )
    if not by_name:
        raise CommandError(
            "request_not_found",
            f"Nobody called {printable(arguments.request)} asks. See: spectator requests CODE",
        )
    return by_name[0]


def _let_in(settled: List[Dict[str, Any]]) -> str:
    names = [printable(one["name"]) for one in settled if one.get("status") == "approved"]
    waiting = sum(one.get("status") == "pending_approval" for one in settled)
    told = f"Let in: {', '.join(names)}." if names else "Nobody was let in."
    return f"{told} There is no seat for {waiting} more." if waiting else told
