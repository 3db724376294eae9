"""Which server a command speaks to, and with whose key."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Optional, Tuple

from spectator.cli.exits import CommandError, Exit
from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.errors import NoServer
from spectator.client.opening import find_api
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
    """Return the server's address and the key to show there, as `spectator.client.opening.find_api` has it.

    ``--data`` without ``--url`` means the server of that folder, whatever one is logged in to. With ``key``
    False a command does without a key where there is none.

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
    if arguments.data is not None and told.url is None:
        told = replace(told, config_dir=None)
    try:
        found = find_api(told, None, None, start=False)
    except NoServer:
        raise CommandError(
            "no_server", "No server is running. Start one: spectator serve", Exit.NO_SERVER
        ) from None
    if key and not found.has_credential:
        raise CommandError(
            "unauthorized",
            f"There is no key for {found.address.url}: say `spectator login {found.address.url}`, or set "
            "SPECTATOR_API_KEY.",
        )
    return found.address, found.bearer
