"""The command line: which commands there are and what each takes; one module for each kind of command."""

from __future__ import annotations

import argparse
from importlib import metadata
from typing import Any

from spectator.cli import exits
from spectator.cli.arguments import (
    audit,
    doctor,
    identities,
    owning,
    people,
    rooms,
    secrets,
    serving,
    tenants,
    watching,
)

__all__ = ["parser"]

KINDS = (serving, doctor, secrets, rooms, people, owning, watching, audit, identities, tenants)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(
        prog="spectator",
        description="Rooms in which people watch training happen.",
        epilog=exits.TOLD,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    top.set_defaults(json=False, debug=False, needs_server=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for kind in KINDS:
        kind.add(commands)
    return top


class _Version(argparse.Action):
    """Prints the version; it is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        try:
            version = metadata.version("spectator-rooms")
        except metadata.PackageNotFoundError:  # a bare source tree
            version = "0"
        print(f"spectator {version}")
        parser.exit()
