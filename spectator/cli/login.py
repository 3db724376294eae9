"""``spectator login``: keeps the API key of a server, after the server has said that it is good."""

from __future__ import annotations

import argparse
from typing import Optional

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output
from spectator.cli.passwords import ask_secret
from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.errors import Refused
from spectator.client.logins import Logins
from spectator.client.terms import read_key


def login(arguments: argparse.Namespace, out: Output) -> int:
    """Ask for the key of a server, check it there, keep it; or list, or forget, what is kept."""
    folder = environment(arguments).config_dir
    assert folder is not None, "an environment that was read names the folder"
    logins = Logins(folder)
    address = Address.parse(arguments.server) if arguments.server is not None else None
    if arguments.remove:
        return _forget(logins, address, out)
    if arguments.list:
        found = logins.addresses()
        out.result({"servers": found}, "\n".join(found) if found else "Logged in nowhere.")
        return Exit.DONE
    if address is None:
        raise CommandError("invalid_request", "Say which server: spectator login URL", Exit.USAGE)
    key = _asked(address)
    tenant = _check(address, key)
    logins.keep(address, key)
    out.result(
        {"server": address.url, "tenant": tenant, "file": str(logins.path)},
        f"Logged in to {address.url} as tenant {tenant}; it is the server to use from now on.\n"
        f"The key is in {logins.path}. Forget it: spectator login --remove {address.url}",
    )
    return Exit.DONE


def _forget(logins: Logins, address: Optional[Address], out: Output) -> int:
    gone = logins.forget(address)
    if address is not None and not gone:
        raise CommandError("not_found", f"There is no login for {address.url}.")
    out.result({"forgotten": gone}, f"Forgotten: {', '.join(gone)}." if gone else "Logged in nowhere.")
    return Exit.DONE


def _asked(address: Address) -> str:
    told = ask_secret(f"API key for {address.url}: ", "No key was given.").strip()
    try:
        key = read_key(told)
    except ValueError:
        key = None
    if key is None or not key.startswith("sk_"):
        raise CommandError("unauthorized", "That is no API key: one looks like sk_<tenant>_<secret>.")
    return key


def _check(address: Address, key: str) -> str:
    """Return the key's tenant, once the server has said that the key is good.

    Everybody may read the lobby; a server refuses whoever shows it a key that is not good all the same.
    """
    if address.scheme == "http" and not address.loopback:
        # Said before it is sent: afterwards it is too late.
        raise CommandError(
            "insecure",
            f"The key would cross the network readable; give the https:// address of {address.host}.",
        )
    try:
        Api(address, key).lobby()
    except Refused as refused:
        if refused.code != "unauthorized":
            raise
        raise CommandError(
            "unauthorized", f"{address.url} does not know this key; ask its operator for one."
        ) from None
    return key[len("sk_") :].partition("_")[0]
