"""The command line: which commands there are and what each takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Callable

from spectator.cli import exits

HERE = "spectator.cli"
Subparsers = Any  # argparse gives its sub-parsers no public type


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="spectator",
        description="Rooms in which people watch training happen.",
        epilog=exits.TOLD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.set_defaults(json=False, debug=False, needs_server=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for add in (_serving, _room, _people, _watching):
        add(commands)
    return top


def _command(
    commands: Subparsers, name: str, run: str, told: str, **defaults: Any
) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = commands.add_parser(name, help=told, description=told)
    added.add_argument("--json", action="store_true", help="print JSON, for programs")
    added.add_argument(
        "--data", type=_folder, metavar="DIR", help="the data folder (else SPECTATOR_DATA_DIR)"
    )
    added.add_argument("--debug", action="store_true", help="show the stack of an unexpected error")
    added.set_defaults(run=f"{HERE}.{run}", **defaults)
    return added


def _remote(commands: Subparsers, name: str, run: str, told: str) -> argparse.ArgumentParser:
    added = _command(commands, name, run, told)
    added.add_argument("--url", help="the server (else SPECTATOR_URL, else this user's own on this machine)")
    return added


def _of_room(commands: Subparsers, name: str, run: str, told: str) -> argparse.ArgumentParser:
    added = _remote(commands, name, run, told)
    added.add_argument("room", metavar="CODE", help="the room's code or id")
    return added


def _serving(commands: Subparsers) -> None:
    serve = _command(commands, "serve", "serving:serve", "run the server", needs_server=True)
    serve.add_argument("--host", help="the address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=int, help="the port; 0 takes any (8000, else the next free one)")
    serve.add_argument(
        "--lan", action="store_true", default=None, help="listen on this machine's private addresses"
    )
    serve.add_argument("--redis", dest="redis_url", metavar="URL", help="use this server as the store")
    serve.add_argument("--public-url", metavar="URL", help="how people reach this server through a proxy")
    serve.add_argument(
        "--behind-proxy", action="store_true", default=None, help="a TLS proxy stands before it"
    )
    serve.add_argument("--theme", metavar="NAME", help="the look of the page")
    serve.add_argument(
        "--static", dest="static_dir", type=_folder, metavar="DIR", help="serve this page instead"
    )
    serve.add_argument("--autostarted", action="store_true", help=argparse.SUPPRESS)

    demo = _command(commands, "demo", "demo:demo", "train a small agent, to be watched", needs_server=True)
    demo.add_argument("--lan", action="store_true", help="let others on this network watch; prints a QR code")
    demo.add_argument("--port", type=int, help="the port of the server, if one has to be started")
    demo.add_argument("--episodes", type=_positive(int), metavar="N", help="end after so many (else: never)")
    demo.add_argument("--seed", type=int, default=7, help="another seed, other maps (7)")

    _command(commands, "status", "serving:status", "tell about this user's server on this machine")
    _command(commands, "stop", "serving:stop", "stop this user's server on this machine")


def _room(commands: Subparsers) -> None:
    room = commands.add_parser("room", help="create, list, show, close rooms")
    verbs = room.add_subparsers(dest="verb", metavar="VERB", required=True)
    create = _remote(verbs, "create", "rooms:create", "create a room")
    create.add_argument("name", help="what it is called")
    create.add_argument("--access", choices=["public", "password", "invite_only", "private"])
    secret = create.add_mutually_exclusive_group()
    secret.add_argument(
        "--password", action="store_true", help="ask for a password (or read a line of stdin)"
    )
    secret.add_argument("--generate-password", action="store_true", help="make a password and print it once")
    create.add_argument("--approve", action="store_true", help="everybody waits until let in")
    create.add_argument(
        "--seats", type=_positive(int), default=100, metavar="N", help="at most so many (100)"
    )
    create.add_argument("--hours", type=_positive(float), metavar="H", help="how long it stays (24)")
    create.add_argument("--code", help="a code of your own, 6 to 12 letters and digits")
    create.add_argument("--listed", action="store_true", help="show it on the first page")
    _remote(verbs, "list", "rooms:list_rooms", "list your rooms")
    _of_room(verbs, "show", "rooms:show", "show a room")
    _of_room(verbs, "close", "rooms:close", "close a room for everybody")
    opened = _of_room(commands, "open", "rooms:open_page", "open a room's page as its owner")
    opened.add_argument("--no-browser", action="store_true", help="print the link only")


def _people(commands: Subparsers) -> None:
    _of_room(commands, "requests", "people:requests", "list who asks to come in")
    approve = _of_room(commands, "approve", "people:approve", "let somebody in")
    chosen = approve.add_mutually_exclusive_group(required=True)
    chosen.add_argument(
        "request", nargs="?", metavar="REQUEST", help="the request's id, or the name of who asks"
    )
    chosen.add_argument("--all", action="store_true", help="let everybody in for whom there is a seat")
    deny = _of_room(commands, "deny", "people:deny", "turn somebody away")
    deny.add_argument("request", metavar="REQUEST", help="the request's id, or the name of who asks")


def _watching(commands: Subparsers) -> None:
    watch = _of_room(commands, "watch", "watching:watch", "print a room's events as they come")
    watch.add_argument("--name", default="terminal", help="how you are shown to others (terminal)")
    watch.add_argument(
        "--password", action="store_true", help="ask for the password (or read a line of stdin)"
    )
    publish = _of_room(commands, "publish", "publishing:publish", "publish lines of stdin into a room")
    publish.epilog = 'A line is JSON ({"reward": 1.5} or an event with a "type") or words: reward=1.5 step=3'


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        value = kind(text)
        if value <= 0:
            raise argparse.ArgumentTypeError("must be more than 0")
        return value

    parse.__name__ = "number"  # argparse says it: "invalid number value: 'x'"
    return parse


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()
