"""``spectator watch``: a room's events in the terminal."""

from __future__ import annotations

import argparse
import json
from typing import Any, Mapping

import spectator
from spectator.cli.exits import Exit
from spectator.cli.finding import place
from spectator.cli.output import Output, printable
from spectator.cli.passwords import ask_invitation, ask_password

FIGURES = 8  # numbers a line shows


def watch(arguments: argparse.Namespace, out: Output) -> int:
    """Print events until the room ends or the person does."""
    password = ask_password("Password: ") if arguments.password else None
    invitation = ask_invitation() if arguments.invitation else None
    # Without either, `spectator.watch` looks where a script would: the link, SPECTATOR_URL, this user's.
    url = arguments.url or (place(arguments)[0].url if arguments.data else None)
    for event in spectator.watch(
        arguments.room, password=password, invitation=invitation, name=arguments.name, url=url
    ):
        out.result(event, line(event))
    return Exit.DONE


def line(event: Mapping[str, Any]) -> str:
    """Return one event as one line for people."""
    when = printable(str(event.get("timestamp", ""))[11:19])
    return f"{when}  {printable(event.get('type', 'event')):<17} {printable(_told(event))}".rstrip()


def _told(event: Mapping[str, Any]) -> str:
    kind = event.get("type")
    if kind == "training_metrics":
        return _figures(event.get("data") or {})
    if kind == "snapshot":
        return _figures(((event.get("state") or {}).get("training_metrics") or {}).get("data") or {})
    if kind == "bot_decision":
        return f"{event.get('selected_action')}  {_figures(event.get('action_probabilities') or {})}"
    if kind == "training_event":
        return f"{event.get('event')}  {_figures(event.get('data') or {})}"
    if kind == "alert":
        alert = event.get("alert") or {}
        return f"{alert.get('level')}: {alert.get('message')}"
    rest = {name: value for name, value in event.items() if name not in {"type", "seq", "timestamp"}}
    return json.dumps(rest)[:160]


def _figures(data: Mapping[str, Any]) -> str:
    shown = [
        f"{name} {_number(value)}" for name, value in data.items() if isinstance(value, (int, float, str))
    ]
    return "  ".join(shown[:FIGURES]) + ("  ..." if len(shown) > FIGURES else "")


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
