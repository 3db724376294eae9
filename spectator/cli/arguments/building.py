"""What the commands' arguments are built from: the options all share, and how a value is read."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlsplit

HERE = "spectator.cli"
# Those of spectator.settings; a test compares.
STORE_SCHEMES = (
    "redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel",
)  # fmt: skip
HIGHEST_PORT = 65_535

Subparsers = Any  # argparse gives its sub-parsers no public type
Run = str  # "module:function" below spectator.cli


def command(commands: Subparsers, name: str, run: Run, told: str, **defaults: Any) -> argparse.ArgumentParser:
    """Add a command that speaks to nobody yet; ``told`` is what ``--help`` says of it."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=told, description=told)
    added.add_argument("--json", action="store_true", help="print JSON, for programs")
    added.add_argument("--data", type=folder, metavar="DIR", help="the data folder (else SPECTATOR_DATA_DIR)")
    added.add_argument("--debug", action="store_true", help="show the stack of an unexpected error")
    added.set_defaults(run=f"{HERE}.{run}", **defaults)
    return added


def remote(commands: Subparsers, name: str, run: Run, told: str, **defaults: Any) -> argparse.ArgumentParser:
    """Add a command that speaks to a server."""
    added = command(commands, name, run, told, **defaults)
    added.add_argument(
        "--url",
        help="the server (else SPECTATOR_URL, the one of `spectator login`, or this user's own here)",
    )
    return added


def of_room(commands: Subparsers, name: str, run: Run, told: str, **defaults: Any) -> argparse.ArgumentParser:
    """Add a command that speaks to a server about one room."""
    added = remote(commands, name, run, told, **defaults)
    added.add_argument("room", metavar="CODE", help="the room's code or id")
    return added


def group(commands: Subparsers, name: str, told: str) -> Subparsers:
    """Add a command of several verbs and return what they are added to."""
    added = commands.add_parser(name, help=told, description=told)
    return added.add_subparsers(dest="verb", metavar="VERB", required=True)


def positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a reader of numbers above zero."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError("must be more than 0")
        return value

    parse.__name__ = "number"  # argparse says it: "invalid number value: 'x'"
    return parse


def port(text: str) -> int:
    """Read a TCP port; 0 means any that is free."""
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= HIGHEST_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST_PORT}; 0 takes any free one")
    return int(text)


def store_url(text: str) -> str:
    """Read a store's URL, which may hold a password: it is never repeated."""
    parts = urlsplit(text)
    if parts.scheme not in STORE_SCHEMES or not (parts.path if parts.scheme == "unix" else parts.netloc):
        raise argparse.ArgumentTypeError(
            "a store's URL looks like redis://host:6379/0, rediss://host:6379/0, unix:///path/to.sock, "
            "redis+cluster://host:6379 or redis+sentinel://host:26379/NAME"
        )
    return text


def folder(text: str) -> Path:
    """Read a folder's path, ``~`` for home."""
    return Path(text).expanduser().absolute()
