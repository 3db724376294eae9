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
from spectator.client.terms import read_key


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
        CommandError: no server runs, or there is no key for the one that was named, or what stands for a key
            can be none.
    """
    told = environment(arguments)
    try:
        read_key(told.api_key)
    except ValueError:
        raise CommandError(
            "unauthorized", "SPECTATOR_API_KEY holds no key; set it to one, or unset it."
        ) from None
    if told.url is not None:
        if told.api_key is None and key:
            raise CommandError("unauthorized", "Set SPECTATOR_API_KEY to a key of that server.")
        return Address.parse(told.url), told.api_key
    found = LocalServer(told.data_dir).find()
    if found is None:
        raise CommandError("no_server", "No server is running. Start one: spectator serve", Exit.NO_SERVER)
    return found.address, told.api_key or found.key
