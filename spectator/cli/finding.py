"""Which server a command speaks to, and with whose key."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Optional, Tuple

from spectator.cli.exits import CommandError, Exit
from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.local_server import LocalServer


def environment(arguments: argparse.Namespace) -> Environment:
    """Return the settings of the environment, ``--data`` and ``--url`` before them."""
    told = Environment.read()
    if arguments.data is not None:
        told = replace(told, data_dir=arguments.data)
    if getattr(arguments, "url", None) is not None:
        told = replace(told, url=arguments.url)
    return told


def api(arguments: argparse.Namespace, *, key: bool = True) -> Api:
    """Return the server to call; see ``place``."""
    return Api(*place(arguments, key=key))


def place(arguments: argparse.Namespace, *, key: bool = True) -> Tuple[Address, Optional[str]]:
    """Return the server's address and the key to show there.

    The key is ``SPECTATOR_API_KEY``; without it the data folder's, which is sent to this user's own server
    only. With ``key`` False a command does without one where there is none.

    Raises:
        CommandError: no server runs, or there is no key for the one that was named.
    """
    told = environment(arguments)
    if told.url is not None:
        if told.api_key is None and key:
            raise CommandError("unauthorized", "Set SPECTATOR_API_KEY to a key of that server.")
        return Address.parse(told.url), told.api_key
    found = LocalServer(told.data_dir).find()
    if found is None:
        raise CommandError("no_server", "No server is running. Start one: spectator serve", Exit.NO_SERVER)
    return found.address, told.api_key or found.key
